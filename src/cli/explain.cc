// martgate explain: how a metric is computed, down to the SQL.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/opened.h"
#include "engine/sqlite/sqlite_mart.h"
#include "json/parse.h"
#include "metrics/compile.h"
#include "tools/arguments.h"

namespace martgate::cli {

Exit run_explain(App& app, const ExplainArgs& args) {
  const auto project = open_project(app);
  if (!project) return Exit::Project;
  nlohmann::json arguments{{"metrics", args.metrics}, {"group_by", args.group_by}};
  if (!args.query.empty()) {
    auto parsed = parse_ijson(args.query);
    if (!parsed || !parsed->is_object() || !parsed->contains("metrics")) {
      app.terminal.error(
          {Code::InvalidArgument,
           "--query is not the arguments of a metric query",
           {R"(accepted: {"metrics": ["net_revenue"], "group_by": ["metric_time__month"]})"}});
      return Exit::Usage;
    }
    arguments = std::move(*parsed);
  }
  Result<metrics::MetricQuery> query =
      fail(Code::InvalidArgument, "the arguments do not fit a metric query");
  try {
    query = tools::metric_query_from(arguments, project->settings.limits.rows_max);
  } catch (const nlohmann::json::exception& problem) {
    query = fail(Code::InvalidArgument,
                 fmt::format("the arguments do not fit a metric query: {}", problem.what()));
  }
  if (!query) {
    app.terminal.error(query.error());
    return Exit::No;
  }
  const auto compiled = metrics::compile(*project, *query);
  if (!compiled) {
    app.terminal.error(compiled.error());
    return Exit::No;
  }
  app.terminal.print(metrics::explain(*project, *compiled));
  // With a snapshot at hand the engine says how it would go about it.
  const auto id = engine::current_snapshot(project->settings.state_folder);
  if (!id) return Exit::Ok;
  const auto mart = engine::SqliteMart::open(
      engine::snapshot_path(project->settings.state_folder, *id), app.clock);
  if (!mart) return Exit::Ok;
  const auto steps = (*mart)->explain(compiled->query.sql);
  if (steps) app.terminal.print(fmt::format("\nEngine (snapshot {})\n{}", *id, *steps));
  return Exit::Ok;
}

}  // namespace martgate::cli
