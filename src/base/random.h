// Seeded pseudo-randomness with the same sequence on every platform. Never for secrets.
#pragma once

#include <cstdint>

namespace martgate {

// Advances the state and returns 64 well-mixed bits. Source: Steele, Lea, Flood 2014 (SplitMix64).
[[nodiscard]] constexpr std::uint64_t splitmix64(std::uint64_t& state) {
  std::uint64_t word = state += 0x9e3779b97f4a7c15U;
  word = (word ^ (word >> 30U)) * 0xbf58476d1ce4e5b9U;
  word = (word ^ (word >> 27U)) * 0x94d049bb133111ebU;
  return word ^ (word >> 31U);
}

class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(seed) {}
  [[nodiscard]] constexpr std::uint64_t bits() { return splitmix64(state_); }
  // Uniform in [0, bound); bound > 0. The modulo bias is below 2^-32 for bounds under 2^32.
  [[nodiscard]] constexpr std::uint64_t below(std::uint64_t bound) { return bits() % bound; }
  // Uniform in [low, high], both included.
  [[nodiscard]] constexpr std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  // Uniform in [0, 1).
  [[nodiscard]] constexpr double unit() { return static_cast<double>(bits() >> 11U) * 0x1.0p-53; }
  [[nodiscard]] constexpr bool chance(double probability) { return unit() < probability; }

 private:
  std::uint64_t state_;
};

}  // namespace martgate
