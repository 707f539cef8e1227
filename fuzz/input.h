// The bytes of one run, taken apart from the front.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace martgate::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : left_(reinterpret_cast<const char*>(data), size) {}

  // 0 when nothing is left.
  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    return value;
  }
  // Up to the next separator, which is taken and not returned; all that is left when none comes.
  std::string_view until(char separator) {
    const std::size_t at = std::min(left_.find(separator), left_.size());
    const std::string_view part = left_.substr(0, at);
    left_.remove_prefix(std::min(at + 1, left_.size()));
    return part;
  }
  [[nodiscard]] bool is_empty() const { return left_.empty(); }
  [[nodiscard]] std::string_view rest() const { return left_; }

 private:
  std::string_view left_;
};

}  // namespace martgate::fuzz
