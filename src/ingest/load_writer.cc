#include "ingest/load_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/digest.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "ingest/raw_tables.h"

namespace martgate::ingest {
namespace {

using store::Sql;
using store::Statement;
using store::Value;

constexpr int kFixedColumns = 4;  // _load_id, _row, _row_hash, _original

std::string rows_table(const catalog::SourceTable& table) {
  return store::quoted_identifier(rows_table_name(table));
}

std::string insert_sql(const catalog::SourceTable& table) {
  std::string marks;
  for (std::size_t i = 0; i < table.columns.size(); ++i) marks += ", ?";
  return fmt::format(
      "INSERT INTO {} (_load_id, _row, _row_hash, _original, {}) VALUES (?, ?, ?, ?{})",
      rows_table(table), join(quoted_columns(table), ", "), marks);
}

// Each cell as its length (u32le) and its bytes, NULL as the length 0xFFFFFFFF: no two rows share
// the text that is hashed.
void describe_row(std::span<const Cell> cells, std::string& text) {
  text.clear();
  for (const Cell& cell : cells) {
    const auto length = cell ? static_cast<std::uint32_t>(cell->size()) : 0xFFFFFFFFU;
    for (unsigned shift = 0; shift < 32; shift += 8) {
      text.push_back(static_cast<char>(length >> shift & 0xFFU));
    }
    if (cell) text.append(*cell);
  }
}

// The first 64 bits of the SHA-256 over the row; the n-th of equal rows, from 2, has n behind it.
std::int64_t row_hash(std::string& described, std::int64_t occurrence) {
  const std::size_t length = described.size();
  if (occurrence > 1) described.append(fmt::format("#{}", occurrence));
  const Digest digest = sha256(described);
  described.resize(length);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof bits; ++i) bits = bits << 8U | digest[i];
  return static_cast<std::int64_t>(bits);
}

// "AND r."a" IS ?5 AND …": hashes may meet, values do not.
std::string same_values(const catalog::SourceTable& table, int first_parameter) {
  std::string text;
  for (const std::string& name : quoted_columns(table, "r.")) {
    text += fmt::format(" AND {} IS ?{}", name, first_parameter++);
  }
  return text;
}

// Loads whose rows count beside this one: the other live ones, without what this one replaces.
std::string other_loads(const catalog::SourceTable& table, bool is_replay) {
  return fmt::format(
      "SELECT load_id FROM _martgate_loads WHERE raw_table = {} AND live = 1 AND load_id <> ?1{}",
      store::quoted_literal(table.raw_name), is_replay ? "" : " AND path <> ?2");
}

std::uint64_t hash_of(const StoredCell& cell) {
  switch (cell.kind) {
    case StoredCell::Kind::Integer:
      return std::hash<std::int64_t>()(cell.integer) * 31 + 1;
    case StoredCell::Kind::Real:
      return std::hash<double>()(cell.real);
    case StoredCell::Kind::Text:
      return std::hash<std::string_view>()(cell.text);
    case StoredCell::Kind::Null:
      return 0;
  }
  return 0;
}

}  // namespace

Result<LoadWriter> LoadWriter::make(store::Connection& connection, Target target) {
  auto contract = RowContract::make(target.table);
  if (!contract) return tl::unexpected(contract.error());
  auto insert = connection.prepare(Sql::rendered(insert_sql(target.table)));
  if (!insert) return tl::unexpected(insert.error());
  auto quarantine = connection.prepare(
      "INSERT INTO _martgate_quarantine (load_id, path, line, reason, raw, slug, column_name, row,"
      " is_cut) VALUES (?, ?, ?, ?, CAST(? AS BLOB), ?, ?, ?, ?)");
  if (!quarantine) return tl::unexpected(quarantine.error());
  LoadWriter writer(connection, target, std::move(*contract), std::move(*insert),
                    std::move(*quarantine));
  const Value self[] = {target.load_id, target.path};
  const auto others = connection.query(
      Sql::rendered(fmt::format("SELECT EXISTS ({})", other_loads(target.table, target.is_replay))),
      std::span(self).first(target.is_replay ? 1 : 2));
  if (!others) return tl::unexpected(others.error());
  const bool is_append = target.table.load == catalog::LoadMode::Append;
  // Of a table that is delivered whole, a replay joins the load it belongs to.
  writer.has_others_ = int_at(*others, 0, 0) == 1 && (is_append || target.is_replay);
  writer.skips_repeats_ =
      target.skips_repeats && is_append && target.table.overlap == catalog::Overlap::Skip;
  for (std::vector<std::size_t>& key : unique_keys(target.table)) {
    writer.keys_.push_back({std::move(key), {}, {}});
  }
  return writer;
}

