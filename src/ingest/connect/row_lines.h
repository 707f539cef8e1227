// Rows inside a JSON text -> JSON lines, which the reader of JSON lines turns into cells.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/project.h"
#include "ingest/byte_source.h"

namespace martgate::ingest {

// The rows that `where` points at, each on one line: an array's elements, one object, or whatever
// else stands there, for the quarantine. Nothing when the pointer leads nowhere. `text` has passed
// parse_ijson().
[[nodiscard]] std::optional<std::vector<std::string>> row_lines(std::string_view text,
                                                                const catalog::JsonRows& where,
                                                                const catalog::SourceTable& table);

// Where a column stands in a row.
[[nodiscard]] std::string pointer_of(const catalog::JsonRows& where, const std::string& column);

// Bytes in memory.
class TextBytes final : public ByteSource {
 public:
  explicit TextBytes(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] Result<std::size_t> read(std::span<char> into) override;

 private:
  std::string text_;
  std::size_t at_ = 0;
};

}  // namespace martgate::ingest
