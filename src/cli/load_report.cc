#include "cli/load_report.h"

#include <fmt/format.h>

#include "base/text.h"

namespace martgate::cli {
namespace {

using ingest::TableReport;

constexpr std::size_t kDriftShownMax = 12;

struct Totals {
  std::size_t refused = 0;
  std::size_t held = 0;
  std::size_t drift = 0;
  std::int64_t rows = 0;
  std::int64_t repeated = 0;
  std::int64_t quarantined = 0;
};

Totals totals_of(const ingest::IngestReport& report) {
  Totals totals;
  for (const TableReport& table : report.tables) {
    totals.refused += table.refused.size();
    totals.held += table.held.size();
    totals.drift += table.drift.size();
    totals.rows += table.rows;
    totals.repeated += table.repeated;
    totals.quarantined += table.quarantined;
  }
  return totals;
}

bool is_worth_a_line(const TableReport& table) {
  return table.quarantined > 0 || table.repeated > 0 || table.replaced > 0 ||
         !table.refused.empty() || !table.held.empty() || !table.drift.empty();
}

std::string count(std::int64_t number) {
  return number == 0 ? "·" : std::to_string(number);
}
std::string count(std::size_t number) {
  return count(static_cast<std::int64_t>(number));
}

}  // namespace

std::function<void(const ingest::IngestProgress&)> loading_progress(App& app) {
  return [&app](const ingest::IngestProgress& progress) {
    app.terminal.progress(fmt::format("loading {}", progress.path),
                          static_cast<std::int64_t>(progress.files_done),
                          static_cast<std::int64_t>(progress.files_total));
  };
}

void print_file_notes(App& app, const ingest::IngestReport& report) {
  for (const TableReport& table : report.tables) {
    for (const ingest::RefusedFile& refused : table.refused) {
      app.terminal.error(
          with_context(refused.error, fmt::format("{} was not loaded", refused.path)));
    }
    for (const ingest::HeldFile& held : table.held) {
      app.terminal.note(fmt::format("{} is held: {}; martgate ingest --release {} lets it in",
                                    held.path, held.reason, held.path));
    }
    std::size_t shown_count = 0;
    for (const ingest::DriftedFile& drifted : table.drift) {
      if (drifted.event.action == catalog::DriftAction::Refuse) continue;  // said as a refusal
      if (++shown_count > kDriftShownMax) continue;
      const ingest::DriftEvent& event = drifted.event;
      app.terminal.note(fmt::format(
          "{}{}: {}{}: {}{}", drifted.path, event.line > 0 ? fmt::format(":{}", event.line) : "",
          name_of(event.kind), event.column.empty() ? "" : " " + shown(event.column, 80),
          event.detail, event.guess.empty() ? "" : "; " + event.guess));
    }
    if (shown_count > kDriftShownMax) {
      app.terminal.note(fmt::format("{}: {} more of the same kind in state/raw.db, _martgate_drift",
                                    table.raw_name, shown_count - kDriftShownMax));
    }
    for (const std::string& path : table.vanished) {
      app.terminal.note(fmt::format("{} is gone; its rows stay in {}", path, table.raw_name));
    }
    if (table.files_seen == 0 && table.vanished.empty()) {
      app.terminal.note(fmt::format("{}: no file matches", table.raw_name));
    }
  }
}

void print_load_report(App& app, const ingest::IngestReport& report, LoadDetail detail) {
  const Totals totals = totals_of(report);
  std::string line =
      fmt::format("loaded   {} new files, {} rows", report.files_loaded(), totals.rows);
  if (totals.repeated > 0) line += fmt::format(", {} seen before", totals.repeated);
  if (totals.quarantined > 0) line += fmt::format(", {} quarantined", totals.quarantined);
  if (totals.held > 0) line += fmt::format(", {} files held", totals.held);
  if (totals.refused > 0) line += fmt::format(", {} files refused", totals.refused);
  app.terminal.print(line + "\n");
  Table table({{"raw table"},
               {"files", Align::Right},
               {"loaded", Align::Right},
               {"replaced", Align::Right},
               {"rows", Align::Right},
               {"seen before", Align::Right},
               {"quarantined", Align::Right},
               {"held", Align::Right},
               {"refused", Align::Right},
               {"drift", Align::Right}});
  bool has_rows = false;
  for (const TableReport& one : report.tables) {
    if (detail == LoadDetail::WhatHappened && !is_worth_a_line(one)) continue;
    has_rows = true;
    table.add_row({one.raw_name, count(one.files_seen), count(one.loaded), count(one.replaced),
                   count(one.rows), count(one.repeated), count(one.quarantined),
                   count(one.held.size()), count(one.refused.size()), count(one.drift.size())});
  }
  if (has_rows) app.terminal.print_table(table, "  ");
}

void write_load_report(JsonWriter& json, const ingest::IngestReport& report) {
  const Totals totals = totals_of(report);
  json.field("files_loaded", report.files_loaded())
      .field("rows", totals.rows)
      .field("repeated", totals.repeated)
      .field("quarantined", totals.quarantined)
      .field("released", report.released)
      .key("tables")
      .begin_array();
  for (const TableReport& table : report.tables) {
    json.begin_object()
        .field("source", table.source)
        .field("raw_table", table.raw_name)
        .field("files", table.files_seen)
        .field("loaded", table.loaded)
        .field("replaced", table.replaced)
        .field("known", table.skipped)
        .field("rows", table.rows)
        .field("repeated", table.repeated)
        .field("quarantined", table.quarantined);
    json.key("held").begin_array();
    for (const ingest::HeldFile& held : table.held) {
      json.begin_object().field("path", held.path).field("reason", held.reason).end_object();
    }
    json.end_array().key("refused").begin_array();
    for (const ingest::RefusedFile& refused : table.refused) {
      json.begin_object()
          .field("path", refused.path)
          .field("reason", refused.error.reason)
          .field("message", to_text(refused.error))
          .end_object();
    }
    json.end_array().key("drift").begin_array();
    for (const ingest::DriftedFile& drifted : table.drift) {
      const ingest::DriftEvent& event = drifted.event;
      json.begin_object()
          .field("path", drifted.path)
          .field("line", event.line)
          .field("kind", name_of(event.kind))
          .field("column", event.column)
          .field("detail", event.detail)
          .field("guess", event.guess)
          .field("action", ingest::name_of(event.action))
          .end_object();
    }
    json.end_array().key("vanished").begin_array();
    for (const std::string& path : table.vanished) json.string(path);
    json.end_array().end_object();
  }
  json.end_array();
}

}  // namespace martgate::cli
