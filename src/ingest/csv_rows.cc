#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.h"
#include "ingest/csv.h"
#include "ingest/encoding.h"
#include "ingest/table_rows.h"

namespace martgate::ingest {
namespace {

using catalog::DriftAction;

CsvReader::Options options_of(const catalog::SourceTable& table) {
  CsvReader::Options options;
  options.delimiter = table.delimiter;
  options.quote = table.shape.quote;
  options.encoding = table.shape.encoding == catalog::Encoding::Utf16 ? catalog::Encoding::Utf8
                                                                      : table.shape.encoding;
  return options;
}

class CsvRows final : public TableRows {
 public:
  CsvRows(const catalog::SourceTable& table, ByteSource& source)
      : table_(table), utf16_(source), reader_(decoded(source), options_of(table)) {}

  Result<Kind> next() override {
    if (!has_header_) {
      if (auto header = read_header(); !header) return tl::unexpected(header.error());
    }
    const auto kind = reader_.next();
    if (!kind) return tl::unexpected(kind.error());
    if (*kind == CsvReader::Kind::End) return Kind::End;
    if (*kind == CsvReader::Kind::Bad) {
      bad_ = reader_.bad();
      if (reader_.fault_field() < names_.size()) bad_.column = names_[reader_.fault_field()];
      return Kind::Bad;
    }
    if (!quarantine_reason_.empty()) {
      bad_ = as_bad(quarantine_reason_);
      bad_.slug = "schema_drift";
      return Kind::Bad;
    }
    const auto fields = reader_.fields();
    for (std::size_t i = 0; i < map_.positions.size(); ++i) {
      cells_[i] = map_.positions[i] ? cell_of(fields[*map_.positions[i]]) : Cell();
    }
    for (std::size_t i = 0; i < undeclared_.size(); ++i) {
      undeclared_[i].text = cell_of(fields[map_.undeclared[i]]);
    }
    return Kind::Row;
  }

  std::span<const Cell> cells() const override { return cells_; }
  std::span<const UndeclaredCell> undeclared() const override { return undeclared_; }
  const BadRow& bad() const override { return bad_; }
  std::span<const DriftEvent> drift() const override { return map_.events; }
  std::string_view preamble() const override { return preamble_; }

  BadRow as_bad(std::string reason) const override {
    return {reader_.line(), reader_.offset(), std::move(reason),
            std::string(reader_.raw().substr(0, kBadRowBytesMax))};
  }

 private:
  static Cell cell_of(std::string_view field) { return field.empty() ? Cell() : Cell(field); }

  ByteSource& decoded(ByteSource& source) {
    if (table_.shape.encoding == catalog::Encoding::Utf16) return utf16_;
    return source;
  }

  Status read_header() {
    const auto kind = reader_.next();
    if (!kind) return tl::unexpected(kind.error());
    if (*kind == CsvReader::Kind::End) {
      return fail(Code::InvalidArgument, "the file has no header row", {}, "schema_drift");
    }
    if (*kind == CsvReader::Kind::Bad) {
      return fail(
          Code::InvalidArgument,
          fmt::format("the header row in line {} {}", reader_.bad().line, reader_.bad().reason), {},
          "schema_drift");
    }
    const auto found = reader_.fields();
    auto map = map_columns(table_, found, reader_.line());
    if (!map) return tl::unexpected(map.error());
    map_ = std::move(*map);
    if (map_.action() == DriftAction::Refuse) {
      return tl::unexpected(header_refused(table_, map_, found));
    }
    if (map_.action() == DriftAction::Quarantine) {
      quarantine_reason_ = "comes under " + header_refused(table_, map_, found).message;
    }
    names_.assign(found.begin(), found.end());
    preamble_ = reader_.raw();
    cells_.resize(map_.positions.size());
    for (const std::size_t at : map_.undeclared) undeclared_.push_back({names_[at], {}});
    has_header_ = true;
    return {};
  }

  const catalog::SourceTable& table_;
  Utf16Source utf16_;
  CsvReader reader_;
  bool has_header_ = false;
  ColumnMap map_;
  std::vector<std::string> names_;  // of the header
  std::string preamble_;
  std::string quarantine_reason_;  // every row goes there; empty: none does for the header's sake
  std::vector<Cell> cells_;
  std::vector<UndeclaredCell> undeclared_;
  BadRow bad_;
};

}  // namespace

std::unique_ptr<TableRows> csv_rows(const catalog::SourceTable& table, ByteSource& source) {
  return std::make_unique<CsvRows>(table, source);
}

std::unique_ptr<TableRows> rows_of(const catalog::SourceTable& table, ByteSource& source) {
  return table.format == catalog::FileFormat::Csv ? csv_rows(table, source)
                                                  : jsonl_rows(table, source);
}

}  // namespace martgate::ingest
