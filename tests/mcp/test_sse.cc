#include <doctest/doctest.h>

#include <string>

#include "mcp/sse.h"

namespace martgate::mcp {
namespace {

std::string frame(const SseEvent& event) {
  std::string out;
  append_event(out, event);
  return out;
}

}  // namespace

TEST_CASE("sse: a line end in the data neither ends the frame nor begins a field") {
  CHECK(frame({.data = "{\"a\":1,\r\n\"b\":2}\n\nevent: x"}) ==
        "data: {\"a\":1,  \"b\":2}  event: x\n\n");
  std::string out;
  append_comment(out, "still here\ndata: no");
  CHECK(out == ": still here data: no\n\n");
}

TEST_CASE("sse: fields stand in order, and data is written when it is empty") {
  CHECK(frame({.data = "", .id = "s1-0", .retry_ms = 2'000}) ==
        "id: s1-0\nretry: 2000\ndata: \n\n");
  CHECK(frame({.data = "{}", .event = "message", .id = "7"}) ==
        "event: message\nid: 7\ndata: {}\n\n");
  std::string out = "before";
  append_message(out, R"({"jsonrpc":"2.0"})");
  CHECK(out == "beforeevent: message\ndata: {\"jsonrpc\":\"2.0\"}\n\n");
}

}  // namespace martgate::mcp
