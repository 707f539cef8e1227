// The client's side of TLS, against a server whose certificate is made here.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>

#include "ingest/connect/http_get.h"
#include "temp_folder.h"

using namespace martgate;
using namespace martgate::ingest;

namespace {

template <auto F>
struct Free {
  template <class T>
  void operator()(T* object) const {
    F(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;

Certificate self_signed(EVP_PKEY* key, const char* names) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3'600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3'600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  for (const auto& [nid, value] :
       {std::pair{NID_subject_alt_name, names}, {NID_basic_constraints, "critical,CA:TRUE"}}) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    REQUIRE(extension != nullptr);
    X509_add_ext(certificate.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  REQUIRE(X509_sign(certificate.get(), key, EVP_sha256()) > 0);
  return certificate;
}

// Answers every connection that completes its handshake with one page.
class TlsServer {
 public:
  explicit TlsServer(const char* names) {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate = self_signed(key.get(), names);
    context_.reset(SSL_CTX_new(TLS_server_method()));
    REQUIRE(SSL_CTX_use_certificate(context_.get(), certificate.get()) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1);
    FILE* file = std::fopen(ca_file().c_str(), "w");
    REQUIRE(PEM_write_X509(file, certificate.get()) == 1);
    std::fclose(file);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 4) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~TlsServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  [[nodiscard]] std::string ca_file() const { return (folder_.path() / "ca.pem").string(); }
  [[nodiscard]] Url url(const std::string& host) const {
    return *parse_url("https://" + host + ":" + std::to_string(port_) + "/x");
  }

 private:
  void run() {
    for (;;) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      const std::unique_ptr<SSL, Free<SSL_free>> ssl(SSL_new(context_.get()));
      SSL_set_fd(ssl.get(), client);
      char request[4096];
      if (SSL_accept(ssl.get()) == 1 && SSL_read(ssl.get(), request, sizeof request) > 0) {
        constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]";
        SSL_write(ssl.get(), kAnswer.data(), static_cast<int>(kAnswer.size()));
        SSL_shutdown(ssl.get());
      }
      ::close(client);
    }
  }

  TempFolder folder_;
  std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>> context_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("http: a certificate that nobody vouches for, or for another name, ends the run") {
  const SystemClock clock;
  const TlsServer server("DNS:shop.example,IP:127.0.0.1");
  HttpGetOptions options;
  options.request_ms_max = 5'000;
  const auto unknown = http_get(server.url("127.0.0.1"), options, clock);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().error.reason == "tls");
  CHECK_FALSE(unknown.error().is_transient);
  options.ca_file = server.ca_file();
  const auto other_name = http_get(server.url("localhost"), options, clock);
  REQUIRE_FALSE(other_name);
  CHECK(other_name.error().error.reason == "tls");
  options.ca_file = "/nowhere.pem";
  CHECK(http_get(server.url("127.0.0.1"), options, clock).error().error.reason == "tls");
}

TEST_CASE("http: a trusted certificate for the name or the address is accepted") {
  const SystemClock clock;
  const TlsServer server("DNS:localhost,IP:127.0.0.1");
  HttpGetOptions options;
  options.ca_file = server.ca_file();
  options.request_ms_max = 5'000;
  for (const char* host : {"localhost", "127.0.0.1"}) {
    INFO(host);
    const auto answer = http_get(server.url(host), options, clock);
    REQUIRE_MESSAGE(answer.has_value(), (answer ? "" : answer.error().error.message));
    CHECK(answer->body == "[]");
  }
}
