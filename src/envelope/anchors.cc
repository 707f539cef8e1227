#include "envelope/anchors.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/check.h"
#include "base/digest.h"
#include "base/files.h"
#include "base/json_writer.h"
#include "base/mac.h"
#include "envelope/record.h"

namespace martgate::envelope {
namespace {

constexpr std::size_t kLineBytesMax = 512;
// Keeps these signatures apart from any other use of the key.
constexpr std::string_view kPurpose("martgate-anchor-v1\0", 19);

tl::unexpected<Error> bad_anchor(std::string message) {
  return fail(Code::InvalidArgument, std::move(message), {}, "bad_anchor");
}

tl::unexpected<Error> os_error(std::string_view act, const std::filesystem::path& path) {
  const int number = errno;
  return fail(number == ENOENT ? Code::NotFound : Code::Unavailable,
              fmt::format("cannot {} {}: {}", act, path.string(), std::strerror(number)));
}

// `mac` empty: the form that is signed.
std::string line_of(const Anchor& anchor, std::string_view mac) {
  std::string line;
  JsonWriter json(line);
  json.begin_object();
  json.field("at", to_rfc3339(anchor.at));
  json.field("boot_epoch", anchor.boot_epoch);
  json.field("head", anchor.head);
  if (!mac.empty()) json.field("mac", mac);
  json.field("seq", anchor.seq);
  json.end_object();
  return line;
}

std::string mac_of(const Anchor& anchor, const AnchorKey& key) {
  const std::string message = std::string(kPurpose) + line_of(anchor, {});
  return to_hex(hmac_sha256(key, message));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::optional<std::uint8_t> nibble_of(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  return std::nullopt;
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : ".";
}

}  // namespace

std::string anchor_line(const Anchor& anchor, const AnchorKey& key) {
  return line_of(anchor, mac_of(anchor, key));
}

Result<Anchor> parse_anchor_line(std::string_view line, const AnchorKey& key) {
  if (line.size() > kLineBytesMax) return bad_anchor("the anchor is longer than any of ours");
  const auto object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object()) return bad_anchor("the anchor is not a JSON object");
  const auto text = [&object](const char* name) {
    const auto found = object.find(name);
    const auto* value =
        found == object.end() ? nullptr : found->get_ptr<const nlohmann::json::string_t*>();
    return value == nullptr ? std::string() : *value;
  };
  const auto number = [&object](const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : -1;
  };
  const auto at = parse_rfc3339(text("at"));
  if (!at) return bad_anchor("the anchor has no time");
  Anchor anchor{*at, number("seq"), text("head"), number("boot_epoch")};
  if (anchor.seq < 0 || anchor.boot_epoch < 0 || anchor.head.size() != kNoHash.size()) {
    return bad_anchor("the anchor misses a member or holds one of another type");
  }
  const std::string expected = anchor_line(anchor, key);
  if (!equal_secrets(expected, line)) {
    return bad_anchor("the signature of the anchor does not match");
  }
  return anchor;
}

Result<AnchorKey> read_anchor_key(const std::filesystem::path& path) {
  const auto text = read_file(path, 1'024);
  if (!text) return tl::unexpected(text.error());
  AnchorKey key{};
  bool ok = text->size() == key.size() * 2 + 1 && text->back() == '\n';
  for (std::size_t i = 0; ok && i < key.size(); ++i) {
    const auto high = nibble_of((*text)[i * 2]);
    const auto low = nibble_of((*text)[i * 2 + 1]);
    ok = high && low;
    if (ok) key[i] = static_cast<std::uint8_t>(*high * 16 + *low);
  }
  if (!ok) {
    return fail(Code::InvalidArgument,
                fmt::format("{} does not hold a key of 64 hex digits", path.string()), {},
                "bad_anchor_key");
  }
  return key;
}

Result<AnchorKey> create_anchor_key(const std::filesystem::path& path, IdSource& ids) {
  AnchorKey key{};
  for (std::size_t half = 0; half < 2; ++half) {
    const RandomBits128 bits = ids.next();
    std::ranges::copy(bits, key.begin() + static_cast<std::ptrdiff_t>(half * bits.size()));
  }
  std::filesystem::path beside = path;
  beside += ".new";
  const int fd =
      ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return os_error("create", beside);
  // The mode of open() is kept only by a new file; one left over from a crash gets it here.
  const bool written =
      ::fchmod(fd, 0600) == 0 && write_all(fd, to_hex(key) + "\n") && ::fsync(fd) == 0;
  ::close(fd);
  if (!written) return os_error("write", beside);
  if (::rename(beside.c_str(), path.c_str()) != 0) return os_error("rename", path);
  if (const auto synced = sync_folder(folder_of(path)); !synced) {
    return tl::unexpected(synced.error());
  }
  return key;
}

Status each_anchor(const std::filesystem::path& path, std::uint64_t bytes_max, const AnchorKey& key,
                   const std::function<bool(std::int64_t, const Anchor&)>& on_anchor) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return os_error("open", path);
  std::array<char, kLineBytesMax + 2> buffer{};
  std::uint64_t bytes_read = 0;
  for (std::int64_t line_number = 1;; ++line_number) {
    file.getline(buffer.data(), buffer.size());
    const auto count = static_cast<std::uint64_t>(file.gcount());
    if (file.bad()) return os_error("read", path);
    // At the end of the file there is no line end to count: an unfinished line, or nothing.
    if (file.eof() || bytes_read + count > bytes_max) return {};
    if (file.fail()) {
      return bad_anchor(fmt::format("line {}: the anchor is longer than any of ours", line_number));
    }
    bytes_read += count;
    const auto anchor = parse_anchor_line({buffer.data(), count - 1}, key);
    if (!anchor) {
      return tl::unexpected(with_context(anchor.error(), fmt::format("line {}", line_number)));
    }
    if (!on_anchor(line_number, *anchor)) return {};
  }
}

Result<std::optional<Anchor>> last_anchor(const std::filesystem::path& path, const AnchorKey& key) {
  errno = 0;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return os_error("open", path);
  const auto size = static_cast<std::int64_t>(file.tellg());
  // A finished line and an unfinished one fit into this many bytes.
  const std::int64_t tail_bytes = std::min<std::int64_t>(size, 2 * (kLineBytesMax + 1));
  std::string tail(static_cast<std::size_t>(tail_bytes), '\0');
  file.seekg(size - tail_bytes);
  if (!file.read(tail.data(), tail_bytes)) return os_error("read", path);
  const std::size_t end = tail.rfind('\n');
  if (end == std::string::npos) {
    if (size > tail_bytes) return bad_anchor("the last anchor is longer than any of ours");
    return std::nullopt;
  }
  const std::size_t before = end == 0 ? std::string::npos : tail.rfind('\n', end - 1);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  auto anchor = parse_anchor_line(std::string_view(tail).substr(begin, end - begin), key);
  if (!anchor) return tl::unexpected(with_context(anchor.error(), "last line"));
  return *anchor;
}

Result<AnchorLog> AnchorLog::open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (fd < 0) return os_error("open", path);
  AnchorLog log(fd);
  off_t end = ::lseek(fd, 0, SEEK_END);
  const off_t whole = end;
  char last = '\n';
  while (end > 0) {
    if (::pread(fd, &last, 1, end - 1) != 1) return os_error("read", path);
    if (last == '\n') break;
    --end;
  }
  if (end < 0 || (end != whole && ::ftruncate(fd, end) != 0) || ::fsync(fd) != 0) {
    return os_error("open", path);
  }
  if (const auto synced = sync_folder(folder_of(path)); !synced) {
    return tl::unexpected(synced.error());
  }
  return log;
}

AnchorLog::AnchorLog(AnchorLog&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

AnchorLog::~AnchorLog() {
  if (fd_ >= 0) ::close(fd_);
}

Status AnchorLog::append(std::string_view line) {
  // One write for the line and its end: a reader sees the end only behind a whole line.
  if (!write_all(fd_, std::string(line) + "\n") || ::fdatasync(fd_) != 0) {
    return os_error("write", "the anchors");
  }
  return {};
}

}  // namespace martgate::envelope
