// martgate ingest: sources -> raw, without building anything.
#include "ingest/ingest.h"

#include <fmt/format.h>

#include "base/calendar.h"
#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/load_report.h"
#include "cli/opened.h"

namespace martgate::cli {
namespace {

// "2026-10-01", or a time with its offset.
Result<WallTime> read_since(const std::string& text) {
  if (const auto day = parse_date(text)) return WallTime{*day};
  auto at = parse_rfc3339(text);
  if (at) return at;
  return fail(Code::InvalidArgument, fmt::format("--since {} is no time", text),
              {"accepted: 2026-10-01 or 2026-10-01T04:00:00Z"});
}

}  // namespace

Exit run_ingest(App& app, const IngestArgs& args) {
  const auto project = open_project(app);
  if (!project) return Exit::Project;
  ingest::IngestOptions options;
  options.full = args.full;
  options.release = args.release;
  options.only = args.only;
  if (!args.since.empty()) {
    const auto since = read_since(args.since);
    if (!since) {
      app.terminal.error(since.error());
      return Exit::Usage;
    }
    options.since = *since;
  }
  options.progress = loading_progress(app);
  const auto report = ingest::ingest(*project, project->settings.state_folder, app.clock, options);
  app.terminal.end_progress();
  if (!report) {
    app.terminal.error(report.error());
    return report.error().code == Code::NotFound ? Exit::Usage : exit_of(report.error());
  }
  print_file_notes(app, *report);
  if (app.json) {
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    write_load_report(json, *report);
    json.end_object();
    app.terminal.print(text + "\n");
  } else {
    print_load_report(app, *report, LoadDetail::EveryTable);
  }
  return report->has_refusals() || report->has_held() ? Exit::No : Exit::Ok;
}

}  // namespace martgate::cli
