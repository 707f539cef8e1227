#include "build/table_design.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/digest.h"
#include "base/text.h"

namespace martgate::build {
namespace {

using store::Sql;

constexpr std::size_t kDigestPartBytes = std::size_t{64} * 1'024;

std::string_view storage_of(catalog::DataType type) {
  switch (type) {
    case catalog::DataType::Integer:
    case catalog::DataType::Decimal:
    case catalog::DataType::Boolean:
      return "INTEGER";
    case catalog::DataType::Real:
      return "REAL";
    case catalog::DataType::Text:
    case catalog::DataType::Date:
    case catalog::DataType::Timestamp:
      break;
  }
  return "TEXT";
}

// A check that is NULL passes. date() gives another day for one that does not exist, but only once
// it has to count: hence the modifier.
std::string check_of(const catalog::Column& column) {
  const std::string name = store::quoted_identifier(column.name);
  switch (column.type) {
    case catalog::DataType::Boolean:
      return fmt::format("{} IN (0, 1)", name);
    case catalog::DataType::Date:
      return fmt::format("date({0}, '+0 days') IS {0} AND {0} >= '0001'", name);
    case catalog::DataType::Timestamp:
      return fmt::format("datetime({0}, '+0 days') IS {0} AND {0} >= '0001'", name);
    default:
      return {};
  }
}

// Rows as bytes that no two different rows share: of each cell its type, and its length (u64le) and
// bytes, or its eight bytes.
class RowBytes {
 public:
  void add(sqlite3_stmt* row, int column) {
    const int type = sqlite3_column_type(row, column);
    part_.push_back(static_cast<char>(type));
    switch (type) {
      case SQLITE_INTEGER:
        return add_word(static_cast<std::uint64_t>(sqlite3_column_int64(row, column)));
      case SQLITE_FLOAT: {
        const double number = sqlite3_column_double(row, column);
        std::uint64_t bits = 0;
        std::memcpy(&bits, &number, sizeof bits);
        return add_word(bits);
      }
      case SQLITE_TEXT:
      case SQLITE_BLOB: {
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, column));
        const auto count = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
        add_word(count);
        if (count > 0) part_.append(bytes, count);
        return;
      }
      default:
        return;
    }
  }
  void end_row() {
    if (part_.size() < kDigestPartBytes) return;
    hash_.add(part_);
    part_.clear();
  }
  void add_text(std::string_view text) {
    add_word(text.size());
    part_.append(text);
  }
  std::string finish() {
    hash_.add(part_);
    return to_hex(hash_.finish());
  }

 private:
  void add_word(std::uint64_t word) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      part_.push_back(static_cast<char>(word >> shift & 0xFFU));
    }
  }

  Sha256 hash_;
  std::string part_;
};

}  // namespace

std::string_view schema_of(catalog::Layer layer) {
  switch (layer) {
    case catalog::Layer::Raw:
      return kRawSchema;
    case catalog::Layer::Staging:
      return kStagingSchema;
    case catalog::Layer::Marts:
      break;
  }
  return kMartsSchema;
}

std::string qualified(const catalog::Model& model) {
  return fmt::format("{}.{}", schema_of(model.layer), store::quoted_identifier(model.common.name));
}

bool may_show(const catalog::Column& column) {
  return column.classification == catalog::Classification::Public ||
         column.classification == catalog::Classification::Internal;
}

std::string create_table_sql(const catalog::Model& model, std::string_view schema) {
  std::vector<std::string> columns;
  for (const catalog::Column& column : model.columns) {
    const std::string name = store::quoted_identifier(column.name);
    std::string definition = fmt::format("{} {}", name, storage_of(column.type));
    if (const std::string check = check_of(column); !check.empty()) {
      definition += fmt::format(" CONSTRAINT {} CHECK ({})", name, check);
    }
    columns.push_back(std::move(definition));
  }
  return fmt::format("CREATE TABLE {}.{} ({}) STRICT", schema,
                     store::quoted_identifier(model.common.name), join(columns, ", "));
}

std::vector<IndexDesign> indexes_of(const catalog::Project& project, const catalog::Model& model) {
  std::vector<IndexDesign> indexes;
  const auto add = [&](IndexDesign index) {
    const bool is_there =
        std::ranges::find(indexes, index.columns, &IndexDesign::columns) != indexes.end();
    if (!is_there && !index.columns.empty()) indexes.push_back(std::move(index));
  };
  add({model.primary_key, true, "primary_key"});
  if (model.layer != catalog::Layer::Marts) return indexes;
  for (const catalog::Model& other : project.models) {
    if (other.layer != catalog::Layer::Marts) continue;
    for (const catalog::Relationship& relationship : other.relationships) {
      if (relationship.to != model.common.name) continue;
      add({relationship.to_columns, true,
           fmt::format("relationship {}.{}", other.common.name, relationship.name)});
    }
  }
  if (!model.agg_time_dimension.empty()) add({{model.agg_time_dimension}, false, ""});
  for (const catalog::Relationship& relationship : model.relationships) {
    add({relationship.from_columns, false, ""});
  }
  for (const std::vector<std::string>& columns : model.indexes) add({columns, false, ""});
  return indexes;
}

std::string create_index_sql(const catalog::Model& model, const IndexDesign& index,
                             std::string_view schema) {
  std::vector<std::string> columns;
  for (const std::string& column : index.columns) {
    columns.push_back(store::quoted_identifier(column));
  }
  const std::string name = fmt::format("{}__{}", model.common.name, join(index.columns, "__"));
  return fmt::format("CREATE {}INDEX {}.{} ON {} ({})", index.is_unique ? "UNIQUE " : "", schema,
                     store::quoted_identifier(name), store::quoted_identifier(model.common.name),
                     join(columns, ", "));
}

Result<std::string> table_digest(store::Connection& connection, const catalog::Project& project,
                                 const catalog::Model& model) {
  RowBytes bytes;
  bytes.add_text(create_table_sql(model, schema_of(model.layer)));
  for (const IndexDesign& index : indexes_of(project, model)) {
    bytes.add_text(create_index_sql(model, index, schema_of(model.layer)));
  }
  auto rows = connection.prepare(Sql::rendered(fmt::format(
      "SELECT * FROM main.{} ORDER BY rowid", store::quoted_identifier(model.common.name))));
  if (!rows) return tl::unexpected(rows.error());
  const int columns = rows->column_count();
  for (;;) {
    const auto more = rows->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return bytes.finish();
    for (int i = 0; i < columns; ++i) bytes.add(rows->handle(), i);
    bytes.end_row();
  }
}

}  // namespace martgate::build
