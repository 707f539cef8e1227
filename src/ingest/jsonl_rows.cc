#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_writer.h"
#include "base/text.h"
#include "ingest/encoding.h"
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
      : table_(table), utf16_(source), window_(decoded(source)) {
    values_.resize(table.columns.size());
    cells_.resize(table.columns.size());
  }

  Result<Kind> next() override {
    if (line_ == 0) {
      if (auto read = window_.has(2); !read) return tl::unexpected(read.error());
      if (auto fits = refuse_utf16(window_.bytes()); !fits) return tl::unexpected(fits.error());
    }
    for (;;) {
      auto kind = next_line();
      if (!kind || *kind != Kind::Row) return kind;
      if (trim(text_).empty()) continue;
      decoded_.clear();
      if (table_.shape.encoding != catalog::Encoding::Utf8 &&
          table_.shape.encoding != catalog::Encoding::Utf16) {
        if (!append_utf8(table_.shape.encoding, text_, decoded_)) {
          return bad("wrong_bytes",
                     fmt::format("holds bytes that are not {}", name_of(table_.shape.encoding)));
        }
        return read_object(decoded_);
      }
      return read_object(text_);
    }
  }

  std::span<const Cell> cells() const override { return cells_; }
  std::span<const UndeclaredCell> undeclared() const override { return undeclared_; }
  std::span<const DriftEvent> drift() const override { return drift_; }
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
      return bad("row_too_long", fmt::format("is longer than {} bytes", kLineBytesMax));
    }
    return length == 0 ? Kind::End : Kind::Row;
  }

  Kind bad(std::string_view slug, std::string reason, std::string column = {}) {
    bad_ = as_bad(std::move(reason));
    bad_.slug = slug;
    bad_.column = std::move(column);
    return Kind::Bad;
  }

  Result<Kind> read_object(std::string_view text) {
    if (line_ == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    const auto object = parse_ijson(text);
    if (!object) {
      return bad(object.error().reason, fmt::format("is refused: {}", object.error().message));
    }
    if (!object->is_object()) return bad("not_an_object", "is not a JSON object");
    std::ranges::fill(cells_, Cell());
    names_.clear();
    extra_.clear();
    std::size_t at = text.find('{') + 1;
    for (;;) {
      at = text.find_first_not_of(" \t\r\n,", at);
      if (text[at] == '}') break;
      const std::size_t key_bytes = string_bytes(text, at);
      std::string name = Json::parse(text.substr(at, key_bytes)).get<std::string>();
      at = text.find_first_not_of(" \t\r\n:", at + key_bytes);
      Literal literal = literal_at(text, at);
      at = literal.end;
      const auto column = std::ranges::find(table_.columns, name, &catalog::SourceColumn::name);
      const Json& value = object->find(name).value();
      std::string content = value.is_string() ? value.get<std::string>() : std::move(literal.text);
      // SQLite would end the text there for most of its functions.
      if (content.find('\0') != std::string::npos) {
        return bad("nul", "holds a NUL character", std::move(name));
      }
      if (column == table_.columns.end()) {
        names_.push_back(std::move(name));
        extra_.push_back(value.is_null() ? std::string() : std::move(content));
        continue;
      }
      if (value.is_null()) continue;
      const auto index = static_cast<std::size_t>(column - table_.columns.begin());
      values_[index] = std::move(content);
      cells_[index] = values_[index];
    }
    undeclared_.clear();
    if (names_.empty()) return Kind::Row;
    return judge_undeclared();
  }

  Result<Kind> judge_undeclared() {
    std::vector<std::string_view> missing;
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      if (!cells_[i]) missing.push_back(table_.columns[i].name);
    }
    auto action = catalog::DriftAction::Accept;
    for (const std::string& name : names_) {
      DriftEvent event = undeclared_member(table_, name, missing, line_);
      action = std::max(action, event.action);
      const bool is_new = std::ranges::none_of(drift_, [&](const DriftEvent& known) {
        return known.kind == event.kind && known.column == event.column;
      });
      if (is_new) drift_.push_back(std::move(event));
    }
    if (action == catalog::DriftAction::Accept) {
      for (std::size_t i = 0; i < names_.size(); ++i) undeclared_.push_back({names_[i], extra_[i]});
      return Kind::Row;
    }
    std::vector<std::string> quoted;
    for (const std::string& name : names_) quoted.push_back(json_quoted(shown(name, 80)));
    std::string message = fmt::format("has undeclared {}", join(quoted, ", "));
    if (action == catalog::DriftAction::Quarantine) {
      return bad("schema_drift", std::move(message), names_.front());
    }
    return tl::unexpected(schema_drift(table_, fmt::format("line {} {}", line_, message), names_));
  }

  ByteSource& decoded(ByteSource& source) {
    if (table_.shape.encoding == catalog::Encoding::Utf16) return utf16_;
    return source;
  }

  const catalog::SourceTable& table_;
  Utf16Source utf16_;
  Window window_;
  std::int64_t line_ = 0;
  std::uint64_t offset_ = 0;
  std::string text_;
  std::vector<std::string> values_;
  std::vector<Cell> cells_;
  std::string decoded_;
  std::vector<std::string> names_;  // of members nobody declared
  std::vector<std::string> extra_;  // and their texts
  std::vector<UndeclaredCell> undeclared_;
  std::vector<DriftEvent> drift_;
  BadRow bad_;
};

}  // namespace

std::unique_ptr<TableRows> jsonl_rows(const catalog::SourceTable& table, ByteSource& source) {
  return std::make_unique<JsonlRows>(table, source);
}

}  // namespace martgate::ingest
