// Bytes that come in parts: files, plain or gzip, and what a reader of rows keeps of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace martgate::ingest {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills a part of `into` and returns how much; 0 at the end.
  // Errors: Unavailable, reason "unreadable_file".
  [[nodiscard]] virtual Result<std::size_t> read(std::span<char> into) = 0;
};

// What tells two deliveries of one piece apart.
struct DeliveryIdentity {
  std::string sha256;  // hex, of the bytes as they were delivered
  std::int64_t bytes = 0;
};

// A regular file, hashed while it is read. A name that ends in .gz is inflated on the way; the
// digest and the count are those of the file as it lies on disk.
class FileBytes final : public ByteSource {
 public:
  [[nodiscard]] static Result<FileBytes> open(const std::filesystem::path& path);
  FileBytes(FileBytes&&) noexcept;
  FileBytes& operator=(FileBytes&&) noexcept;
  ~FileBytes() override;

  [[nodiscard]] Result<std::size_t> read(std::span<char> into) override;

  // Of the whole file: reads what is left of it. Nothing can be read afterwards.
  // Errors: Unavailable, reason "changed_file" when the file grew or was written meanwhile.
  [[nodiscard]] Result<DeliveryIdentity> finish();

 private:
  struct State;
  explicit FileBytes(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A contiguous view of the part of a source that is being looked at.
class Window {
 public:
  // Borrows the source.
  explicit Window(ByteSource& source) : source_(source) {}

  // What was read and not dropped; valid until the next call of has() or drop().
  [[nodiscard]] std::string_view bytes() const { return {buffer_.data() + begin_, end_ - begin_}; }
  // Where bytes() begins in the source.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  // True when bytes()[at] exists, after reading on if need be.
  [[nodiscard]] Result<bool> has(std::size_t at) {
    if (at < end_ - begin_) return true;
    return read_until(at);
  }
  void drop(std::size_t count);

 private:
  [[nodiscard]] Result<bool> read_until(std::size_t at);

  ByteSource& source_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
  bool is_ended_ = false;
};

}  // namespace martgate::ingest
