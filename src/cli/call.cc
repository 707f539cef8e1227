// martgate call TOOL JSON: one call through the whole gate; beside a running server, through it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/mcp_client.h"
#include "cli/opened.h"
#include "json/parse.h"

namespace martgate::cli {
namespace {

Exit print_result(App& app, const nlohmann::json& result) {
  const bool is_error = result.value("isError", false);
  if (app.json) {
    app.terminal.print(result.dump() + "\n");
    return is_error ? Exit::No : Exit::Ok;
  }
  std::string text;
  for (const auto& block : result.value("content", nlohmann::json::array()))
    text += block.value("text", "");
  if (is_error) {
    app.terminal.note(text.ends_with('\n') ? text.substr(0, text.size() - 1) : text);
    return Exit::No;
  }
  app.terminal.print(text);
  return Exit::Ok;
}

// The MCP result object that a client would get.
nlohmann::json result_of(const gate::CallResult& answer) {
  nlohmann::json result{{"content", {{{"type", "text"}, {"text", answer.text}}}}};
  if (answer.is_error) {
    result["isError"] = true;
    if (!answer.envelope.empty())
      result["_meta"]["martgate/envelope"] = nlohmann::json::parse(answer.envelope);
  } else {
    result["structuredContent"] = nlohmann::json::parse(answer.structured);
  }
  return result;
}

}  // namespace

Exit run_call(App& app, const CallArgs& args) {
  auto arguments = parse_ijson(args.arguments);
  if (!arguments || !arguments->is_object()) {
    app.terminal.error({Code::InvalidArgument,
                        arguments ? "the arguments are no JSON object"
                                  : with_context(arguments.error(), "arguments").message,
                        {R"(accepted: a JSON object, as in '{"query": "revenue"}')"}});
    return Exit::Usage;
  }
  auto project = open_project(app);
  if (!project) return Exit::Project;
  const std::string address = project->settings.http_address;
  auto open = open_gate(app, std::move(*project));
  if (open) {
    gate::CallRequest request;
    request.tool = args.tool;
    request.arguments = std::make_unique<nlohmann::json>(std::move(*arguments));
    request.transport = "cli";
    return print_result(app, result_of(call_and_wait(*open->gate, std::move(request))));
  }
  if (open.error().reason == "journal_locked") {
    // A server holds the journal, so the call goes where every other call goes.
    const auto server = parse_host_port(address);
    const auto result =
        server ? call_over_http(*server, args.tool, *arguments) : tl::unexpected(server.error());
    if (result) return print_result(app, *result);
    app.terminal.error(open.error());
    app.terminal.error(result.error());
    return Exit::Environment;
  }
  app.terminal.error(open.error());
  return exit_of(open.error());
}

}  // namespace martgate::cli
