#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>
#include <vector>

#include "base/files.h"
#include "certificate.h"
#include "http/client.h"
#include "temp_folder.h"

using namespace martgate;
using namespace martgate::http;

namespace {

constexpr const char* kLoopbackNames = "DNS:localhost,IP:127.0.0.1";

// A server with a certificate of its own for localhost, and clients that trust it.
class Secure {
 public:
  explicit Secure(ListenerOptions options = {}) {
    files_ = write_certificate(folder_.path(), "server", kLoopbackNames);
    options.tls = TlsFiles{files_.certificate, files_.key};
    listener_ = started(std::move(options), routes());
  }
  [[nodiscard]] Client client() const { return {listener_->port(), trust()}; }
  [[nodiscard]] ClientTls trust() const { return {files_.certificate}; }
  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }
  [[nodiscard]] const CertificateFiles& files() const { return files_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }
  Listener& listener() { return *listener_; }
  StreamHandle stream() { return opened_.get_future().get(); }

 private:
  Routes routes() {
    Routes routes;
    routes.add("GET", "/hello", [](const Request&, Responder responder) {
      std::move(responder).send({200, {}, "text/plain", "hello"});
    });
    routes.add("POST", "/echo", [](const Request& request, Responder responder) {
      std::move(responder).send({200, {}, "text/plain", std::string(request.body)});
    });
    routes.add("GET", "/large", [](const Request&, Responder responder) {
      std::move(responder).send({200, {}, "text/plain", std::string(64U << 20U, 'x')});
    });
    routes.add("GET", "/events", [this](const Request&, Responder responder) {
      opened_.set_value(std::move(responder).open_stream({200, {}, "text/event-stream", ""}));
    });
    return routes;
  }

  TempFolder folder_;
  CertificateFiles files_;
  std::promise<StreamHandle> opened_;
  std::unique_ptr<Listener> listener_;
};

std::string reason_of(const TlsFiles& files) {
  const auto loaded = TlsContext::load(files);
  if (loaded) return "accepted";
  CHECK(loaded.error().code == Code::InvalidArgument);
  return loaded.error().message;
}

}  // namespace

TEST_CASE("tls: certificate and key that do not work together are refused at the start") {
  const TempFolder folder;
  const auto one = write_certificate(folder.path(), "one", kLoopbackNames);
  const auto two = write_certificate(folder.path(), "two", kLoopbackNames);
  const auto locked = write_certificate(folder.path(), "locked", kLoopbackNames, "passphrase");
  CHECK(reason_of({one.certificate, one.key}) == "accepted");
  CHECK(reason_of({one.certificate, two.key}).find("two.key cannot be used") != std::string::npos);
  CHECK(reason_of({locked.certificate, locked.key}).find("locked.key") != std::string::npos);
  CHECK(reason_of({one.key, one.key}).find("the certificate") != std::string::npos);
  CHECK(reason_of({one.certificate, one.certificate}).find("the key") != std::string::npos);
  CHECK(reason_of({(folder.path() / "none").string(), one.key}).find("none") != std::string::npos);
  CHECK(reason_of({one.certificate, folder.path().string()}) != "accepted");
  const SystemClock clock;
  CHECK_FALSE(Listener::start({.tls = TlsFiles{one.certificate, two.key}}, {}, clock));
}

