// The digest of a table that is read whole: equal when it holds the same rows, in any order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/connect/pull_store.h"
#include "ingest/table_rows.h"

namespace martgate::ingest {

// Hands rows through and adds up their digests, bad rows by their bytes.
class DigestedRows final : public TableRows {
 public:
  // Borrows the rows.
  DigestedRows(TableRows& rows, std::size_t columns);

  [[nodiscard]] Result<Kind> next() override;
  [[nodiscard]] std::span<const Cell> cells() const override { return rows_.cells(); }
  [[nodiscard]] BadRow as_bad(std::string reason) const override {
    return rows_.as_bad(std::move(reason));
  }
  [[nodiscard]] const BadRow& bad() const override { return rows_.bad(); }

  // "<rows>:<sum of the first halves>:<sum of the second halves>", modulo 2^64, hex.
  [[nodiscard]] std::string text() const;

 private:
  TableRows& rows_;
  std::vector<std::size_t> positions_;
  std::uint64_t count_ = 0;
  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;
};

}  // namespace martgate::ingest
