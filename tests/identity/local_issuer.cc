#include "identity/local_issuer.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <httplib.h>

#include "certificate.h"

namespace martgate::identity {

LocalIssuer::LocalIssuer(std::string jwks, const std::filesystem::path& certificate_folder)
    : body_(std::move(jwks)) {
  if (certificate_folder.empty()) {
    server_ = std::make_unique<httplib::Server>();
  } else {
    scheme_ = "https";
    const CertificateFiles files = write_certificate(certificate_folder, "issuer", "IP:127.0.0.1");
    server_ = std::make_unique<httplib::SSLServer>(files.certificate.c_str(), files.key.c_str());
  }
  const auto answer = [this](const httplib::Request&, httplib::Response& response) {
    ++requests_;
    const std::lock_guard lock(mutex_);
    response.status = status_;
    response.set_content(body_, "application/json");
  };
  server_->Get("/jwks.json", answer);
  server_->Get("/moved", [this](const httplib::Request&, httplib::Response& response) {
    ++requests_;
    response.set_redirect("/jwks.json");
  });
  port_ = server_->bind_to_any_port("127.0.0.1");
  REQUIRE(port_ > 0);
  thread_ = std::thread([this] { server_->listen_after_bind(); });
}

LocalIssuer::~LocalIssuer() {
  while (!server_->is_running()) std::this_thread::yield();
  server_->stop();
  thread_.join();
}

void LocalIssuer::serve(int status, std::string body) {
  const std::lock_guard lock(mutex_);
  status_ = status;
  body_ = std::move(body);
}

std::string LocalIssuer::url(const std::string& path) const {
  return fmt::format("{}://127.0.0.1:{}{}", scheme_, port_, path);
}

}  // namespace martgate::identity
