// Certificates made inside a test by OpenSSL.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace martgate {

struct CertificateFiles {
  std::string certificate;  // signs itself, so it is its own authority
  std::string key;
};

// `names` as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1". With a passphrase the key is
// encrypted.
inline CertificateFiles write_certificate(const std::filesystem::path& folder,
                                          const std::string& stem, const std::string& names,
                                          const std::string& passphrase = {}) {
  const auto check = [](bool is_done) {
    if (!is_done) throw std::runtime_error("OpenSSL made no certificate");
  };
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, void (*)(X509*)> made(X509_new(), X509_free);
  check(key != nullptr && made != nullptr);
  X509_set_version(made.get(), 2);  // counted from 0: version 3
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3'600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 86'400);
  X509_NAME* name = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(stem.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), name);
  X509_set_pubkey(made.get(), key.get());
  const std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)> alternative(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str()),
      X509_EXTENSION_free);
  check(alternative != nullptr && X509_add_ext(made.get(), alternative.get(), -1) == 1);
  check(X509_sign(made.get(), key.get(), EVP_sha256()) > 0);

  const CertificateFiles files{(folder / (stem + ".crt")).string(),
                               (folder / (stem + ".key")).string()};
  const auto write = [&](const std::string& path, auto put) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "w"),
                                                               std::fclose);
    check(file != nullptr && put(file.get()) == 1);
  };
  write(files.certificate, [&](std::FILE* file) { return PEM_write_X509(file, made.get()); });
  write(files.key, [&](std::FILE* file) {
    const auto* phrase = reinterpret_cast<const unsigned char*>(passphrase.data());
    return PEM_write_PrivateKey(file, key.get(), passphrase.empty() ? nullptr : EVP_aes_128_cbc(),
                                passphrase.empty() ? nullptr : phrase,
                                static_cast<int>(passphrase.size()), nullptr, nullptr);
  });
  return files;
}

}  // namespace martgate
