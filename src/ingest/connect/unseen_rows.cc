#include "ingest/connect/unseen_rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace martgate::ingest {

UnseenRows::UnseenRows(TableRows& rows, PullStore& store, std::int64_t pull_id,
                       const catalog::SourceTable& table, RowIdentity identity)
    : rows_(rows), store_(store), pull_id_(pull_id), identity_(identity) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const std::vector<std::string>& names = table.extract->once_by;
    const bool counts =
        names.empty() || std::ranges::find(names, table.columns[i].name) != names.end();
    if (counts) positions_.push_back(i);
  }
}

RowDigest UnseenRows::digest(Kind kind) const {
  if (kind == Kind::Bad) return digest_of_bytes("bad" + rows_.bad().raw);
  // A key without any value names nothing: such rows are told apart by all that they hold.
  const auto cells = rows_.cells();
  const bool is_named = std::ranges::any_of(
      positions_, [&](std::size_t position) { return cells[position].has_value(); });
  return is_named ? digest_of_cells(cells, positions_)
                  : digest_of_bytes("unnamed" + rows_.as_bad({}).raw);
}

Result<bool> UnseenRows::is_seen(const RowDigest& digest) {
  if (identity_ == RowIdentity::Position) return false;
  return store_.is_seen(pull_id_, digest);
}

Result<bool> UnseenRows::mark_new(const RowDigest& digest) {
  if (identity_ == RowIdentity::Position) return true;
  return store_.mark_seen(pull_id_, digest);
}

Result<bool> UnseenRows::has_any() {
  for (;;) {
    const auto kind = rows_.next();
    if (!kind) return tl::unexpected(kind.error());
    if (*kind == Kind::End) return false;
    const auto seen = is_seen(digest(*kind));
    if (!seen) return tl::unexpected(seen.error());
    if (!*seen) {
      waiting_ = *kind;
      is_waiting_ = true;
      return true;
    }
    ++known_;
  }
}

Result<TableRows::Kind> UnseenRows::next() {
  for (;;) {
    const auto kind = is_waiting_ ? Result<Kind>(waiting_) : rows_.next();
    is_waiting_ = false;
    if (!kind || *kind == Kind::End) return kind;
    const RowDigest row = digest(*kind);
    const auto is_new = mark_new(row);
    if (!is_new) return tl::unexpected(is_new.error());
    if (*is_new) {
      handed_out_.add(fmt::format("{:x},{:x};", row.high, row.low));
      return *kind;
    }
    ++known_;
  }
}

std::string UnseenRows::finish() {
  return to_hex(handed_out_.finish());
}

}  // namespace martgate::ingest
