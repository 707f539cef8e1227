#include "ingest/connect/whole_table.h"

#include <fmt/format.h>

#include <numeric>

namespace martgate::ingest {

DigestedRows::DigestedRows(TableRows& rows, std::size_t columns)
    : rows_(rows), positions_(columns) {
  std::iota(positions_.begin(), positions_.end(), 0);
}

Result<TableRows::Kind> DigestedRows::next() {
  auto kind = rows_.next();
  if (!kind || *kind == Kind::End) return kind;
  const RowDigest digest = *kind == Kind::Row ? digest_of_cells(rows_.cells(), positions_)
                                              : digest_of_bytes("bad" + rows_.bad().raw);
  ++count_;
  high_ += static_cast<std::uint64_t>(digest.high);
  low_ += static_cast<std::uint64_t>(digest.low);
  return kind;
}

std::string DigestedRows::text() const {
  return fmt::format("{}:{:016x}:{:016x}", count_, high_, low_);
}

}  // namespace martgate::ingest
