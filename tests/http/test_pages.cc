#include <doctest/doctest.h>

#include <stdexcept>

#include "http/client.h"
#include "http/pages.h"

using namespace martgate::http;

namespace {

Routes page_routes() {
  auto pages = std::make_shared<PageRoutes>();
  pages->add("GET", "/healthz", [](const PageRequest&) {
    return Response{200, {}, "application/json", "{\"ok\":true}"};
  });
  pages->add("GET", R"(/requests/([^/]+))", [](const PageRequest& request) {
    const auto agent = request.http.header("x-agent");
    return Response{200,
                    {},
                    "text/plain",
                    request.captures.at(0) + "|" + request.param("tab") + "|" +
                        std::string(agent.value_or("-")) + "|" +
                        std::string(request.http.peer_address)};
  });
  pages->add("POST", R"(/requests/([^/]+))", [](const PageRequest& request) {
    return Response{200, {}, "text/plain", request.param("decision")};
  });
  pages->add("GET", "/throws",
             [](const PageRequest&) -> Response { throw std::runtime_error("secret"); });
  Routes routes;
  routes.set_fallback([pages](const Request& request, Responder responder) {
    std::move(responder).send(pages->answer(request));
  });
  routes.add("POST", "/mcp", [](const Request&, Responder responder) {
    std::move(responder).send({200, {}, "", "direct"});
  });
  return routes;
}

}  // namespace

TEST_CASE("pages: header values are never decoded and never name the peer") {
  const auto listener = started({}, page_routes());
  Client client(listener->port());
  client.send(request("GET", "/requests/r%2D1?tab=a%20b", {},
                      "REMOTE_ADDR: 10.0.0.1\r\nX-Agent: %0D%0AEvil: 1\r\n"));
  CHECK(client.answer() == "200 r-1|a b|%0D%0AEvil: 1|127.0.0.1");
}

TEST_CASE("pages: a page that throws says nothing about why") {
  const auto listener = started({}, page_routes());
  Client client(listener->port());
  client.send(request("GET", "/throws"));
  const std::string head = client.head();
  CHECK(head.starts_with("HTTP/1.1 500 "));
  CHECK(head.find("EXCEPTION") == head.npos);
  CHECK(client.bytes(16) == "the page failed\n");
}

TEST_CASE("pages: unknown paths, other methods and multipart bodies are refused") {
  const auto listener = started({}, page_routes());
  Client client(listener->port());
  client.send(request("GET", "/nothing"));
  CHECK(client.answer() == "404 there is nothing at this path");
  client.send(request("DELETE", "/requests/1"));
  const std::string head = client.head();
  CHECK(head.starts_with("HTTP/1.1 405 "));
  CHECK(head.find("Allow: GET, HEAD, POST\r\n") != head.npos);
  client.bytes(std::string_view("this method does not work here\n").size());
  client.send(
      request("POST", "/requests/1", "--x--", "Content-Type: multipart/form-data; boundary=x\r\n"));
  CHECK(client.answer() == "415 multipart bodies are not taken here");
  client.send(request("POST", "/requests/1", "decision=" + std::string(9'000, 'x'),
                      "Content-Type: application/x-www-form-urlencoded\r\n"));
  CHECK(client.answer() == "413 the form is too long");
  client.send(request("BREW", "/healthz"));
  CHECK(client.answer() == "405 this method does not work here");
}

TEST_CASE("pages: forms are decoded, HEAD has no body, ranges and compression do nothing") {
  const auto listener = started({}, page_routes());
  Client client(listener->port());
  client.send(request("POST", "/requests/1", "decision=approve%21+now&x=1",
                      "Content-Type: Application/x-www-form-urlencoded; charset=utf-8\r\n"));
  CHECK(client.answer() == "200 approve! now");
  client.send(
      request("POST", "/requests/1", {},
              "Transfer-Encoding: chunked\r\nContent-Type: application/x-www-form-urlencoded\r\n") +
      "b\r\ndecision=no\r\n0\r\n\r\n");
  CHECK(client.answer() == "200 no");
  client.send(request("HEAD", "/healthz") +
              request("GET", "/healthz", {}, "Range: bytes=0-0\r\nAccept-Encoding: gzip, br\r\n"));
  CHECK(client.head().find("Content-Length: 11\r\n") != std::string::npos);
  CHECK(client.answer() == "200 {\"ok\":true}");
  client.send(request("POST", "/mcp", "x"));
  CHECK(client.answer() == "200 direct");
}
