#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace martgate {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

tl::unexpected<Error> os_error(std::string_view act, const std::filesystem::path& path) {
  const int number = errno;
  return fail(number == ENOENT ? Code::NotFound : Code::Unavailable,
              fmt::format("cannot {} {}: {}", act, path.string(), std::strerror(number)));
}

Status sync_path(const std::filesystem::path& path, int flags) {
  const Descriptor file(::open(path.c_str(), flags | O_CLOEXEC));
  if (!file.ok() || ::fsync(file.get()) != 0) return os_error("sync", path);
  return {};
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t bytes_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return os_error("open", path);
  std::string bytes;
  std::array<char, 65536> part{};
  for (;;) {
    const ssize_t count = ::read(file.get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return os_error("read", path);
    if (count == 0) return bytes;
    bytes.append(part.data(), static_cast<std::size_t>(count));
    if (bytes.size() > bytes_max) {
      return fail(Code::ResourceExhausted,
                  fmt::format("{} is longer than {} bytes", path.string(), bytes_max));
    }
  }
}

Status replace_file(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::path beside = path;
  beside += fmt::format(".{}.tmp", ::getpid());
  {
    const Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file.ok()) return os_error("create", beside);
    while (!bytes.empty()) {
      const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return os_error("write", beside);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    if (::fsync(file.get()) != 0) return os_error("sync", beside);
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return os_error("rename", path);
  return sync_folder(path.has_parent_path() ? path.parent_path() : ".");
}

Result<FileLock> FileLock::take(const std::filesystem::path& path, std::string_view holder) {
  FileLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (lock.descriptor_ < 0) return os_error("lock", path);
  if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return os_error("lock", path);
  return fail(Code::Unavailable, fmt::format("another {} holds {}", holder, path.string()),
              {"wait for it to end"}, "locked");
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status sync_folder(const std::filesystem::path& folder) {
  return sync_path(folder, O_RDONLY | O_DIRECTORY);
}

Status sync_file(const std::filesystem::path& path) {
  return sync_path(path, O_RDONLY);
}

}  // namespace martgate
