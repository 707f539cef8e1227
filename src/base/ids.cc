#include "base/ids.h"

#include <openssl/rand.h>

#include "base/check.h"
#include "base/digest.h"
#include "base/random.h"

namespace martgate {

RandomBits128 RandomIds::next() {
  RandomBits128 bits{};
  MARTGATE_CHECK(RAND_bytes(bits.data(), static_cast<int>(bits.size())) == 1);
  return bits;
}

RandomBits128 SeededIds::next() {
  const std::lock_guard lock(mutex_);
  RandomBits128 bits{};
  for (std::size_t half = 0; half < 2; ++half) {
    const std::uint64_t word = splitmix64(state_);
    for (std::size_t i = 0; i < 8; ++i) {
      bits[half * 8 + i] = static_cast<std::uint8_t>(word >> (8 * i));
    }
  }
  return bits;
}

RandomBits128 time_ordered(RandomBits128 bits, WallTime at) {
  const auto ms = static_cast<std::uint64_t>(at.time_since_epoch().count());
  for (std::size_t i = 0; i < 6; ++i) bits[i] = static_cast<std::uint8_t>(ms >> (8 * (5 - i)));
  return bits;
}

std::string id_text(const char* prefix, const RandomBits128& bits) {
  return prefix + to_hex(bits);
}

}  // namespace martgate
