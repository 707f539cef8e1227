#include "base/private_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace martgate {

Status prepare_private_file(const std::filesystem::path& path, std::string_view reason) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  struct stat found {};
  const bool is_there = fd >= 0 && ::fstat(fd, &found) == 0;
  const int number = errno;
  if (fd >= 0) ::close(fd);
  if (!is_there) {
    return fail(Code::Unavailable,
                fmt::format("cannot open {}: {}", path.string(), std::strerror(number)));
  }
  if ((found.st_mode & 077U) != 0) {
    return fail(Code::PermissionDenied,
                fmt::format("{} can be read by others than its owner", path.string()),
                {fmt::format("chmod 600 {}", path.string())}, reason);
  }
  return {};
}

}  // namespace martgate