TEST_CASE("tls: requests are answered one after another on one connection") {
  const Secure server;
  Client client = server.client();
  REQUIRE(client.is_secure());
  client.send(request("GET", "/hello") + request("POST", "/echo", "two") +
              request("POST", "/echo", {}, "Transfer-Encoding: chunked\r\n") +
              "5\r\nthree\r\n0\r\n\r\n");
  CHECK(client.answer() == "200 hello");
  CHECK(client.answer() == "200 two");
  CHECK(client.answer() == "200 three");
  client.send(request("POST", "/echo", {}, "Expect: 100-continue\r\nContent-Length: 4\r\n"));
  CHECK(client.head() == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  CHECK(client.answer() == "200 body");
  const std::string large(3'000'000, 'x');
  client.send(request("POST", "/echo", large));
  CHECK(client.answer() == "200 " + large);
  for (const char byte : request("POST", "/echo", "bytes")) client.send(std::string(1, byte));
  CHECK(client.answer() == "200 bytes");
}

TEST_CASE("tls: what is refused in the clear is refused here") {
  const Secure server({.body_bytes_max = 1'000});
  const std::string hidden = request("GET", "/hello");
  const std::pair<std::string, const char*> cases[] = {
      {request("POST", "/echo", {}, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
       "HTTP/1.1 400"},
      {request("POST", "/echo", {}, "Content-Length: 5\r\nContent-Length: 5\r\n"), "HTTP/1.1 400"},
      {request("POST", "/echo", {}, "Transfer-Encoding: chunked\r\n") + "0;x\r\n\r\n",
       "HTTP/1.1 400"},
      {request("POST", "/echo", {}, "Content-Length: 1001\r\n"), "HTTP/1.1 413"},
      {"GET /hello HTTP/1.1\nHost: localhost\n\n", "HTTP/1.1 400"},
      {"GET /hello HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 9\r\n\r\n", "HTTP/1.1 403"},
  };
  for (const auto& [first, status] : cases) {
    CAPTURE(first);
    Client client = server.client();
    client.send(first + hidden);
    const std::string rest = client.rest();
    CHECK(rest.starts_with(status));
    CHECK(rest.find("HTTP/1.1 200") == rest.npos);
    CHECK(client.was_told_the_end());
  }
}

TEST_CASE("tls: who speaks plain HTTP, or nothing, gets no answer and holds nothing") {
  Secure server({.handshake_ms_max = 60});
  Client plain(server.port());
  plain.send(request("GET", "/hello"));
  CHECK(plain.rest().find("HTTP/1.1") == std::string::npos);
  Client silent(server.port());
  CHECK(silent.rest().empty());
  Client slow(server.port());
  slow.send("\x16\x03\x01");  // a handshake record that never comes
  CHECK(slow.rest().empty());
  Client good = server.client();
  good.send(request("GET", "/hello"));
  CHECK(good.answer() == "200 hello");
  while (server.listener().connections_open() > 1) std::this_thread::yield();
}

TEST_CASE("tls: versions before 1.2 are refused, 1.2 and 1.3 are spoken") {
  const Secure server;
  const auto with = [&](int version) {
    ClientTls tls = server.trust();
    tls.version_max = version;
    return Client(server.port(), tls);
  };
  CHECK_FALSE(with(TLS1_VERSION).is_secure());
  CHECK_FALSE(with(TLS1_1_VERSION).is_secure());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Client client = with(version);
    REQUIRE(client.is_secure());
    CHECK(SSL_version(client.tls()) == version);
    client.send(request("GET", "/hello"));
    CHECK(client.answer() == "200 hello");
  }
}

TEST_CASE("tls: the certificate proves its own names only, and HTTP/1.1 is the only protocol") {
  const Secure server;
  ClientTls tls = server.trust();
  tls.name = "gate.example";
  CHECK_FALSE(Client(server.port(), tls).is_secure());
  const auto other = write_certificate(server.folder(), "other", kLoopbackNames);
  CHECK_FALSE(Client(server.port(), {other.certificate}).is_secure());
  tls = server.trust();
  tls.alpn = "h2";
  CHECK_FALSE(Client(server.port(), tls).is_secure());
  tls.alpn = "http/1.1";
  const Client client(server.port(), tls);
  REQUIRE(client.is_secure());
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(client.tls(), &chosen, &size);
  CHECK(std::string(reinterpret_cast<const char*>(chosen), size) == "http/1.1");
}

TEST_CASE("tls: idle connections take no worker, and a key update between requests is answered") {
  const Secure server({.workers = 1});
  std::vector<Client> idle;
  for (int count = 0; count < 100; ++count) idle.push_back(server.client());
  Client client = server.client();
  client.send(request("GET", "/hello"));
  CHECK(client.answer() == "200 hello");
  REQUIRE(SSL_key_update(client.tls(), SSL_KEY_UPDATE_REQUESTED) == 1);
  client.send(request("GET", "/hello"));
  CHECK(client.answer() == "200 hello");
  for (Client& other : idle) {
    other.send(request("GET", "/hello"));
    CHECK(other.answer() == "200 hello");
  }
}

TEST_CASE("tls: an idle connection is told its end") {
  const Secure server({.idle_ms_max = 50});
  Client client = server.client();
  CHECK(client.rest().empty());
  CHECK(client.was_told_the_end());
}

TEST_CASE("tls: a stream arrives in pieces, and its writer learns that the reader left") {
  Secure server({.workers = 1});
  Client reader = server.client();
  reader.send(request("GET", "/events"));
  StreamHandle stream = server.stream();
  reader.head();
  CHECK(stream.write("data: 1\n\n"));
  CHECK(reader.bytes(14) == "9\r\ndata: 1\n\n\r\n");
  CHECK(stream.write("data: 2\n\n"));
  CHECK(reader.bytes(14) == "9\r\ndata: 2\n\n\r\n");
  std::promise<void> left;
  stream.on_disconnect([&] { left.set_value(); });
  reader.leave();
  left.get_future().wait();
  CHECK_FALSE(stream.write("data"));
}

TEST_CASE("tls: a stream that is dropped breaks off without a quiet end") {
  Secure server;
  Client reader = server.client();
  reader.send(request("GET", "/events"));
  { const StreamHandle dropped = server.stream(); }
  CHECK(reader.answer() == "200 (cut)");
  CHECK_FALSE(reader.was_told_the_end());
}

TEST_CASE("tls: a client that does not read is closed at the write deadline") {
  Secure server({.write_ms_max = 50});
  Client client = server.client();
  client.send(request("GET", "/large"));
  CHECK(client.head().starts_with("HTTP/1.1 200 "));
  while (server.listener().connections_open() > 0) std::this_thread::yield();
  CHECK(client.rest().size() < (64U << 20U));
  CHECK_FALSE(client.was_told_the_end());
}

TEST_CASE("tls: a whole large answer arrives") {
  const Secure server;
  Client client = server.client();
  client.send(request("GET", "/large", {}, "Connection: close\r\n"));
  CHECK(client.answer().size() == (64U << 20U) + 4);
  CHECK(client.rest().empty());
  CHECK(client.was_told_the_end());
}

TEST_CASE("tls: clients beyond a cap shake hands and are told to come back") {
  const Secure server({.connections_per_address_max = 1});
  Client first = server.client();
  first.send(request("GET", "/hello"));
  CHECK(first.answer() == "200 hello");
  Client second = server.client();
  const std::string head = second.head();
  CHECK(head.starts_with("HTTP/1.1 503 "));
  CHECK(head.find("Retry-After: 1\r\n") != head.npos);
}

TEST_CASE("tls: a stop tells idle clients and closes those that have not shaken hands") {
  Secure server;
  Client idle = server.client();
  idle.send(request("GET", "/hello"));
  CHECK(idle.answer() == "200 hello");
  Client silent(server.port());
  while (server.listener().connections_open() < 2) std::this_thread::yield();
  server.listener().stop();
  CHECK(idle.rest().empty());
  CHECK(idle.was_told_the_end());
  CHECK(silent.rest().empty());
}

TEST_CASE(
    "tls: a reload serves the new certificate to new connections; a bad file changes nothing") {
  Secure server;
  Client before = server.client();
  const auto next = write_certificate(server.folder(), "next", kLoopbackNames);
  std::filesystem::copy_file(next.certificate, server.files().certificate,
                             std::filesystem::copy_options::overwrite_existing);
  CHECK_FALSE(server.listener().reload_tls());  // the key is still the old one
  std::filesystem::copy_file(next.key, server.files().key,
                             std::filesystem::copy_options::overwrite_existing);
  CHECK(server.listener().reload_tls());
  Client after(server.port(), {next.certificate});
  REQUIRE(after.is_secure());
  for (Client* client : {&before, &after}) {
    client->send(request("GET", "/hello"));
    CHECK(client->answer() == "200 hello");
  }
}

TEST_CASE("tls: many clients at once each get their own answers") {
  const Secure server;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 6; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < 5; ++round) {
        Client client = server.client();
        for (int count = 0; count < 20; ++count) {
          const std::string body = std::to_string(thread) + ":" + std::to_string(count);
          client.send(request("POST", "/echo", body));
          if (client.answer() != "200 " + body) ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}
