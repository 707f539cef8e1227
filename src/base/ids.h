// Randomness as an argument: request ids, boot epochs, keys.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>

#include "base/clock.h"

namespace martgate {

using RandomBits128 = std::array<std::uint8_t, 16>;

// Threads: next() may be called from any thread.
class IdSource {
 public:
  virtual ~IdSource() = default;
  [[nodiscard]] virtual RandomBits128 next() = 0;
};

// The operating system's generator by way of OpenSSL; stops the program if it fails.
class RandomIds final : public IdSource {
 public:
  [[nodiscard]] RandomBits128 next() override;
};

// The same ids for the same seed: tests, goldens, simulation. Not secret.
class SeededIds final : public IdSource {
 public:
  explicit SeededIds(std::uint64_t seed) : state_(seed) {}
  [[nodiscard]] RandomBits128 next() override;

 private:
  std::mutex mutex_;
  std::uint64_t state_;
};

// The same bits with the first 48 replaced by milliseconds since 1970: ids that are drawn later
// sort later, which keeps an index on them compact (the idea of UUID version 7, RFC 9562). 80 bits
// stay random.
[[nodiscard]] RandomBits128 time_ordered(RandomBits128 bits, WallTime at);

// "req_" + 32 lower-case hex digits.
[[nodiscard]] std::string id_text(const char* prefix, const RandomBits128& bits);

}  // namespace martgate
