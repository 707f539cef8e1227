#include "ingest/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/digest.h"

namespace martgate::ingest {
namespace {

constexpr std::string_view kUnreadable = "unreadable_file";

constexpr std::string_view kChanged = "changed_file";

constexpr std::size_t kPartBytes = 256UL << 10U;
// Text packs to a tenth or, when it repeats, to a hundredth. What grows further is a bomb; the
// ratio counts once there is something to judge.
constexpr std::int64_t kInflationMax = 400;
constexpr std::int64_t kInflationJudgedBytes = 64LL << 20U;
constexpr int kGzipWindowBits = 15 + 16;  // the largest window; +16: a gzip header is expected

}  // namespace

// ---- FileBytes

struct FileBytes::State {
  explicit State(std::filesystem::path path_in) : path(std::move(path_in)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (descriptor >= 0) ::close(descriptor);
    if (is_gzip) inflateEnd(&inflater);
  }

  Result<std::size_t> read_disk(std::span<char> into) {
    ssize_t count = 0;
    do {
      count = ::read(descriptor, into.data(), into.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
      return fail(Code::Unavailable,
                  fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)), {},
                  kUnreadable);
    }
    const auto size = static_cast<std::size_t>(count);
    digest.add({into.data(), size});
    bytes += count;
    return size;
  }

  Result<std::size_t> read_inflated(std::span<char> into) {
    inflater.next_out = reinterpret_cast<Bytef*>(into.data());
    inflater.avail_out = static_cast<uInt>(into.size());
    while (inflater.avail_out == into.size()) {
      if (inflater.avail_in == 0) {
        auto count = read_disk(packed);
        if (!count) return count;
        if (*count == 0) {
          if (is_member_open) {
            return fail(Code::Unavailable,
                        fmt::format("{} ends within its gzip data", path.string()), {},
                        kUnreadable);
          }
          return 0;
        }
        inflater.next_in = reinterpret_cast<Bytef*>(packed.data());
        inflater.avail_in = static_cast<uInt>(*count);
      }
      is_member_open = true;
      const int rc = inflate(&inflater, Z_NO_FLUSH);
      if (rc == Z_STREAM_END) {
        // A gzip file may hold several members, one behind the other (RFC 1952, section 2.2).
        is_member_open = false;
        inflateReset(&inflater);
      } else if (rc != Z_OK) {
        return fail(Code::Unavailable, fmt::format("{} is damaged gzip data", path.string()), {},
                    kUnreadable);
      }
    }
    const std::size_t count = into.size() - inflater.avail_out;
    inflated += static_cast<std::int64_t>(count);
    if (inflated > kInflationJudgedBytes && inflated > bytes * kInflationMax) {
      return fail(
          Code::InvalidArgument,
          fmt::format("{} inflates to more than {} times its size", path.string(), kInflationMax),
          {"deliver it unpacked when that is how it must be"}, kUnreadable);
    }
    return count;
  }

  // The file's size and time of change, as they are now.
  [[nodiscard]] bool is_as_opened() const {
    struct stat now {};
    return ::fstat(descriptor, &now) == 0 && now.st_size == opened.st_size &&
           now.st_mtim.tv_sec == opened.st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == opened.st_mtim.tv_nsec;
  }

  std::filesystem::path path;
  int descriptor = -1;
  Sha256 digest;
  std::int64_t bytes = 0;
  std::int64_t inflated = 0;
  struct stat opened {};
  bool is_gzip = false;
  bool is_member_open = false;
  z_stream inflater{};
  std::array<char, kPartBytes> packed{};
};

FileBytes::FileBytes(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileBytes::FileBytes(FileBytes&&) noexcept = default;
FileBytes& FileBytes::operator=(FileBytes&&) noexcept = default;
FileBytes::~FileBytes() = default;

Result<FileBytes> FileBytes::open(const std::filesystem::path& path) {
  auto state = std::make_unique<State>(path);
  state->descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (state->descriptor < 0) {
    return fail(Code::Unavailable,
                fmt::format("cannot open {}: {}", path.string(), std::strerror(errno)), {},
                kUnreadable);
  }
  // A pipe or a device would keep the reader waiting, or never end.
  if (::fstat(state->descriptor, &state->opened) != 0 || !S_ISREG(state->opened.st_mode)) {
    return fail(Code::Unavailable, fmt::format("{} is no regular file", path.string()), {},
                kUnreadable);
  }
  if (path.extension() == ".gz") {
    MARTGATE_CHECK(inflateInit2(&state->inflater, kGzipWindowBits) == Z_OK);
    state->is_gzip = true;
  }
  return FileBytes(std::move(state));
}

Result<std::size_t> FileBytes::read(std::span<char> into) {
  return state_->is_gzip ? state_->read_inflated(into) : state_->read_disk(into);
}

Result<DeliveryIdentity> FileBytes::finish() {
  for (;;) {
    const auto count = state_->read_disk(state_->packed);
    if (!count) return tl::unexpected(count.error());
    if (*count > 0) continue;
    if (!state_->is_as_opened() || state_->bytes != state_->opened.st_size) {
      return fail(Code::Unavailable,
                  fmt::format("{} changed while it was read", state_->path.string()),
                  {"it is loaded when it is complete"}, kChanged);
    }
    return DeliveryIdentity{to_hex(state_->digest.finish()), state_->bytes};
  }
}

// ---- Window

Result<bool> Window::read_until(std::size_t at) {
  while (at >= end_ - begin_) {
    if (is_ended_) return false;
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (buffer_.size() < end_ + kPartBytes) buffer_.resize(end_ + kPartBytes);
    const auto count = source_.read(std::span(buffer_).subspan(end_, kPartBytes));
    if (!count) return tl::unexpected(count.error());
    is_ended_ = *count == 0;
    end_ += *count;
  }
  return true;
}

void Window::drop(std::size_t count) {
  begin_ += count;
  offset_ += count;
}

}  // namespace martgate::ingest
