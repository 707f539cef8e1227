#include <doctest/doctest.h>

#include <random>
#include <string>

#include "base/random.h"
#include "http/head_parser.h"

using namespace martgate::http;

namespace {

// The status of the refusal; 200 for a head that is taken, 0 for one that has not ended.
int verdict(const std::string& bytes, Head& head, const HeadLimits& limits = {}) {
  HeadScanner scanner;
  const auto length = scanner.scan(bytes, limits);
  if (!length) return length.error().status;
  if (*length == 0) return 0;
  const auto parsed = parse_head(std::string_view(bytes).substr(0, *length), head);
  return parsed ? 200 : parsed.error().status;
}

int verdict(const std::string& bytes) {
  Head head;
  return verdict(bytes, head);
}

std::string with(const std::string& fields) {
  return "POST /mcp HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
}

}  // namespace

TEST_CASE("head parser: framing that two servers could read differently is refused") {
  const std::pair<const char*, int> cases[] = {
      {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
      {"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", 400},
      {"Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", 400},
      {"Content-Length: 5\r\nContent-Length: 5\r\n", 400},
      {"Content-Length: 5\r\ncontent-length: 6\r\n", 400},
      {"Content-Length: 5, 5\r\n", 400},
      {"Content-Length: +5\r\n", 400},
      {"Content-Length: -5\r\n", 400},
      {"Content-Length: 0x5\r\n", 400},
      {"Content-Length: 5 5\r\n", 400},
      {"Content-Length: 5;\r\n", 400},
      {"Content-Length:\r\n", 400},
      {"Content-Length: 99999999999999999999999\r\n", 413},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 400},
      {"Transfer-Encoding: gzip, chunked\r\n", 501},
      {"Transfer-Encoding: chunked, identity\r\n", 501},
      {"Transfer-Encoding: xchunked\r\n", 501},
      {"Transfer-Encoding: \"chunked\"\r\n", 501},
      {"Transfer-Encoding: identity\r\n", 501},
      {"Transfer-Encoding:\r\n", 501},
      {"Transfer-Encoding:\x0b"
       "chunked\r\n",
       400},
      {"Transfer-Encoding : chunked\r\n", 400},
      {"Transfer-Encoding\t: chunked\r\n", 400},
      {" Transfer-Encoding: chunked\r\n", 400},
      {"X: 1\r\n Transfer-Encoding: chunked\r\n", 400},
      {"X: 1\r\n\tfolded\r\n", 400},
      {"X: 1\nTransfer-Encoding: chunked\r\n", 400},
      {"X: 1\rTransfer-Encoding: chunked\r\n", 400},
      {"X: 1\r\r\n", 400},
      {": no name\r\n", 400},
      {"no colon\r\n", 400},
      {"X\x01: 1\r\n", 400},
      {"X: \x7f\r\n", 400},
      {"\xc3\xa4: 1\r\n", 400},
      {"Host: localhost\r\n", 400},
      {"host: evil.example\r\n", 400},
      {"Origin: http://localhost\r\nOrigin: http://evil.example\r\n", 400},
      {"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n", 400},
      {"Mcp-Name: a\r\nMcp-Name: b\r\n", 400},
      {"Content-Encoding: gzip\r\n", 415},
      {"Content-Encoding: identity\r\n", 415},
      {"Expect: 200-ok\r\n", 417},
  };
  for (const auto& [fields, status] : cases) {
    CAPTURE(fields);
    CHECK(verdict(with(fields)) == status);
  }
  CHECK(verdict(with(std::string("X: a\0b\r\n", 8))) == 400);
}