Result<bool> LoadWriter::take(const TableRows& rows, std::int64_t row) {
  if (!contract_.accept(rows.cells())) {
    return refuse(rows, row, contract_.fault().slug, contract_.fault().detail,
                  contract_.fault_column());
  }
  describe_row(rows.cells(), hashed_);
  const auto identity = identify();
  if (!identity) return tl::unexpected(identity.error());
  // The same row in another delivery is no second row with its key.
  if (identity->kept) {
    auto kept = insert_repeat(row, identity->hash, *identity->kept);
    if (!kept) return tl::unexpected(kept.error());
    return true;
  }
  const auto broken = broken_key();
  if (!broken) return tl::unexpected(broken.error());
  if (*broken) {
    return refuse(rows, row, "duplicate_key", fmt::format("{} appears in another row", **broken),
                  **broken);
  }
  auto stored = insert_row(rows, row, identity->hash);
  if (!stored) return tl::unexpected(stored.error());
  return true;
}

Status LoadWriter::quarantine(const BadRow& bad, std::int64_t row) {
  ++load_.quarantined;
  if (!writes_quarantine_) return {};
  const bool is_cut = bad.raw.size() >= kBadRowBytesMax;
  const Value values[] = {target_.load_id, target_.path, bad.line,
                          bad.reason,      bad.raw,      std::string(bad.slug),
                          bad.column,      row,          std::int64_t{is_cut ? 1 : 0}};
  if (auto bound = quarantine_.bind_all(values); !bound) return bound;
  return quarantine_.run();
}

Result<bool> LoadWriter::refuse(const TableRows& rows, std::int64_t row, std::string_view slug,
                                std::string detail, std::string column) {
  refused_ = rows.as_bad(std::move(detail));
  refused_.slug = slug;
  refused_.column = std::move(column);
  if (auto done = quarantine(refused_, row); !done) return tl::unexpected(done.error());
  return false;
}

Result<std::optional<std::string>> LoadWriter::broken_key() {
  const auto stored = contract_.stored();
  for (KeyCheck& key : keys_) {
    std::uint64_t hash = 0;
    bool has_null = false;
    for (const std::size_t column : key.columns) {
      has_null |= stored[column].kind == StoredCell::Kind::Null;
      hash = hash * 0x100000001b3U ^ hash_of(stored[column]);
    }
    if (has_null) continue;  // NULLs are distinct, as in SQL
    const bool may_exist = key.seen.add(hash) == SeenSet::Answer::Maybe || has_others_;
    if (!may_exist) continue;
    const auto exists = key_exists(key);
    if (!exists) return tl::unexpected(exists.error());
    if (!*exists) continue;
    std::vector<std::string> names;
    for (const std::size_t column : key.columns) {
      names.push_back(target_.table.columns[column].name);
    }
    return join(names, ", ");
  }
  return std::nullopt;
}

