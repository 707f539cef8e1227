#include <doctest/doctest.h>

#include "http/response_head.h"

using namespace martgate;
using namespace martgate::http;

TEST_CASE("response head: a field that would write another line is not writable") {
  CHECK_FALSE(is_writable({200, {{"X", "a\r\nEvil: 1"}}, "", ""}));
  CHECK_FALSE(is_writable({200, {{"X", "a\nEvil: 1"}}, "", ""}));
  CHECK_FALSE(is_writable({200, {{"X: 1\r\nEvil", "a"}}, "", ""}));
  CHECK_FALSE(is_writable({200, {{"", "a"}}, "", ""}));
  CHECK_FALSE(is_writable({200, {}, "text/plain\r\nEvil: 1", ""}));
  CHECK_FALSE(is_writable({200, {{"content-length", "1"}}, "", ""}));
  CHECK_FALSE(is_writable({200, {{"Transfer-Encoding", "chunked"}}, "", ""}));
  CHECK_FALSE(is_writable({101, {}, "", ""}));
  CHECK_FALSE(is_writable({600, {}, "", ""}));
}

TEST_CASE("response head: the bytes are these") {
  std::string out;
  const WallTime at = *parse_rfc3339("2026-11-20T10:00:00Z");
  append_head(out, {200, {{"X-A", "1"}}, "text/plain", "12345"}, BodyKind::Whole, true, at);
  CHECK(out ==
        "HTTP/1.1 200 OK\r\nDate: Fri, 20 Nov 2026 10:00:00 GMT\r\nContent-Type: text/plain\r\n"
        "Content-Length: 5\r\nX-A: 1\r\n\r\n");
  out.clear();
  append_head(out, {204, {}, "", ""}, BodyKind::Whole, false, at);
  CHECK(out ==
        "HTTP/1.1 204 No Content\r\nDate: Fri, 20 Nov 2026 10:00:00 GMT\r\n"
        "Connection: close\r\n\r\n");
}
