#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_writer.h"
#include "base/text.h"
#include "ingest/table_rows.h"
#include "json/parse.h"

namespace martgate::ingest {
namespace {

constexpr std::size_t kLineBytesMax = 1UL << 20U;
constexpr std::string_view kBlanks = " \t\r\n";

// Length of the JSON string that begins at `at`, quotes included. The text is valid JSON.
std::size_t string_bytes(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return end + 1 - at;
}

// The value that begins at `at`, and the same without blanks outside strings: numbers keep their
// digits, which a parsed tree would have rounded. The text is valid JSON.
struct Literal {
  std::size_t end = 0;
  std::string text;
};

Literal literal_at(std::string_view text, std::size_t at) {
  Literal literal;
  int depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      const std::size_t bytes = string_bytes(text, at);
      literal.text.append(text.substr(at, bytes));
      at += bytes;
      continue;
    }
    if (c == '[' || c == '{') ++depth;
    if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
    if (c == ']' || c == '}') --depth;
    if (kBlanks.find(c) == std::string_view::npos) literal.text.push_back(c);
    ++at;
  }
  literal.end = at;
  return literal;
}

class JsonlRows final : public TableRows {
 public:
  JsonlRows(const catalog::SourceTable& table, ByteSource& source)
      : table_(table), window_(source) {
    values_.resize(table.columns.size());
    cells_.resize(table.columns.size());
  }

  Result<Kind> next() override {
    for (;;) {
      auto kind = next_line();
      if (!kind || *kind != Kind::Row) return kind;
      if (trim(text_).empty()) continue;
      return read_object();
    }
  }

  std::span<const Cell> cells() const override { return cells_; }
  const BadRow& bad() const override { return bad_; }

  BadRow as_bad(std::string reason) const override {
    return {line_, offset_, std::move(reason), text_.substr(0, kBadRowBytesMax)};
  }

 private:
  // Row with the line in text_, without its end; Bad when it is too long.
  Result<Kind> next_line() {
    text_.clear();
    ++line_;
    offset_ = window_.offset();
    std::size_t length = 0;
    for (;;) {
      const auto has_byte = window_.has(0);
      if (!has_byte) return tl::unexpected(has_byte.error());
      if (!*has_byte) break;
      const std::string_view bytes = window_.bytes();
      const std::size_t end = std::min(bytes.find('\n'), bytes.size());
      length += end;
      if (text_.size() <= kLineBytesMax) text_.append(bytes.substr(0, end));
      const bool is_line_end = end < bytes.size();
      window_.drop(is_line_end ? end + 1 : end);
      if (!is_line_end) continue;
      if (length > kLineBytesMax) break;
      return Kind::Row;
    }
    if (length > kLineBytesMax) {
      bad_ = as_bad(fmt::format("is longer than {} bytes", kLineBytesMax));
      return Kind::Bad;
    }
    return length == 0 ? Kind::End : Kind::Row;
  }

  Result<Kind> read_object() {
    std::string_view text = text_;
    if (line_ == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    const auto object = parse_ijson(text);
    if (!object || !object->is_object()) {
      bad_ = as_bad(object ? "is not a JSON object"
                           : fmt::format("is refused: {}", object.error().message));
      return Kind::Bad;
    }
    std::vector<std::string> unknown;
    std::ranges::fill(cells_, Cell());
    std::size_t at = text.find('{') + 1;
    for (;;) {
      at = text.find_first_not_of(" \t\r\n,", at);
      if (text[at] == '}') break;
      const std::size_t key_bytes = string_bytes(text, at);
      const std::string name = Json::parse(text.substr(at, key_bytes)).get<std::string>();
      at = text.find_first_not_of(" \t\r\n:", at + key_bytes);
      Literal literal = literal_at(text, at);
      at = literal.end;
      const auto column = std::ranges::find(table_.columns, name, &catalog::SourceColumn::name);
      if (column == table_.columns.end()) {
        unknown.push_back(name);
        continue;
      }
      const auto index = static_cast<std::size_t>(column - table_.columns.begin());
      const Json& value = object->find(name).value();
      if (value.is_null()) continue;
      values_[index] = value.is_string() ? value.get<std::string>() : std::move(literal.text);
      // SQLite would end the text there for most of its functions.
      if (values_[index].find('\0') != std::string::npos) {
        bad_ = as_bad("holds a NUL character");
        return Kind::Bad;
      }
      cells_[index] = values_[index];
    }
    if (unknown.empty()) return Kind::Row;
    std::vector<std::string> quoted;
    quoted.reserve(unknown.size());
    for (const std::string& name : unknown) quoted.push_back(json_quoted(shown(name, 80)));
    return tl::unexpected(schema_drift(
        table_, fmt::format("line {} has undeclared {}", line_, join(quoted, ", ")), unknown));
  }

  const catalog::SourceTable& table_;
  Window window_;
  std::int64_t line_ = 0;
  std::uint64_t offset_ = 0;
  std::string text_;
  std::vector<std::string> values_;
  std::vector<Cell> cells_;
  BadRow bad_;
};

}  // namespace

std::unique_ptr<TableRows> jsonl_rows(const catalog::SourceTable& table, ByteSource& source) {
  return std::make_unique<JsonlRows>(table, source);
}

}  // namespace martgate::ingest