Result<bool> LoadWriter::key_exists(KeyCheck& key) {
  if (!key.find) {
    if (auto made = make_key_index(*connection_, target_.table, key.columns); !made) {
      return tl::unexpected(made.error());
    }
    std::string condition;
    int parameter = 3;
    for (const std::size_t column : key.columns) {
      condition +=
          fmt::format("r.{} = ?{} AND ",
                      store::quoted_identifier(target_.table.columns[column].name), parameter++);
    }
    // ?2 stands in both forms, so that the numbers of the others stay.
    auto find = connection_->prepare(Sql::rendered(
        fmt::format("SELECT 1 FROM {} AS r WHERE {}(r._load_id = ?1 OR r._load_id IN ({})) AND ?2 "
                    "IS ?2 LIMIT 1",
                    rows_table(target_.table), condition,
                    has_others_ ? other_loads(target_.table, target_.is_replay) : "SELECT -1")));
    if (!find) return tl::unexpected(find.error());
    key.find = std::move(*find);
  }
  Statement& find = *key.find;
  auto bound = find.bind_int(0, target_.load_id);
  if (bound) bound = find.bind_borrowed(1, target_.path);
  int index = 2;
  for (const std::size_t column : key.columns) {
    if (bound) bound = bind_stored(find, index++, contract_.stored()[column]);
  }
  if (!bound) return tl::unexpected(bound.error());
  const auto found = find.step();
  find.reset();
  return found;
}

// The n-th of equal rows of this delivery, and the row of another one that is the same.
Result<LoadWriter::Identity> LoadWriter::identify() {
  if (!skips_repeats_) return Identity{row_hash(hashed_, 1), {}};
  for (std::int64_t occurrence = 1;; ++occurrence) {
    const std::int64_t hash = row_hash(hashed_, occurrence);
    if (seen_.add(static_cast<std::uint64_t>(hash)) == SeenSet::Answer::Maybe) {
      const auto again = is_in_this_load(hash);
      if (!again) return tl::unexpected(again.error());
      if (*again) continue;
    }
    if (!has_others_) return Identity{hash, {}};
    const auto elsewhere = place_elsewhere(hash);
    if (!elsewhere) return tl::unexpected(elsewhere.error());
    return Identity{hash, *elsewhere};
  }
}

Status LoadWriter::prepare_hash_lookups() {
  if (own_by_hash_) return {};
  if (auto made = make_hash_index(*connection_, target_.table); !made) return made;
  const std::string rows = rows_table(target_.table);
  auto own = connection_->prepare(
      Sql::rendered(fmt::format("SELECT r._load_id, r._row FROM {} AS r WHERE r._row_hash = ?3 AND "
                                "r._load_id = ?1 AND ?2 IS ?2{} LIMIT 1",
                                rows, same_values(target_.table, 4))));
  if (!own) return tl::unexpected(own.error());
  auto repeat = connection_->prepare(
      "SELECT 1 FROM _martgate_repeats WHERE load_id = ?1 AND row_hash = ?2 LIMIT 1");
  if (!repeat) return tl::unexpected(repeat.error());
  auto other = connection_->prepare(Sql::rendered(fmt::format(
      "SELECT r._load_id, r._row FROM {} AS r WHERE r._row_hash = ?3 AND r._load_id IN ({})"
      " AND ?2 IS ?2{} LIMIT 1",
      rows, other_loads(target_.table, target_.is_replay), same_values(target_.table, 4))));
  if (!other) return tl::unexpected(other.error());
  own_by_hash_ = std::move(*own);
  own_repeat_ = std::move(*repeat);
  other_by_hash_ = std::move(*other);
  return {};
}

Result<bool> LoadWriter::is_in_this_load(std::int64_t hash) {
  if (auto ready = prepare_hash_lookups(); !ready) return tl::unexpected(ready.error());
  auto bound = own_by_hash_->bind_int(0, target_.load_id);
  if (bound) bound = own_by_hash_->bind_borrowed(1, target_.path);
  if (bound) bound = own_by_hash_->bind_int(2, hash);
  int index = 3;
  for (const StoredCell& cell : contract_.stored()) {
    if (bound) bound = bind_stored(*own_by_hash_, index++, cell);
  }
  if (bound) bound = own_repeat_->bind_int(0, target_.load_id);
  if (bound) bound = own_repeat_->bind_int(1, hash);
  if (!bound) return tl::unexpected(bound.error());
  const auto found = own_by_hash_->step();
  own_by_hash_->reset();
  if (!found || *found) return found;
  const auto repeated = own_repeat_->step();
  own_repeat_->reset();
  return repeated;
}

