#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "ingest/table_rows.h"

namespace martgate::ingest {
namespace {

constexpr std::size_t kNameShownBytes = 80;

class CsvRows final : public TableRows {
 public:
  CsvRows(const catalog::SourceTable& table, ByteSource& source)
      : table_(table), reader_(source, {.delimiter = table.delimiter}) {}

  Result<Kind> next() override {
    if (positions_.empty()) {
      if (auto header = read_header(); !header) return tl::unexpected(header.error());
    }
    const auto kind = reader_.next();
    if (!kind) return tl::unexpected(kind.error());
    if (*kind == CsvReader::Kind::End) return Kind::End;
    if (*kind == CsvReader::Kind::Bad) return Kind::Bad;
    const auto fields = reader_.fields();
    for (std::size_t i = 0; i < positions_.size(); ++i) {
      const std::string_view field = fields[positions_[i]];
      cells_[i] = field.empty() ? Cell() : Cell(field);
    }
    return Kind::Row;
  }

  std::span<const Cell> cells() const override { return cells_; }
  const BadRow& bad() const override { return reader_.bad(); }

  BadRow as_bad(std::string reason) const override {
    return {reader_.line(), reader_.offset(), std::move(reason),
            std::string(reader_.raw().substr(0, kBadRowBytesMax))};
  }

 private:
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
    auto positions = positions_of_columns(table_, reader_.fields());
    if (!positions) return tl::unexpected(positions.error());
    positions_ = std::move(*positions);
    cells_.resize(positions_.size());
    return {};
  }

  const catalog::SourceTable& table_;
  CsvReader reader_;
  std::vector<std::size_t> positions_;  // of each declared column among the fields
  std::vector<Cell> cells_;
};

std::string quoted_names(std::span<const std::string> names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back(json_quoted(shown(name, kNameShownBytes)));
  return join(quoted, ", ");
}

std::vector<std::string> declared_names(const catalog::SourceTable& table) {
  std::vector<std::string> names;
  for (const catalog::SourceColumn& column : table.columns) names.push_back(column.name);
  return names;
}

}  // namespace

std::unique_ptr<TableRows> csv_rows(const catalog::SourceTable& table, ByteSource& source) {
  return std::make_unique<CsvRows>(table, source);
}

std::unique_ptr<TableRows> rows_of(const catalog::SourceTable& table, ByteSource& source) {
  return table.format == catalog::FileFormat::Csv ? csv_rows(table, source)
                                                  : jsonl_rows(table, source);
}

Error schema_drift(const catalog::SourceTable& table, std::string message,
                   std::span<const std::string> unknown) {
  const std::vector<std::string> declared = declared_names(table);
  Error error{Code::InvalidArgument, std::move(message), {}, "schema_drift"};
  for (const std::string& name : unknown) {
    const std::vector<std::string> near = nearest(name, declared, 1);
    if (near.empty()) continue;
    error.hints.push_back(fmt::format("did you mean {} instead of {}", json_quoted(near.front()),
                                      json_quoted(shown(name, kNameShownBytes))));
  }
  error.hints.push_back(fmt::format("declared columns: {}", join(declared, ", ")));
  return error;
}

Result<std::vector<std::size_t>> positions_of_columns(const catalog::SourceTable& table,
                                                      std::span<const std::string_view> found) {
  const std::vector<std::string> declared = declared_names(table);
  std::vector<std::string> unknown;
  std::vector<std::string> missing;
  std::vector<std::string> twice;
  for (auto name = found.begin(); name != found.end(); ++name) {
    if (std::find(found.begin(), name, *name) != name)
      twice.emplace_back(*name);
    else if (std::ranges::find(declared, *name) == declared.end())
      unknown.emplace_back(*name);
  }
  std::vector<std::size_t> positions;
  for (const std::string& name : declared) {
    const auto at = std::ranges::find(found, name);
    if (at == found.end())
      missing.push_back(name);
    else
      positions.push_back(static_cast<std::size_t>(at - found.begin()));
  }
  std::vector<std::string> faults;
  if (!missing.empty()) faults.push_back("misses " + quoted_names(missing));
  if (!unknown.empty()) faults.push_back("has undeclared " + quoted_names(unknown));
  if (!twice.empty()) faults.push_back("repeats " + quoted_names(twice));
  if (faults.empty()) return positions;
  return tl::unexpected(schema_drift(table, "the header row " + join(faults, " and "), unknown));
}

}  // namespace martgate::ingest
