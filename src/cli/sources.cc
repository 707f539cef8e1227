// martgate sources: the inventory, and the one page that says what is wrong with it.
#include <fmt/format.h>

#include "base/json_writer.h"
#include "build/plan.h"
#include "cli/commands.h"
#include "cli/opened.h"
#include "cli/sources_page.h"
#include "ingest/raw_store.h"

namespace martgate::cli {
namespace {

std::string sources_json(const catalog::Project& project) {
  std::string text;
  JsonWriter json(text);
  json.begin_array();
  for (const catalog::Source& source : project.sources) {
    json.begin_object().field("source", source.common.name).field("system", source.system);
    json.field("pattern", name_of(source.pattern)).field("schedule", source.schedule);
    json.field("owner", source.common.owner.team).field("contact", source.common.owner.contact);
    json.key("tables").begin_array();
    for (const catalog::SourceTable& table : source.tables) json.string(table.raw_name);
    json.end_array().end_object();
  }
  json.end_array();
  return text;
}

// Lineage comes from the models as they are now, not from a snapshot that may be older.
Result<tools::SourceAudit> audit(const App& app, const catalog::Project& project) {
  const auto plan = build::plan_models(project);
  if (!plan) return tl::unexpected(plan.error());
  if (!plan->diagnostics.empty()) return tl::unexpected(catalog::to_error(plan->diagnostics));
  const auto history =
      ingest::load_history(ingest::raw_store_path(project.settings.state_folder), project);
  if (!history) return tl::unexpected(history.error());
  return tools::audit_sources({project, plan->lineage, *history, app.clock.now()});
}

}  // namespace

Exit run_sources(App& app, const SourcesArgs& args) {
  const auto project = open_project(app);
  if (!project) return Exit::Project;
  if (args.word.empty()) {
    app.terminal.print(app.json ? sources_json(*project) + "\n"
                                : sources_page(app.terminal, *project));
    return Exit::Ok;
  }
  const auto found = audit(app, *project);
  if (!found) {
    app.terminal.error(found.error());
    return found.error().reason == "project_invalid" ? Exit::Project : exit_of(found.error());
  }
  app.terminal.print(app.json ? tools::audit_json(*found) + "\n"
                              : audit_page(app.terminal, *project, *found));
  return args.strict && !found->findings.empty() ? Exit::No : Exit::Ok;
}

}  // namespace martgate::cli