Result<std::optional<LoadWriter::Place>> LoadWriter::place_elsewhere(std::int64_t hash) {
  if (auto ready = prepare_hash_lookups(); !ready) return tl::unexpected(ready.error());
  auto bound = other_by_hash_->bind_int(0, target_.load_id);
  if (bound) bound = other_by_hash_->bind_borrowed(1, target_.path);
  if (bound) bound = other_by_hash_->bind_int(2, hash);
  int index = 3;
  for (const StoredCell& cell : contract_.stored()) {
    if (bound) bound = bind_stored(*other_by_hash_, index++, cell);
  }
  if (!bound) return tl::unexpected(bound.error());
  const auto found = other_by_hash_->step();
  if (!found) return tl::unexpected(found.error());
  std::optional<Place> place;
  if (*found) place = Place{other_by_hash_->column_int(0), other_by_hash_->column_int(1)};
  other_by_hash_->reset();
  return place;
}

Status LoadWriter::insert_row(const TableRows& rows, std::int64_t row, std::int64_t hash) {
  describe_original(rows);
  auto bound = insert_.bind_int(0, target_.load_id);
  if (bound) bound = insert_.bind_int(1, row);
  if (bound) bound = insert_.bind_int(2, hash);
  if (bound) bound = original_.empty() ? insert_.bind_null(3) : insert_.bind_borrowed(3, original_);
  int index = kFixedColumns;
  for (const StoredCell& cell : contract_.stored()) {
    if (bound) bound = bind_stored(insert_, index++, cell);
  }
  if (!bound) return bound;
  ++load_.rows;
  return insert_.run();
}

Status LoadWriter::insert_repeat(std::int64_t row, std::int64_t hash, Place kept) {
  if (!repeat_) {
    auto prepared = connection_->prepare(
        "INSERT INTO _martgate_repeats (load_id, row, row_hash, kept_load_id, kept_row)"
        " VALUES (?, ?, ?, ?, ?)");
    if (!prepared) return tl::unexpected(prepared.error());
    repeat_ = std::move(*prepared);
  }
  const Value values[] = {target_.load_id, row, hash, kept.load_id, kept.row};
  if (auto bound = repeat_->bind_all(values); !bound) return bound;
  ++load_.repeated;
  return repeat_->run();
}

Status LoadWriter::bind_stored(Statement& statement, int index, const StoredCell& cell) const {
  switch (cell.kind) {
    case StoredCell::Kind::Null:
      return statement.bind_null(index);
    case StoredCell::Kind::Integer:
      return statement.bind_int(index, cell.integer);
    case StoredCell::Kind::Real:
      return statement.bind_real(index, cell.real);
    case StoredCell::Kind::Text:
      return statement.bind_borrowed(index, cell.text);
  }
  return {};
}

// Every text of the row that its stored values do not give back.
void LoadWriter::describe_original(const TableRows& rows) {
  original_.clear();
  const auto stored = contract_.stored();
  const bool is_verbatim = std::ranges::all_of(stored, &StoredCell::is_verbatim);
  if (is_verbatim && rows.undeclared().empty()) return;
  JsonWriter json(original_);
  json.begin_object();
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (!stored[i].is_verbatim) json.field(target_.table.columns[i].name, *rows.cells()[i]);
  }
  for (const UndeclaredCell& cell : rows.undeclared()) {
    if (cell.text) json.field(cell.column, *cell.text);
  }
  json.end_object();
  if (original_ == "{}") original_.clear();
}

}  // namespace martgate::ingest
