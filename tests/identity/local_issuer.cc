#include "identity/local_issuer.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <httplib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/files.h"

namespace martgate::identity {
namespace {

// A certificate that signs itself, for the address 127.0.0.1 and for an hour.
X509* self_signed(EVP_PKEY* key) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3'600);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("issuer"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_set_pubkey(certificate, key);
  for (const auto& [nid, value] : {std::pair{NID_subject_alt_name, "IP:127.0.0.1"},
                                   std::pair{NID_basic_constraints, "critical,CA:TRUE"}}) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    REQUIRE(extension != nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  REQUIRE(X509_sign(certificate, key, EVP_sha256()) > 0);
  return certificate;
}

std::string pem_of(X509* certificate) {
  BIO* memory = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(memory, certificate);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(memory, &bytes);
  std::string text(bytes, static_cast<std::size_t>(size));
  BIO_free(memory);
  return text;
}

}  // namespace

LocalIssuer::LocalIssuer(std::string jwks, const std::filesystem::path& certificate_file)
    : body_(std::move(jwks)) {
  if (certificate_file.empty()) {
    server_ = std::make_unique<httplib::Server>();
  } else {
    scheme_ = "https";
    EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    X509* certificate = self_signed(key);
    REQUIRE(replace_file(certificate_file, pem_of(certificate)));
    server_ = std::make_unique<httplib::SSLServer>(certificate, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
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
