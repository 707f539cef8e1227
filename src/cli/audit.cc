// martgate audit: the journal, read from beside a running server.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/opened.h"
#include "envelope/anchors.h"
#include "envelope/journal_reader.h"
#include "envelope/verify.h"

namespace martgate::cli {
namespace {

using envelope::StoredRecord;

void print_records(App& app, const std::vector<StoredRecord>& records) {
  if (app.json) {
    for (const StoredRecord& stored : records) app.terminal.print(payload_of(stored) + "\n");
    return;
  }
  Table table({{"seq", Align::Right},
               {"at"},
               {"tool"},
               {"principal"},
               {"state"},
               {"ms", Align::Right},
               {"request"},
               {"reason"}});
  for (const StoredRecord& stored : records) {
    const envelope::Record& record = stored.record;
    table.add_row({std::to_string(stored.seq),
                   to_rfc3339(WallTime{std::chrono::milliseconds(stored.t_wall_ms)}),
                   record.fields.tool, record.fields.principal,
                   std::string(name_of(record.after.state)),
                   fmt::format("{:.1f}", static_cast<double>(record.fields.cost.wall_us) / 1e3),
                   record.env_id, record.fields.reason});
  }
  app.terminal.print_table(table);
}

Exit verify_chain(App& app, const std::filesystem::path& state_folder) {
  const auto key = envelope::read_anchor_key(state_folder / "anchor.key");
  if (!key) {
    app.terminal.error(key.error());
    return Exit::Environment;
  }
  const auto report =
      envelope::verify(state_folder / "journal.db", state_folder / "anchors.log", *key);
  if (!report) {
    app.terminal.error(report.error());
    return Exit::Environment;
  }
  app.terminal.print(fmt::format("{} records, head {}, {} anchors up to record {}\n",
                                 report->records, report->head.substr(0, 16),
                                 report->anchors_checked, report->anchored_seq));
  if (report->ok()) {
    app.terminal.print(app.terminal.styled("the chain is whole\n", Style::Good));
    return Exit::Ok;
  }
  if (report->first_bad) {
    app.terminal.error(
        {Code::Internal,
         fmt::format("record {} is bad: {}", report->first_bad->seq, report->first_bad->why),
         {}});
  }
  if (report->anchors_bad)
    app.terminal.error({Code::Internal, "the anchors are bad: " + *report->anchors_bad, {}});
  if (report->open_list_bad)
    app.terminal.error(
        {Code::Internal, "the list of open calls is bad: " + *report->open_list_bad, {}});
  return Exit::No;
}

}  // namespace

Exit run_audit(App& app, const AuditArgs& args) {
  const auto project = open_project(app);
  if (!project) return Exit::Project;
  const auto& state_folder = project->settings.state_folder;
  if (args.word == "verify") return verify_chain(app, state_folder);
  auto reader = envelope::JournalReader::open(state_folder / "journal.db");
  if (!reader) {
    app.terminal.error(reader.error());
    return Exit::Environment;
  }
  const auto records = args.word == "show" ? reader->find(args.id) : reader->tail(args.count);
  if (!records) {
    app.terminal.error(records.error());
    return Exit::Environment;
  }
  if (records->empty()) {
    app.terminal.note(args.word == "show" ? fmt::format("no call has the id {}", args.id)
                                          : "the journal is empty");
    return args.word == "show" ? Exit::No : Exit::Ok;
  }
  print_records(app, *records);
  return Exit::Ok;
}

}  // namespace martgate::cli
