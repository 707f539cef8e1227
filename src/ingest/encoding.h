// Bytes of other encodings -> UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/contract.h"
#include "ingest/byte_source.h"

namespace martgate::ingest {

// Appends `bytes` as UTF-8. False, with `into` unchanged, when they do not belong to the encoding:
// malformed UTF-8, or one of the five bytes that Windows-1252 leaves open. UTF-16 is not for here.
[[nodiscard]] bool append_utf8(catalog::Encoding encoding, std::string_view bytes,
                               std::string& into);

// The name in a project file: "windows-1252".
[[nodiscard]] std::string_view name_of(catalog::Encoding encoding);

// A UTF-16 text as UTF-8, by its byte order mark.
// Errors of read: InvalidArgument, reason "wrong_encoding", for a text without the mark, a lone
// surrogate or half a unit.
class Utf16Source final : public ByteSource {
 public:
  // Borrows the source.
  explicit Utf16Source(ByteSource& source) : source_(source) {}
  [[nodiscard]] Result<std::size_t> read(std::span<char> into) override;

 private:
  [[nodiscard]] Result<bool> refill();
  [[nodiscard]] Status decode();

  ByteSource& source_;
  std::vector<char> packed_;  // bytes that are no whole character yet, and those just read
  std::size_t packed_bytes_ = 0;
  std::string decoded_;
  std::size_t taken_ = 0;
  bool is_begun_ = false;
  bool is_big_endian_ = false;
  bool is_ended_ = false;
};

// Errors: InvalidArgument, reason "wrong_encoding", when a text that is not declared as UTF-16
// begins with its byte order mark.
[[nodiscard]] Status refuse_utf16(std::string_view first_bytes);

}  // namespace martgate::ingest
