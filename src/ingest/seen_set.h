// Hashes that were met before, in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace martgate::ingest {

// Open addressing over 64-bit hashes; grows by doubling up to kSeenMax entries (64 MiB) and then
// only answers "maybe", so that memory stays flat and whoever asks looks it up.
class SeenSet {
 public:
  enum class Answer : std::uint8_t { New, Maybe };
  // New: this hash was not added before. Maybe: it was, or the set is full.
  [[nodiscard]] Answer add(std::uint64_t hash);

  static constexpr std::size_t kSeenMax = 4UL << 20U;

 private:
  void grow();

  std::vector<std::uint64_t> slots_ = std::vector<std::uint64_t>(1'024);  // 0: empty
  std::size_t count_ = 0;
  bool has_zero_ = false;
};

}  // namespace martgate::ingest