TEST_CASE("head parser: a request line that is not method, path and version is refused") {
  const std::pair<const char*, int> cases[] = {
      {"\r\nGET / HTTP/1.1\r\n", 400},
      {"GET /\r\n", 400},
      {"GET  / HTTP/1.1\r\n", 400},
      {"GET / HTTP/1.1 \r\n", 400},
      {" GET / HTTP/1.1\r\n", 400},
      {"GET\t/\tHTTP/1.1\r\n", 400},
      {"GET /a b HTTP/1.1\r\n", 400},
      {"GET http://localhost/ HTTP/1.1\r\n", 400},
      {"CONNECT localhost:80 HTTP/1.1\r\n", 400},
      {"OPTIONS * HTTP/1.1\r\n", 400},
      {"G(T / HTTP/1.1\r\n", 400},
      {"GET /# HTTP/1.1\r\n", 400},
      {"GET /\\ HTTP/1.1\r\n", 400},
      {"GET /%0 HTTP/1.1\r\n", 400},
      {"GET /%zz HTTP/1.1\r\n", 400},
      {"GET /\xc3\xa4 HTTP/1.1\r\n", 400},
      {"GET / http/1.1\r\n", 400},
      {"GET / HTTP/1.11\r\n", 400},
      {"GET / HTTP/2.0\r\n", 505},
      {"GET / HTTP/1.2\r\n", 505},
      {"GET / HTTP/0.9\r\n", 505},
      {"GET / HTTP/1.1\n", 400},
      {"\n", 400},
  };
  for (const auto& [line, status] : cases) {
    CAPTURE(line);
    CHECK(verdict(std::string(line) + "Host: localhost\r\n\r\n") == status);
  }
  CHECK(verdict("GET / HTTP/1.1\r\n\r\n") == 400);  // no Host
  CHECK(verdict("GET / HTTP/1.0\r\n\r\n") == 400);
  CHECK(verdict("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("head parser: the limits hold before the head has ended") {
  const HeadLimits limits;
  Head head;
  const std::string start = "GET /";
  CHECK(verdict(start + std::string(limits.request_line_bytes_max, 'a'), head) == 414);
  CHECK(verdict(std::string(limits.request_line_bytes_max + 2, 'a'), head) == 0);
  const std::string longest(limits.request_line_bytes_max - start.size() - 9, 'a');
  CHECK(verdict(start + longest + " HTTP/1.1\r\nHost: a\r\n\r\n", head) == 200);
  CHECK(verdict(start + longest + "a HTTP/1.1\r\nHost: a\r\n\r\n", head) == 414);

  CHECK(verdict(with("X: " + std::string(limits.header_bytes_max, 'a')), head) == 431);
  const std::string fields = "Host: localhost\r\nX: ";
  const std::string filling(limits.header_bytes_max - fields.size() - 2, 'a');
  CHECK(verdict("GET / HTTP/1.1\r\n" + fields + filling + "\r\n\r\n", head) == 200);
  CHECK(verdict("GET / HTTP/1.1\r\n" + fields + filling + "a\r\n\r\n", head) == 431);

  std::string lines;
  for (std::size_t line = 1; line < limits.header_lines_max; ++line) {
    lines += "X" + std::to_string(line) + ": 1\r\n";
  }
  CHECK(verdict(with(lines), head) == 200);
  CHECK(verdict(with(lines + "Y: 1\r\n"), head) == 431);
}

TEST_CASE("head parser: a good head is taken apart without decoding") {
  Head head;
  const std::string bytes =
      "POST /a%2Fb?x=%0d%0a&y HTTP/1.1\r\nHost: localhost:8931\r\nMCP-Name: \t %0D%0AEvil: 1 \t\r\n"
      "Accept: a\r\nAccept: b\r\nContent-Length: 005\r\nExpect: 100-Continue\r\n"
      "Connection: foo, Close\r\nX:\r\n\r\n";
  REQUIRE(verdict(bytes, head) == 200);
  CHECK(head.request.method == "POST");
  CHECK(head.request.target == "/a%2Fb?x=%0d%0a&y");
  CHECK(head.request.path == "/a%2Fb");
  CHECK(head.request.query == "x=%0d%0a&y");
  CHECK(head.request.header("mcp-name") == "%0D%0AEvil: 1");
  CHECK(head.request.header("ACCEPT") == "a");
  CHECK(head.request.header("x") == "");
  CHECK_FALSE(head.request.header("y"));
  CHECK(head.framing == Framing::Length);
  CHECK(head.content_length == 5);
  CHECK(head.expects_continue);
  CHECK_FALSE(head.keep_alive);
  REQUIRE(verdict(with("Transfer-Encoding: Chunked\r\n"), head) == 200);
  CHECK(head.framing == Framing::Chunked);
  CHECK(head.keep_alive);
}

TEST_CASE("head parser: bytes that come one at a time give the same verdict as all at once") {
  const std::string good = with("Accept: a\r\nContent-Length: 3\r\n");
  for (const std::string& bytes : {good, with("X: 1\nY: 2\r\n"), with(" X: 1\r\n")}) {
    HeadScanner scanner;
    int status = 0;
    for (std::size_t count = 1; count <= bytes.size() && status == 0; ++count) {
      const auto length = scanner.scan(std::string_view(bytes).substr(0, count), {});
      if (!length) status = length.error().status;
      Head head;
      if (length && *length > 0) {
        CHECK(*length == count);
        const auto parsed = parse_head(std::string_view(bytes).substr(0, count), head);
        status = parsed ? 200 : parsed.error().status;
      }
    }
    CHECK(status == verdict(bytes));
  }
}

TEST_CASE("head parser: random bytes are refused or taken, and what is taken keeps its promises") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  MESSAGE("seed " << seed);
  martgate::Random random(seed);
  const std::string pieces[] = {"GET ",
                                "POST ",
                                "/",
                                "/a?b",
                                " HTTP/1.1",
                                " HTTP/1.0",
                                "\r\n",
                                "\r\n",
                                "\n",
                                "\r",
                                "Host: a",
                                "Host: b",
                                "Content-Length: ",
                                "1",
                                "-1",
                                "Transfer-Encoding: ",
                                "chunked",
                                " ",
                                "\t",
                                ":",
                                ",",
                                "X: ",
                                "\r\n\r\n"};
  int taken = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes;
    if (random.chance(0.7)) bytes = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (auto count = random.below(12); count > 0; --count) {
      if (random.chance(0.2)) {
        bytes += static_cast<char>(random.below(256));
      } else {
        bytes += pieces[random.below(std::size(pieces))];
      }
    }
    if (random.chance(0.5)) bytes += "\r\n\r\n";
    Head head;
    HeadScanner scanner;
    const auto length = scanner.scan(bytes, {});
    if (!length || *length == 0) continue;
    REQUIRE(*length <= bytes.size());
    // The end of the head is its first empty line.
    REQUIRE(bytes.find("\r\n\r\n") + 4 == *length);
    if (!parse_head(std::string_view(bytes).substr(0, *length), head)) continue;
    ++taken;
    CHECK(head.request.header("host"));
    CHECK(head.request.path.starts_with('/'));
    CHECK_FALSE(
        (head.request.header("content-length") && head.request.header("transfer-encoding")));
    for (const HeaderField& field : head.request.headers) {
      CHECK(is_token(field.name));
      CHECK(field.value.find_first_of(std::string_view("\r\n\0", 3)) == field.value.npos);
    }
  }
  CHECK(taken > 0);
}
