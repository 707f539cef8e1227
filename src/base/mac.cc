#include "base/mac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/check.h"

namespace martgate {

MacKey random_mac_key() {
  MacKey key{};
  MARTGATE_CHECK(RAND_bytes(key.data(), static_cast<int>(key.size())) == 1);
  return key;
}

Digest hmac_sha256(const MacKey& key, std::string_view message) {
  return hmac_sha256(std::string_view(reinterpret_cast<const char*>(key.data()), key.size()),
                     message);
}

Digest hmac_sha256(std::string_view secret, std::string_view message) {
  Digest mac{};
  unsigned size = 0;
  MARTGATE_CHECK(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                      reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                      mac.data(), &size) != nullptr);
  return mac;
}

bool equal_secrets(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace martgate
