// JSON-RPC messages of every era, over HTTP and as lines of a pipe: each request is answered once
// with its own id, notifications never, and nothing but tools/call reaches a tool.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/text.h"
#include "input.h"
#include "json/parse.h"
#include "mcp/fake_gate.h"
#include "mcp/server.h"

using namespace martgate;
using namespace martgate::mcp;

namespace {

constexpr std::size_t kBatchMax = 1'000;

// One server a run, so that a run is told by its bytes alone.
struct Fixture {
  FrozenClock clock{WallTime{std::chrono::milliseconds{1'800'000'000'000}}};
  SeededIds ids{1};
  FakeGate gate;
  Server server{gate, clock, ids, {"martgate", "0.1.0"}};
};

bool is_id(const Json& id) {
  return id.is_string() || id.is_number_integer();
}

// The ids that may be answered: those of the requests in the text, in any order.
std::vector<Json> ids_of(std::string_view text) {
  const auto parsed = parse_ijson(text);
  std::vector<Json> ids;
  if (!parsed) return ids;
  const auto add = [&ids](const Json& message) {
    if (message.is_object() && message.contains("id") && is_id(message.at("id"))) {
      ids.push_back(message.at("id"));
    }
  };
  if (parsed->is_array()) {
    for (const Json& message : *parsed) add(message);
  } else {
    add(*parsed);
  }
  return ids;
}

// One response of JSON-RPC 2.0; its id is one of `ids`, or null for what could not be read.
void check_response(const Json& response, const std::vector<Json>& ids) {
  MARTGATE_CHECK(response.is_object() && response.at("jsonrpc") == "2.0");
  MARTGATE_CHECK(response.contains("result") != response.contains("error"));
  const Json& id = response.contains("id") ? response.at("id") : Json();
  if (response.contains("result")) {
    MARTGATE_CHECK(response.at("result").is_object() && is_id(id));
  } else {
    MARTGATE_CHECK(response.at("error").at("code").is_number_integer());
    MARTGATE_CHECK(response.at("error").at("message").is_string());
  }
  MARTGATE_CHECK(id.is_null() || std::find(ids.begin(), ids.end(), id) != ids.end());
}

void check_text(std::string_view text, const std::vector<Json>& ids) {
  MARTGATE_CHECK(is_utf8(text) && text.find_first_of("\r\n") == text.npos);
  const auto parsed = parse_ijson(text, {.bytes_max = 64U << 20U, .elements_max = 1'000'000});
  MARTGATE_CHECK(parsed.has_value());
  if (!parsed->is_array()) return check_response(*parsed, ids);
  MARTGATE_CHECK(!parsed->empty() && parsed->size() <= kBatchMax);
  for (const Json& response : *parsed) check_response(response, ids);
}

void check_gate(const FakeGate& gate, std::string_view text) {
  // A tool runs only when the text says so; the word may be escaped.
  if (gate.seen().empty()) return;
  MARTGATE_CHECK(text.find("tools/call") != text.npos || text.find('\\') != text.npos);
  for (const auto& seen : gate.seen()) MARTGATE_CHECK(gate.has_tool(seen.tool));
}

void check_http(fuzz::Input input) {
  Fixture fixture;
  static constexpr std::array<std::string_view, 4> kMethods{"POST", "POST", "GET", "DELETE"};
  static constexpr std::array<std::string_view, 6> kVersions{
      "2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "1999-01-01", ""};
  const std::uint8_t choice = input.byte();
  HttpHead head;
  head.method = kMethods[choice % kMethods.size()];
  head.accept = {"application/json, text/event-stream"};
  head.content_type = "application/json";
  if (const std::string_view version = kVersions[choice / 4U % kVersions.size()];
      !version.empty()) {
    head.protocol_version = version;
  }
  const std::string_view rpc_method = input.until('\n');
  const std::string_view name = input.until('\n');
  const std::string_view session = input.until('\n');
  if (!rpc_method.empty()) head.rpc_method = rpc_method;
  if (!name.empty()) head.name = name;
  if (!session.empty()) head.session_id = session;
  const std::string_view body = input.rest();
  int answers = 0;
  HttpAnswer answer;
  fixture.server.handle_http(head, body, [&](HttpAnswer given) {
    ++answers;
    answer = std::move(given);
  });
  MARTGATE_CHECK(answers == 1);
  static constexpr std::array<int, 10> kStatuses{200, 202, 204, 400, 403, 404, 405, 406, 413, 415};
  MARTGATE_CHECK(std::find(kStatuses.begin(), kStatuses.end(), answer.status) != kStatuses.end());
  for (const auto& [field, value] : answer.headers) {
    MARTGATE_CHECK(value.find_first_of("\r\n") == value.npos);
  }
  if (answer.status == 202 || answer.status == 204) MARTGATE_CHECK(answer.body.empty());
  if (answer.status != 200) MARTGATE_CHECK(fixture.gate.seen().empty());
  if (!answer.body.empty()) check_text(answer.body, ids_of(body));
  check_gate(fixture.gate, body);
}

void check_lines(fuzz::Input input) {
  Fixture fixture;
  PipeSession pipe;
  std::string all;
  std::vector<Json> ids;
  while (!input.is_empty()) {
    const std::string_view line = input.until('\n');
    all.append(line).push_back('\n');
    const std::vector<Json> line_ids = ids_of(line);
    int answers = 0;
    const Work work = fixture.server.handle_line(pipe, line, [&](std::string answer) {
      ++answers;
      check_text(answer, line_ids);
    });
    if (work) work();
    MARTGATE_CHECK(answers <= 1);
    // A request whose id can be read is answered, whatever else is wrong with it.
    const auto parsed = parse_ijson(line);
    const bool is_request = parsed && parsed->is_object() && parsed->contains("method") &&
                            parsed->at("method").is_string() && line_ids.size() == 1;
    if (is_request) MARTGATE_CHECK(answers == 1);
  }
  check_gate(fixture.gate, all);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  if (input.byte() % 2 == 0) {
    check_http(input);
  } else {
    check_lines(input);
  }
  return 0;
}
