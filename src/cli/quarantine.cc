// martgate quarantine: rows that were kept out of raw, and their second chance.
#include "ingest/quarantine.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/opened.h"
#include "ingest/bad_row.h"
#include "ingest/raw_store.h"

namespace martgate::cli {
namespace {

constexpr std::size_t kReasonShownBytes = 100;

void write_row(JsonWriter& json, const ingest::QuarantinedRow& row) {
  json.begin_object()
      .field("id", row.id)
      .field("source", row.source)
      .field("raw_table", row.raw_name)
      .field("path", row.path)
      .field("line", row.line)
      .field("row", row.row)
      .field("column", row.column)
      .field("slug", row.slug)
      .field("reason", row.reason)
      .field("raw", row.raw)
      .field("raw_hex",
             to_hex({reinterpret_cast<const std::uint8_t*>(row.raw.data()), row.raw.size()}))
      .field("is_cut", row.is_cut)
      .field("replayed_by", row.replayed_by)
      .field("at", to_rfc3339(row.at))
      .end_object();
}

Exit list(App& app, const std::filesystem::path& store, const ingest::QuarantineFilter& filter) {
  const auto counts = ingest::quarantine_counts(store, filter);
  if (!counts) {
    app.terminal.error(counts.error());
    return Exit::Environment;
  }
  const auto rows = ingest::quarantined_rows(store, filter);
  if (!rows) {
    app.terminal.error(rows.error());
    return Exit::Environment;
  }
  if (app.json) {
    std::string text;
    JsonWriter json(text);
    json.begin_object().key("counts").begin_array();
    for (const ingest::QuarantineCount& one : *counts) {
      json.begin_object()
          .field("source", one.source)
          .field("raw_table", one.raw_name)
          .field("slug", one.slug)
          .field("column", one.column)
          .field("rows", one.rows)
          .end_object();
    }
    json.end_array().key("rows").begin_array();
    for (const ingest::QuarantinedRow& row : *rows) write_row(json, row);
    json.end_array().end_object();
    app.terminal.print(text + "\n");
    return Exit::Ok;
  }
  if (counts->empty()) {
    app.terminal.print("the quarantine is empty\n");
    return Exit::Ok;
  }
  Table summary({{"raw table"}, {"reason"}, {"column"}, {"rows", Align::Right}});
  std::int64_t total = 0;
  for (const ingest::QuarantineCount& one : *counts) {
    total += one.rows;
    summary.add_row({one.raw_name, one.slug, shown(one.column, 40), std::to_string(one.rows)});
  }
  app.terminal.print_table(summary);
  app.terminal.print("\n");
  Table table({{"id", Align::Right}, {"where"}, {"what is wrong"}});
  for (const ingest::QuarantinedRow& row : *rows) {
    table.add_row({std::to_string(row.id), fmt::format("{}:{}", shown(row.path, 60), row.line),
                   shown(row.reason, kReasonShownBytes)});
  }
  app.terminal.print_table(table);
  const auto listed = static_cast<std::int64_t>(rows->size());
  if (listed < total) {
    app.terminal.note(fmt::format("{} of {} rows; --count shows more", listed, total));
  }
  app.terminal.print("\n" + app.terminal.styled("martgate quarantine show ID", Style::Accent) +
                     "  the row as it came\n" +
                     app.terminal.styled("martgate quarantine replay ", Style::Accent) +
                     "  another try, after the contract was mended\n");
  return Exit::Ok;
}

Exit show(App& app, const std::filesystem::path& store, std::int64_t id) {
  const auto row = ingest::quarantined_row(store, id);
  if (!row) {
    app.terminal.error(row.error());
    return row.error().code == Code::NotFound ? Exit::No : Exit::Environment;
  }
  if (app.json) {
    std::string text;
    JsonWriter json(text);
    write_row(json, *row);
    app.terminal.print(text + "\n");
    return Exit::Ok;
  }
  Table table({{"row"}, {std::to_string(row->id)}});
  table.add_row({"file", fmt::format("{}:{}", shown(row->path), row->line)});
  table.add_row(
      {"raw table", fmt::format("{}, row {} of load {}", row->raw_name, row->row, row->load_id)});
  if (!row->column.empty()) table.add_row({"column", shown(row->column, 80)});
  table.add_row({"reason", fmt::format("{}: {}", row->slug, shown(row->reason))});
  table.add_row({"loaded at", to_rfc3339(row->at)});
  if (row->replayed_by != 0) {
    table.add_row({"replayed", fmt::format("by load {}", row->replayed_by)});
  }
  if (row->is_cut) table.add_row({"bytes", "cut; the whole row is in its file alone"});
  app.terminal.print_table(table);
  app.terminal.print(fmt::format("\n{}\n", shown(row->raw, ingest::kBadRowBytesMax)));
  return Exit::Ok;
}

Exit replay(App& app, const catalog::Project& project, const std::string& only) {
  const auto report =
      ingest::replay_quarantine(project, project.settings.state_folder, app.clock, only);
  if (!report) {
    app.terminal.error(report.error());
    return exit_of(report.error());
  }
  if (app.json) {
    std::string text;
    JsonWriter json(text);
    json.begin_object().key("tables").begin_array();
    for (const ingest::ReplayReport::Table& one : report->tables) {
      json.begin_object()
          .field("raw_table", one.raw_name)
          .field("tried", one.tried)
          .field("loaded", one.loaded)
          .field("repeated", one.repeated)
          .field("kept", one.kept)
          .field("cut", one.cut)
          .end_object();
    }
    json.end_array().end_object();
    app.terminal.print(text + "\n");
    return Exit::Ok;
  }
  if (report->tables.empty()) {
    app.terminal.print("nothing waits in the quarantine\n");
    return Exit::Ok;
  }
  Table table({{"raw table"},
               {"tried", Align::Right},
               {"loaded", Align::Right},
               {"seen before", Align::Right},
               {"still kept", Align::Right}});
  for (const ingest::ReplayReport::Table& one : report->tables) {
    table.add_row({one.raw_name, std::to_string(one.tried), std::to_string(one.loaded),
                   std::to_string(one.repeated), std::to_string(one.kept)});
  }
  app.terminal.print_table(table);
  return Exit::Ok;
}

}  // namespace

Exit run_quarantine(App& app, const QuarantineArgs& args) {
  const auto project = open_project(app);
  if (!project) return Exit::Project;
  const auto store = ingest::raw_store_path(project->settings.state_folder);
  if (args.word == "replay") return replay(app, *project, args.only);
  if (args.word != "show") {
    return list(app, store, {args.only, args.reason, args.count, args.all});
  }
  if (args.id == 0) {
    app.terminal.error({Code::InvalidArgument,
                        "show needs the number of a row",
                        {"martgate quarantine list shows the numbers"}});
    return Exit::Usage;
  }
  return show(app, store, args.id);
}

}  // namespace martgate::cli
