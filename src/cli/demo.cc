// martgate demo: from nothing to three cited answers over MCP, then a server to play with.
#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "cli/answer_view.h"
#include "cli/commands.h"
#include "cli/mcp_client.h"
#include "cli/opened.h"
#include "cli/serving.h"
#include "demo/demo_data.h"

namespace martgate::cli {
namespace {

struct DemoQuestion {
  std::string_view question;
  std::string_view tool;
  std::string_view arguments;
};

constexpr std::array kQuestions{
    DemoQuestion{"What did the missing tent cost us this spring?", "query_metrics",
                 R"({"metrics": ["product_revenue", "units_sold"],
                     "group_by": ["metric_time__quarter"],
                     "where": [{"field": "product.category", "op": "eq", "value": "Tents"}]})"},
    DemoQuestion{"Is Swiftline really the cheaper carrier?", "query_metrics",
                 R"({"metrics": ["on_time_delivery_rate", "cost_per_parcel", "finished_shipments"],
                     "group_by": ["carrier"], "time": {"from": "2026-01-01", "to": "2027-01-01"}})"},
    DemoQuestion{"Which campaigns bring back less than they cost?", "query_metrics",
                 R"({"metrics": ["return_on_ad_spend", "ad_spend", "attributed_revenue"],
                     "group_by": ["campaign_name"],
                     "order_by": [{"field": "return_on_ad_spend"}], "limit": 6})"},
};

Exit make_data(App& app, const catalog::Project& project) {
  if (std::filesystem::exists(project.settings.data_folder)) return Exit::Ok;
  const auto summary = write_demo_data(project.settings.data_folder);
  if (!summary) {
    app.terminal.error(summary.error());
    return Exit::Environment;
  }
  app.terminal.print(fmt::format("made     {} files, {} rows of {}\n", summary->files.size(),
                                 summary->rows, project.settings.title));
  return Exit::Ok;
}

Exit ask(App& app, const std::string& address) {
  const auto server = parse_host_port(address);
  Exit exit = Exit::Ok;
  for (const DemoQuestion& question : kQuestions) {
    const auto arguments = nlohmann::json::parse(question.arguments);
    const auto result = call_over_http({.at = *server}, std::string(question.tool), arguments);
    if (!result) {
      app.terminal.error(result.error());
      return Exit::Environment;
    }
    app.terminal.print(
        answer_view(app.terminal, question.question, question.tool, arguments, *result));
    if (result->value("isError", false)) exit = Exit::No;
  }
  return exit;
}

}  // namespace

Exit run_demo(App& app, const DemoArgs& args) {
  hold_signals();
  auto project = open_project(app);
  if (!project) return Exit::Project;
  if (const Exit made = make_data(app, *project); made != Exit::Ok) return made;
  if (const Exit built = build_project(app, *project, {}); built != Exit::Ok) return built;
  app.terminal.print("\n");
  const std::string name = project->settings.name;
  ServeArgs serve;
  serve.http = args.once && args.http.empty() ? "127.0.0.1:0" : args.http;
  auto serving = start_http(app, std::move(*project), serve);
  if (!serving) {
    app.terminal.error(serving.error());
    return Exit::Environment;
  }
  const Exit asked = ask(app, serving->address);
  if (asked == Exit::Ok && !args.once) {
    app.terminal.print(fmt::format(
        "{} answers at {}  (Ctrl-C ends)\nconnect an agent: martgate config claude-code --url {}\n",
        name, app.terminal.styled(serving->url, Style::Accent), serving->url));
    serve_until_signal(app, *serving);
  }
  serving->listener->stop();
  static_cast<void>(serving->open.journal->close());
  return asked;
}

}  // namespace martgate::cli
