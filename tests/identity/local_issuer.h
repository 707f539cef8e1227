// An issuer's public face on loopback: one URL with a JWK Set that a test can change.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace httplib {
class Server;
}

namespace martgate::identity {

class LocalIssuer {
 public:
  // Over TLS when a folder is given: a certificate of its own for 127.0.0.1 is written there, in
  // issuer.crt.
  explicit LocalIssuer(std::string jwks, const std::filesystem::path& certificate_folder = {});
  ~LocalIssuer();
  LocalIssuer(const LocalIssuer&) = delete;
  LocalIssuer& operator=(const LocalIssuer&) = delete;

  void serve(int status, std::string body);
  [[nodiscard]] std::string url(const std::string& path = "/jwks.json") const;
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] int requests() const { return requests_; }

 private:
  std::unique_ptr<httplib::Server> server_;
  std::string scheme_ = "http";
  int port_ = 0;
  std::atomic<int> requests_ = 0;
  std::mutex mutex_;
  int status_ = 200;
  std::string body_;
  std::thread thread_;
};

}  // namespace martgate::identity
