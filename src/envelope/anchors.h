// Signed heads of the chain, kept in a second file that only grows.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace martgate::envelope {

using AnchorKey = std::array<std::uint8_t, 32>;

// "At this time the chain had `seq` records, and the hash of the last one was `head`."
struct Anchor {
  WallTime at{};
  std::int64_t seq = 0;  // 0: the chain is empty
  std::string head;      // 64 hex digits; zeros when seq is 0
  std::int64_t boot_epoch = 0;

  friend bool operator==(const Anchor&, const Anchor&) = default;
};

// Canonical JSON with its HMAC-SHA256, without the line end.
[[nodiscard]] std::string anchor_line(const Anchor& anchor, const AnchorKey& key);
// Errors: InvalidArgument (reason "bad_anchor"): not such a line, or signed with another key.
[[nodiscard]] Result<Anchor> parse_anchor_line(std::string_view line, const AnchorKey& key);

// The key file holds 64 hex digits and a line end; created with mode 0600.
// Errors: NotFound; InvalidArgument (reason "bad_anchor_key"); Unavailable.
[[nodiscard]] Result<AnchorKey> read_anchor_key(const std::filesystem::path& path);
[[nodiscard]] Result<AnchorKey> create_anchor_key(const std::filesystem::path& path, IdSource& ids);

// Calls `on_anchor(line_number, anchor)` for each complete line of the first `bytes_max` bytes, in
// constant memory, until it returns false. A last line without its end is a write that was cut
// short, and is passed over. Errors: NotFound, Unavailable, and those of parse_anchor_line().
[[nodiscard]] Status each_anchor(const std::filesystem::path& path, std::uint64_t bytes_max,
                                 const AnchorKey& key,
                                 const std::function<bool(std::int64_t, const Anchor&)>& on_anchor);
// The last complete line, found from the end of the file; nothing when there is none.
[[nodiscard]] Result<std::optional<Anchor>> last_anchor(const std::filesystem::path& path,
                                                        const AnchorKey& key);

// Appends lines, each synced before append() returns. Threads: one at a time.
class AnchorLog {
 public:
  // Opens or creates the file, and cuts off a last line that has no end. Errors: Unavailable.
  [[nodiscard]] static Result<AnchorLog> open(const std::filesystem::path& path);
  AnchorLog(AnchorLog&& other) noexcept;
  AnchorLog& operator=(AnchorLog&&) = delete;
  ~AnchorLog();

  Status append(std::string_view line);  // Errors: Unavailable

 private:
  explicit AnchorLog(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace martgate::envelope
