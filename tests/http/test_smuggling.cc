// Request smuggling, one test for each form: bytes that another server on the way could take apart
// differently hold a second request, and its handler must not run.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/client.h"

using namespace martgate::http;

namespace {

const std::string kHidden = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct Outcome {
  std::vector<int> statuses;  // of the responses on the connection, in order
  int visible = 0;            // calls of the handlers that the client may reach
  int hidden = 0;             // calls of the handler that only the smuggled request names
};

// A listener that counts what its handlers are called with.
class Victim {
 public:
  Victim() : listener_(started({.body_bytes_max = 100'000}, routes())) {}

  // Sends the bytes on one connection, ends our side, and reads until the server has closed too:
  // by then every request that the server saw has been handled.
  Outcome after(std::string_view bytes) {
    visible_ = hidden_ = 0;
    Client client(listener_->port());
    client.send(bytes);
    client.finish();
    const std::string wire = client.rest();
    Outcome outcome;
    constexpr std::string_view kStart = "HTTP/1.1 ";
    for (std::size_t at = wire.find(kStart); at != wire.npos; at = wire.find(kStart, at + 1)) {
      const std::string status = wire.substr(at + kStart.size(), 3);
      if (std::isdigit(static_cast<unsigned char>(status[0])) != 0) {  // not a body's words
        outcome.statuses.push_back(std::stoi(status));
      }
    }
    outcome.visible = visible_;
    outcome.hidden = hidden_;
    return outcome;
  }

 private:
  Routes routes() {
    Routes routes;
    routes.add("GET", "/hidden", [this](const Request&, Responder responder) {
      ++hidden_;
      std::move(responder).send({200, {}, "text/plain", "hidden"});
    });
    for (const char* method : {"GET", "POST"}) {
      routes.add(method, "/open", [this](const Request&, Responder responder) {
        ++visible_;
        std::move(responder).send({200, {}, "text/plain", "open"});
      });
    }
    return routes;
  }

  std::atomic<int> visible_ = 0;
  std::atomic<int> hidden_ = 0;
  std::unique_ptr<Listener> listener_;
};

std::string post(std::string_view fields) {
  return request("POST", "/open", {}, fields);
}

// A field that gives the smuggled request's length, as an attacker writes it.
std::string length_field() {
  return "Content-Length: " + std::to_string(kHidden.size()) + "\r\n";
}

// The first request is refused with one of these statuses, and nothing behind it is looked at.
void check_refused(const std::string& first, std::vector<int> statuses = {400}) {
  CAPTURE(first);
  Victim victim;
  for (const std::string& behind : {kHidden, "0\r\n\r\n" + kHidden, "\r\n" + kHidden}) {
    const Outcome outcome = victim.after(first + behind);
    CHECK(outcome.hidden == 0);
    CHECK(outcome.visible == 0);
    REQUIRE(outcome.statuses.size() == 1);
    CHECK(std::find(statuses.begin(), statuses.end(), outcome.statuses[0]) != statuses.end());
  }
}

}  // namespace

TEST_CASE("smuggling: the count sees a second request that is honestly pipelined") {
  const Outcome outcome = Victim().after(post("Content-Length: 0\r\n") + kHidden);
  CHECK(outcome.visible == 1);
  CHECK(outcome.hidden == 1);
  CHECK(outcome.statuses == std::vector<int>{200, 200});
}

TEST_CASE("smuggling: a pipelined request behind a refused one is not served") {
  check_refused("GET /open HTTP/1.1\r\n\r\n");
  check_refused("GET /open HTTP/2.0\r\nHost: localhost\r\n\r\n", {505});
}

TEST_CASE("smuggling: a pipelined request behind Connection: close is not served") {
  const Outcome outcome = Victim().after(post("Connection: close\r\n") + kHidden);
  CHECK(outcome.visible == 1);
  CHECK(outcome.hidden == 0);
  CHECK(outcome.statuses == std::vector<int>{200});
}

TEST_CASE("smuggling: Content-Length twice") {
  check_refused(post("Content-Length: 0\r\n" + length_field()));
  check_refused(post(length_field() + "Content-Length: 0\r\n"));
  check_refused(post(length_field() + length_field()));
  check_refused(post("Content-Length: 0\r\ncontent-length: 5\r\n"));
  check_refused(post("Content-Length: 0, 5\r\n"));
}

TEST_CASE("smuggling: Content-Length with Transfer-Encoding") {
  check_refused(post(length_field() + "Transfer-Encoding: chunked\r\n"));
  check_refused(post("Transfer-Encoding: chunked\r\n" + length_field()));
  check_refused(post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"));
  check_refused(post("Content-Length: 5\r\nTransfer-Encoding: identity\r\n"));
}

TEST_CASE("smuggling: a transfer coding that is not chunked alone") {
  for (const char* coding : {"xchunked", "identity", "gzip, chunked", "chunked, identity",
                             "chunked, chunked", "\"chunked\"", "chunked;q=1", "", "chunke"}) {
    check_refused(post("Transfer-Encoding: " + std::string(coding) + "\r\n"), {501});
  }
}

TEST_CASE("smuggling: Transfer-Encoding in disguise") {
  check_refused(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n"));
  check_refused(post("Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n"));
  check_refused(
      post("Transfer-Encoding:\x0b"
           "chunked\r\n"));
  check_refused(post("Transfer-Encoding: chunked\x7f\r\n"));
  check_refused(
      post("Transfer\xc2\xad"
           "Encoding: chunked\r\n"));
  check_refused(post("X: 1\rTransfer-Encoding: chunked\r\n"));
}

TEST_CASE("smuggling: Content-Length that is not digits alone") {
  for (const char* length : {"-1", "-0", "+5", "0x5", "5 5", "5;", "5.0", "5e0", "",
                             "\x0b"
                             "5",
                             "five", "1_0"}) {
    check_refused(post("Content-Length: " + std::string(length) + "\r\n"));
  }
}

TEST_CASE("smuggling: Content-Length that overflows") {
  check_refused(post("Content-Length: 18446744073709551616\r\n"), {413});
  check_refused(post("Content-Length: 18446744073709551615\r\n"), {413});
  check_refused(post("Content-Length: 99999999999999999999999999\r\n"), {413});
}

TEST_CASE("smuggling: a blank before the colon") {
  check_refused(post("Content-Length : 5\r\n"));
  check_refused(post("Content-Length\t: 5\r\n"));
  check_refused(post("Transfer-Encoding : chunked\r\n"));
}

TEST_CASE("smuggling: folded lines") {
  check_refused(post("X: 1\r\n Transfer-Encoding: chunked\r\n"));
  check_refused(post("X: 1\r\n\tContent-Length: 5\r\n"));
  check_refused("POST /open HTTP/1.1\r\n Host: localhost\r\n\r\n");
  check_refused(post("Transfer-Encoding:\r\n chunked\r\n"), {400, 501});
}

TEST_CASE("smuggling: lines that end in LF or CR alone") {
  check_refused("POST /open HTTP/1.1\nHost: localhost\n\n");
  check_refused("POST /open HTTP/1.1\r\nHost: localhost\n\r\n");
  check_refused(post("X: 1\nContent-Length: 5\r\n"));
  check_refused(post("X: 1\r\n\nContent-Length: 5\r\n"));
  check_refused(post("X: 1\rContent-Length: 5\r\n"));
  check_refused(post("X: 1\r\r\n"));
}

TEST_CASE("smuggling: NUL in the request line, a name or a value") {
  using std::string_literals::operator""s;
  check_refused("POST /open\0 HTTP/1.1\r\nHost: localhost\r\n\r\n"s);
  check_refused(post("Content-Length\0: 5\r\n"s));
  check_refused(post("Content-Length: 0\0\r\n"s));
  check_refused(post("X: a\0b\r\n"s));
}

TEST_CASE("smuggling: a target that names another host") {
  check_refused("GET http://evil.example/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n");
  check_refused("GET http://localhost/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n");
  check_refused("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

TEST_CASE("smuggling: Host twice, or not ours") {
  check_refused(post("Host: evil.example\r\n"));
  check_refused("GET /open HTTP/1.1\r\nHost: localhost\r\nhost: localhost\r\n\r\n");
  check_refused("POST /open HTTP/1.1\r\nHost: evil.example\r\n" + length_field() + "\r\n", {403});
}

TEST_CASE("smuggling: HTTP/1.0 with a transfer coding, or kept alive") {
  check_refused("POST /open HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  const Outcome outcome = Victim().after(
      "GET /open HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n" + kHidden);
  CHECK(outcome.visible == 1);
  CHECK(outcome.hidden == 0);
  CHECK(outcome.statuses == std::vector<int>{200});
}

TEST_CASE("smuggling: a request line that is not one") {
  check_refused("\r\nPOST /open HTTP/1.1\r\nHost: localhost\r\n\r\n");
  check_refused("POST  /open HTTP/1.1\r\nHost: localhost\r\n\r\n");
  check_refused("POST /open HTTP/1.1 \r\nHost: localhost\r\n\r\n");
  check_refused("POST /open HTTP/1.1 GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n");
  check_refused("GET /open\r\n\r\n");
}

TEST_CASE("smuggling: a body that is refused unread is never taken for a request") {
  Victim victim;
  const std::string body = length_field();
  const std::pair<std::string, int> cases[] = {
      {request("POST", "/unknown", {}, body), 404},
      {request("DELETE", "/open", {}, body), 405},
      {request("GET", "/open", {}, body + "Origin: null\r\n"), 403},
      {request("POST", "/open", {}, body + "Content-Encoding: gzip\r\n"), 415},
      {request("POST", "/open", {}, body + "Expect: a-miracle\r\n"), 417},
      {request("POST", "/open", {}, "Content-Length: 100001\r\n"), 413},
      {request("POST", "/open", {}, "Content-Length: 100001\r\nExpect: 100-continue\r\n"), 413},
      {request("POST", "/unknown", {}, "Transfer-Encoding: chunked\r\n"), 404},
  };
  for (const auto& [first, status] : cases) {
    CAPTURE(first);
    const Outcome outcome = victim.after(first + kHidden);
    CHECK(outcome.hidden == 0);
    CHECK(outcome.visible == 0);
    CHECK(outcome.statuses == std::vector<int>{status});
  }
}

TEST_CASE("smuggling: a body that is read is a body, whatever the method") {
  Victim victim;
  for (const char* method : {"POST", "GET", "HEAD"}) {
    const Outcome outcome = victim.after(request(method, "/open", kHidden));
    CHECK(outcome.hidden == 0);
    CHECK(outcome.visible == 1);
    CHECK(outcome.statuses == std::vector<int>{200});
  }
}

TEST_CASE("smuggling: %0D%0A in a value or a target stays what it is") {
  Victim victim;
  const std::string fields = "X-Evil: a%0d%0aContent-Length: 0\r\n" + length_field();
  const Outcome in_value = victim.after(request("POST", "/open", {}, fields) + kHidden);
  CHECK(in_value.hidden == 0);
  CHECK(in_value.visible == 1);
  CHECK(in_value.statuses == std::vector<int>{200});
  const Outcome in_target =
      victim.after(request("GET", "/open%20HTTP/1.1%0D%0AHost:%20localhost%0D%0A%0D%0A/hidden"));
  CHECK(in_target.hidden == 0);
  CHECK(in_target.visible == 0);
  CHECK(in_target.statuses == std::vector<int>{404});
}

TEST_CASE("smuggling: chunk sizes that are not plain hexadecimal") {
  for (const char* size : {"-1", "+5", "0x5", " 5", "5 ", "5\t", "g", "", "5_0", "0 ", "00000000f",
                           "5.0", "\xef\xbc\x95"}) {
    check_refused(post("Transfer-Encoding: chunked\r\n") + size + "\r\nhello\r\n");
  }
}

TEST_CASE("smuggling: chunk sizes that overflow") {
  for (const char* size : {"10000000000000000", "ffffffffffffffff", "fffffffffffffffe", "100000000",
                           "7fffffffffffffff", "80000000"}) {
    check_refused(post("Transfer-Encoding: chunked\r\n") + size + "\r\nhello\r\n", {400, 413});
  }
}

TEST_CASE("smuggling: chunk extensions") {
  for (const char* line :
       {"0;x\r\n\r\n", "5;a=b\r\nhello\r\n", "5;\nhello\r\n", "5;a\rb\r\nhello\r\n",
        "5;a=\"\r\n\"\r\nhello\r\n", "5 ;x\r\nhello\r\n", "0;\r\n\r\n"}) {
    check_refused(post("Transfer-Encoding: chunked\r\n") + line);
  }
}

TEST_CASE("smuggling: chunk lines that end in LF or CR alone, or do not end") {
  for (const char* chunks :
       {"5\nhello\n0\n\n", "5\rhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n", "0\n\n", "0\r\n\n", "0\r\r\n", "4\r\nhello\r\n0\r\n\r\n"}) {
    check_refused(post("Transfer-Encoding: chunked\r\n") + chunks);
  }
}

TEST_CASE("smuggling: trailers") {
  check_refused(post("Transfer-Encoding: chunked\r\n") + "0\r\nContent-Length: 5\r\n\r\n");
  check_refused(post("Transfer-Encoding: chunked\r\n") + "0\r\nHost: evil.example\r\n\r\n");
  check_refused(post("Transfer-Encoding: chunked\r\n") + "0\r\n x\r\n\r\n");
}

TEST_CASE("smuggling: a whole chunked body ends where it ends") {
  const Outcome outcome = Victim().after(post("Transfer-Encoding: chunked\r\n") +
                                         "5\r\nGET /\r\n0\r\n\r\n" + request("GET", "/open"));
  CHECK(outcome.hidden == 0);
  CHECK(outcome.visible == 2);
  CHECK(outcome.statuses == std::vector<int>{200, 200});
}
