#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/files.h"
#include "base/json_writer.h"
#include "jobs/alert_sender.h"

namespace martgate::jobs {
namespace {

// What the end of the file is looked through for: more than one message's line, and less than
// anyone minds to read.
constexpr std::size_t kTailBytes = 64U << 10U;

class File {
 public:
  explicit File(const std::filesystem::path& path)
      : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

SendOutcome os_failure(std::string_view what) {
  return {false, fmt::format("{}: {}", what, std::strerror(errno)), std::nullopt};
}

class FileSender final : public AlertSender {
 public:
  explicit FileSender(std::filesystem::path path) : path_(std::move(path)) {}

  SendOutcome send(const Pending& message) override {
    const File file(path_);
    if (file.get() < 0) return os_failure("the alert file cannot be opened");
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    if (size < 0) return os_failure("the alert file cannot be read");
    const off_t from = std::max<off_t>(0, size - static_cast<off_t>(kTailBytes));
    std::string tail(static_cast<std::size_t>(size - from), '\0');
    if (::pread(file.get(), tail.data(), tail.size(), from) != static_cast<ssize_t>(tail.size()))
      return os_failure("the alert file cannot be read");
    const std::size_t whole = tail.empty() ? 0 : tail.rfind('\n') + 1;  // npos + 1 is 0
    if (whole < tail.size() && ::ftruncate(file.get(), from + static_cast<off_t>(whole)) != 0)
      return os_failure("half a line cannot be cut off");
    const std::string id = fmt::format("{{\"id\":{},", json_quoted(message.message_id));
    if (tail.substr(0, whole).find(id) != std::string::npos) return {true, "", std::nullopt};
    const std::string line = alert_line(message.message, message.message_id) + "\n";
    std::size_t written = 0;
    while (written < line.size()) {
      const ssize_t count = ::write(file.get(), line.data() + written, line.size() - written);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return os_failure("the alert file cannot be written");
      written += static_cast<std::size_t>(count);
    }
    if (::fsync(file.get()) != 0) return os_failure("the alert file cannot be synced");
    return {true, "", std::nullopt};
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

std::unique_ptr<AlertSender> file_sender(const std::filesystem::path& path) {
  return std::make_unique<FileSender>(path);
}

}  // namespace martgate::jobs
