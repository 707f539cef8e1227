// martgate call TOOL JSON: one call through the whole gate; beside a running server, through it.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json_writer.h"
#include "cli/commands.h"
#include "cli/mcp_client.h"
#include "cli/open_identity.h"
#include "cli/opened.h"
#include "json/parse.h"

namespace martgate::cli {
namespace {

// `json` is the MCP result object, `text` its text blocks.
Exit print_answer(App& app, const std::string& json, std::string_view text, bool is_error) {
  if (app.json) {
    app.terminal.print(json + "\n");
  } else if (is_error) {
    app.terminal.note(text.ends_with('\n') ? text.substr(0, text.size() - 1) : text);
  } else {
    app.terminal.print(text);
  }
  return is_error ? Exit::No : Exit::Ok;
}

// The MCP result object that a client would get; the answer's bytes as the gate wrote them.
std::string result_json(const gate::CallResult& answer) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("content").begin_array();
  json.begin_object().field("type", "text").field("text", answer.text).end_object().end_array();
  if (!answer.is_error) json.key("structuredContent").raw(answer.structured);
  if (answer.is_error) json.field("isError", true);
  if (answer.is_error && !answer.envelope.empty()) {
    json.key("_meta").begin_object().key("martgate/envelope").raw(answer.envelope).end_object();
  }
  json.end_object();
  return text;
}

Exit print_result(App& app, const nlohmann::json& result) {
  std::string text;
  for (const auto& block : result.value("content", nlohmann::json::array())) {
    text += block.value("text", "");
  }
  return print_answer(app, result.dump(), text, result.value("isError", false));
}

Exit call_server(App& app, const CallArgs& args, const nlohmann::json& arguments) {
  auto server = parse_server_url(args.server);
  if (!server) {
    app.terminal.error(server.error());
    return Exit::Usage;
  }
  server->ca_file = args.ca_file;
  const auto bearer = bearer_in_environment();
  if (!bearer) {
    app.terminal.error(bearer.error());
    return Exit::Usage;
  }
  server->bearer = *bearer;
  const auto result = call_over_http(*server, args.tool, arguments);
  if (result) return print_result(app, *result);
  app.terminal.error(result.error());
  return exit_of(result.error());
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
  if (!args.server.empty()) return call_server(app, args, *arguments);
  auto project = open_project(app);
  if (!project) return Exit::Project;
  const std::string address = project->settings.http_address;
  const auto bearer = bearer_in_environment();
  if (!bearer) {
    app.terminal.error(bearer.error());
    return Exit::Usage;
  }
  gate::Caller caller;
  if (secret_in(kKeyVariable)) {
    const auto identity = open_identity(app, project->settings, true);
    auto known = identity ? launched_caller(*identity, "") : tl::unexpected(identity.error());
    if (!known) {
      app.terminal.error(known.error());
      return exit_of(known.error());
    }
    caller = std::move(*known);
  }
  auto open = open_gate(app, std::move(*project));
  if (open && secret_in(kTokenVariable)) {
    app.terminal.error({Code::FailedPrecondition,
                        "a token is for a server, and none is running here",
                        {"start one: martgate serve", "name another: --server URL"}});
    return Exit::Environment;
  }
  if (open) {
    gate::CallRequest request;
    request.caller = std::move(caller);
    request.tool = args.tool;
    request.arguments = std::make_unique<nlohmann::json>(std::move(*arguments));
    request.transport = "cli";
    const gate::CallResult answer = call_and_wait(*open->gate, std::move(request));
    return print_answer(app, result_json(answer), answer.text, answer.is_error);
  }
  if (open.error().reason == "journal_locked") {
    // A server holds the journal, so the call goes where every other call goes.
    const auto server = parse_host_port(address);
    const auto result =
        server ? call_over_http({.at = *server, .bearer = *bearer}, args.tool, *arguments)
               : tl::unexpected(server.error());
    if (result) return print_result(app, *result);
    app.terminal.error(open.error());
    app.terminal.error(result.error());
    return Exit::Environment;
  }
  app.terminal.error(open.error());
  return exit_of(open.error());
}

}  // namespace martgate::cli
