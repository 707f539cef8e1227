#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <optional>
#include <thread>

#include "http/client.h"

using namespace martgate::http;

namespace {

const Response kHead{200, {{"Cache-Control", "no-cache"}}, "text/event-stream", ""};

// A route that opens a stream and gives it to the test.
Routes stream_routes(std::promise<StreamHandle>& opened) {
  Routes routes;
  routes.add("GET", "/events", [&opened](const Request&, Responder responder) {
    opened.set_value(std::move(responder).open_stream(kHead));
  });
  routes.add("GET", "/hello", [](const Request&, Responder responder) {
    std::move(responder).send({200, {}, "text/plain", "hello"});
  });
  return routes;
}

}  // namespace

TEST_CASE("stream: pieces arrive as they are written and hold no worker") {
  std::promise<StreamHandle> opened;
  const auto listener = started({.workers = 1}, stream_routes(opened));
  Client reader(listener->port());
  reader.send(request("GET", "/events") + request("GET", "/hello"));
  StreamHandle stream = opened.get_future().get();
  const std::string head = reader.head();
  CHECK(head.find("Transfer-Encoding: chunked\r\n") != head.npos);
  CHECK(head.find("Content-Type: text/event-stream\r\n") != head.npos);
  CHECK(stream.write("data: 1\n\n"));
  CHECK(reader.bytes(14) == "9\r\ndata: 1\n\n\r\n");
  Client other(listener->port());
  other.send(request("GET", "/hello"));
  CHECK(other.answer() == "200 hello");
  CHECK(stream.write(""));  // not the last chunk
  CHECK(stream.write("data: 2\n\n"));
  stream.close();
  CHECK_FALSE(stream.write("late"));
  CHECK(reader.bytes(19) == "9\r\ndata: 2\n\n\r\n0\r\n\r\n");
  CHECK(reader.answer() == "200 hello");  // the next request on the same connection
}

TEST_CASE("stream: what a handler writes leaves while the handler still runs") {
  std::promise<void> received;
  Routes routes;
  routes.add("GET", "/events", [&](const Request&, Responder responder) {
    StreamHandle stream = std::move(responder).open_stream(kHead);
    CHECK(stream.write("progress"));
    received.get_future().wait();
    CHECK(stream.write("result"));
    stream.close();
  });
  const auto listener = started({}, std::move(routes));
  Client reader(listener->port());
  reader.send(request("GET", "/events"));
  reader.head();
  CHECK(reader.bytes(13) == "8\r\nprogress\r\n");
  received.set_value();
  CHECK(reader.bytes(16) == "6\r\nresult\r\n0\r\n\r\n");
}

TEST_CASE("stream: a writer learns that the reader left") {
  std::promise<StreamHandle> opened;
  const auto listener = started({}, stream_routes(opened));
  Client reader(listener->port());
  reader.send(request("GET", "/events"));
  StreamHandle stream = opened.get_future().get();
  std::promise<void> left;
  stream.on_disconnect([&] { left.set_value(); });
  reader.head();
  reader.leave();
  left.get_future().wait();
  CHECK_FALSE(stream.write("data"));
  std::atomic<bool> told = false;
  stream.on_disconnect([&] { told = true; });  // already happened: told at once
  CHECK(told);
}

TEST_CASE("stream: a reader that is too slow is cut, never given a gap") {
  std::promise<StreamHandle> opened;
  const auto listener = started({.stream_buffer_bytes_max = 64 * 1024}, stream_routes(opened));
  Client reader(listener->port());
  reader.send(request("GET", "/events"));
  StreamHandle stream = opened.get_future().get();
  std::promise<void> cut;
  stream.on_disconnect([&] { cut.set_value(); });
  const std::string piece(16 * 1024, 'x');
  std::size_t written = 0;
  while (stream.write(piece) && written < (256U << 20U)) written += piece.size();
  CHECK(written < (256U << 20U));
  const std::string all = reader.rest();
  CHECK_FALSE(all.ends_with("0\r\n\r\n"));
  cut.get_future().wait();
}

TEST_CASE("stream: dropped without close, the reader sees a broken body") {
  std::promise<StreamHandle> opened;
  const auto listener = started({}, stream_routes(opened));
  Client reader(listener->port());
  reader.send(request("GET", "/events"));
  { const StreamHandle dropped = opened.get_future().get(); }
  CHECK(reader.answer() == "200 (cut)");
}

TEST_CASE("stream: an HTTP/1.0 reader gets no chunks, a HEAD no body") {
  Routes routes;
  routes.add("GET", "/events", [](const Request&, Responder responder) {
    StreamHandle stream = std::move(responder).open_stream(kHead);
    CHECK(stream.write("data"));
    stream.close();
  });
  const auto listener = started({}, std::move(routes));
  Client old(listener->port());
  old.send("GET /events HTTP/1.0\r\nHost: localhost\r\n\r\n");
  CHECK(old.rest().ends_with("\r\n\r\ndata"));
  Client client(listener->port());
  client.send(request("HEAD", "/events") + request("HEAD", "/nothing"));
  CHECK(client.head().starts_with("HTTP/1.1 200 "));
  CHECK(client.head().substr(0, 13) == "HTTP/1.1 404 ");
}

TEST_CASE("stream: a stop ends open streams cleanly and tells their writers") {
  std::promise<StreamHandle> opened;
  const auto listener = started({}, stream_routes(opened));
  Client reader(listener->port());
  reader.send(request("GET", "/events"));
  StreamHandle stream = opened.get_future().get();
  std::promise<void> told;
  stream.on_disconnect([&] { told.set_value(); });
  CHECK(stream.write("data"));
  listener->stop();
  told.get_future().wait();
  CHECK_FALSE(stream.write("late"));
  CHECK(reader.answer() == "200 data");
  CHECK(reader.rest().empty());
}
