// JSON-RPC messages of every era, over HTTP and as lines of a pipe: each request is answered at
// most once and with its own id, everything that leaves is one JSON-RPC message on one line, and
// only a method that says so reaches a tool.
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
#include "mcp/replies.h"
#include "mcp/server.h"
#include "small_offer.h"

using namespace martgate;
using namespace martgate::mcp;

namespace {

constexpr std::size_t kRequestsMax = 8;  // of one run

// One server a run, so that a run is told by its bytes alone.
struct Fixture {
  FrozenClock clock{WallTime{std::chrono::milliseconds{1'800'000'000'000}}};
  SeededIds ids{1};
  fuzz::SmallOffer offer;
  Server server{offer, clock, ids, {.key = {}, .beat_ms = 0}};
};

bool is_id(const Json& id) {
  return id.is_string() || id.is_number_integer();
}

// The ids that may be answered: those of the requests in the text, one for each, in any order.
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

// What one exchange with a client brought it.
class Answers {
 public:
  explicit Answers(std::string_view request) : ids_(ids_of(request)) {}

  void take_text(std::string_view text) {
    MARTGATE_CHECK(is_utf8(text) && text.find_first_of("\r\n") == text.npos);
    const auto parsed = parse_ijson(text, {.bytes_max = 64U << 20U, .elements_max = 1'000'000});
    MARTGATE_CHECK(parsed.has_value());
    if (!parsed->is_array()) return take(*parsed);
    MARTGATE_CHECK(!parsed->empty());
    for (const Json& message : *parsed) take(message);
  }

 private:
  // A response to one of the ids, each once; or something of the server's own.
  void take(const Json& message) {
    MARTGATE_CHECK(message.is_object() && message.at("jsonrpc") == "2.0");
    if (message.contains("method")) {
      MARTGATE_CHECK(message.at("method").is_string());
      MARTGATE_CHECK(!message.contains("result") && !message.contains("error"));
      return;
    }
    MARTGATE_CHECK(message.contains("result") != message.contains("error"));
    if (message.contains("error")) {
      MARTGATE_CHECK(message.at("error").at("code").is_number_integer());
      MARTGATE_CHECK(message.at("error").at("message").is_string());
    } else {
      MARTGATE_CHECK(message.at("result").is_object());
    }
    const Json id = message.contains("id") ? message.at("id") : Json();
    if (id.is_null()) {  // of what could not be read as a request
      MARTGATE_CHECK(message.contains("error"));
      return;
    }
    const auto asked = std::find(ids_.begin(), ids_.end(), id);
    MARTGATE_CHECK(asked != ids_.end());
    ids_.erase(asked);
  }

  std::vector<Json> ids_;  // not answered yet
};

// A tool or a resource is reached only by text that names the method; the word may be escaped.
void check_offer(const fuzz::SmallOffer& offer, std::string_view text) {
  const auto says = [text](std::string_view word) {
    return text.find(word) != text.npos || text.find("\\u") != text.npos ||
           text.find("\\/") != text.npos;
  };
  if (offer.tools_called() > 0) MARTGATE_CHECK(says("tools/call"));
  if (offer.things_read() > 0) MARTGATE_CHECK(says("resources/read") || says("prompts/get"));
}

std::optional<std::string_view> given(std::string_view value) {
  return value.empty() ? std::nullopt : std::optional(value);
}

void check_answer(const HttpAnswer& answer) {
  static constexpr std::array<int, 10> kStatuses{200, 202, 204, 400, 403, 404, 405, 406, 413, 415};
  MARTGATE_CHECK(std::find(kStatuses.begin(), kStatuses.end(), answer.status) != kStatuses.end());
  for (const auto& [field, value] : answer.headers) {
    MARTGATE_CHECK(!field.empty() && value.find_first_of("\r\n") == value.npos);
  }
  if (answer.status == 202 || answer.status == 204) MARTGATE_CHECK(answer.body.empty());
}

// Requests divided by 0xff: a byte that chooses method and version; lines for Mcp-Method, Mcp-Name,
// a session ("$" is the one that the server gave), Mcp-Param-Region; the body.
void check_http(fuzz::Input input) {
  Fixture fixture;
  static constexpr std::array<std::string_view, 4> kMethods{"POST", "POST", "GET", "DELETE"};
  static constexpr std::array<std::string_view, 6> kVersions{
      "2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "1999-01-01", ""};
  std::vector<std::shared_ptr<KeptReply>> replies;
  std::string session;
  const std::string_view all = input.rest();
  while (!input.is_empty() && replies.size() < kRequestsMax) {
    const std::string_view part = input.until('\xff');
    fuzz::Input request(reinterpret_cast<const std::uint8_t*>(part.data()), part.size());
    const std::uint8_t choice = request.byte();
    HttpHead head;
    head.method = kMethods[choice % kMethods.size()];
    head.accept = {"application/json, text/event-stream"};
    head.content_type = "application/json";
    head.protocol_version = given(kVersions[choice / 4U % kVersions.size()]);
    head.rpc_method = given(request.until('\n'));
    head.name = given(request.until('\n'));
    head.session_id = given(request.until('\n'));
    if (head.session_id == "$") head.session_id = session;
    if (const auto region = given(request.until('\n'))) {
      head.params.emplace_back("Mcp-Param-Region", *region);
    }
    const std::string_view body = request.rest();
    const auto reply = std::make_shared<KeptReply>();
    fixture.server.handle_http(head, body, reply);
    // Nothing of the offer waits, so an answer is there or a stream is open.
    MARTGATE_CHECK(reply->is_sent() != reply->is_stream());
    const HttpAnswer answer = reply->answer();
    check_answer(answer);
    Answers answers(body);
    if (!answer.body.empty()) answers.take_text(answer.body);
    for (const std::string& message : reply->messages()) {
      if (!message.empty()) answers.take_text(message);
    }
    for (const auto& [field, value] : answer.headers) {
      if (lower_ascii(field) == "mcp-session-id") session = value;
    }
    replies.push_back(reply);
  }
  fixture.offer.publish_everything();
  fixture.server.beat();
  for (const auto& reply : replies) {
    Answers news("");  // behind its own response a stream brings nothing that answers
    if (!reply->is_closed()) {
      for (const std::string& message : reply->messages()) {
        if (message.find("\"method\"") != message.npos) news.take_text(message);
      }
    }
    reply->disconnect();
  }
  check_offer(fixture.offer, all);
}

void check_lines(fuzz::Input input) {
  Fixture fixture;
  PipeSession pipe;
  // What answers no line: notifications, questions to the client.
  pipe.writer =
      std::make_shared<LineTo>([](const std::string& line) { Answers("").take_text(line); });
  const std::string_view all = input.rest();
  std::vector<Json> asked;
  for (std::size_t count = 0; !input.is_empty() && count < kRequestsMax; ++count) {
    const std::string_view line = input.until('\n');
    const auto answers = std::make_shared<Answers>(line);
    const Work work = fixture.server.handle_line(
        pipe, line,
        std::make_shared<LineTo>([answers](const std::string& text) { answers->take_text(text); }));
    if (work) work();
  }
  fixture.offer.publish_everything();
  fixture.server.end_pipe(pipe);
  check_offer(fixture.offer, all);
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
