// Where an issuer's keys come from, and the one act of getting them.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "identity/public_key.h"

namespace martgate::identity {

inline constexpr std::chrono::seconds kFetchConnectMax{5};
inline constexpr std::chrono::seconds kFetchMax{15};  // from the request to the last byte

struct KeySource {
  std::string issuer;
  Algorithm algorithm = Algorithm::RS256;
  std::filesystem::path file;     // a JWK Set on disk, or
  std::string url;                // https, or http on loopback
  std::filesystem::path ca_file;  // PEM; trusted for `url` instead of the system's authorities

  [[nodiscard]] std::string place() const { return url.empty() ? file.string() : url; }
};

class KeyFetcher {
 public:
  virtual ~KeyFetcher() = default;
  // The text of a JWK Set. Errors: Unavailable, NotFound; ResourceExhausted, longer than
  // kKeySetBytesMax.
  [[nodiscard]] virtual Result<std::string> fetch(const KeySource& source) = 0;
};

// Files, and GET with certificate and host name checked. Redirects are not followed and nothing is
// decompressed: the place that was configured is the only one that is read. Blocks; never called
// while a request is answered.
class SystemKeyFetcher final : public KeyFetcher {
 public:
  explicit SystemKeyFetcher(const Clock& clock) : clock_(clock) {}
  [[nodiscard]] Result<std::string> fetch(const KeySource& source) override;

 private:
  const Clock& clock_;
};

}  // namespace martgate::identity
