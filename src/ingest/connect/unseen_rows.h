// The rows of a page without those that an earlier page has handed over already.
#pragma once

#include <cstdint>
#include <vector>

#include "base/digest.h"
#include "catalog/project.h"
#include "ingest/connect/pull_store.h"
#include "ingest/table_rows.h"

namespace martgate::ingest {

// What makes a row the same as one that was loaded.
enum class RowIdentity : std::uint8_t {
  Content,   // equal columns: all of them, or those of once_by
  Position,  // its place in the source, which is handed out once: every row is new
};

// Bad rows count too, by their bytes: an overlap does not fill the quarantine again and again.
class UnseenRows final : public TableRows {
 public:
  // Borrows rows and store.
  UnseenRows(TableRows& rows, PullStore& store, std::int64_t pull_id,
             const catalog::SourceTable& table, RowIdentity identity);

  // Reads on to the first row that is new, outside of any transaction; next() hands it out first.
  // False: there is none.
  [[nodiscard]] Result<bool> has_any();

  // Within the transaction that loads the rows: each is marked as it is handed out.
  [[nodiscard]] Result<Kind> next() override;
  [[nodiscard]] std::span<const Cell> cells() const override { return rows_.cells(); }
  [[nodiscard]] BadRow as_bad(std::string reason) const override {
    return rows_.as_bad(std::move(reason));
  }
  [[nodiscard]] const BadRow& bad() const override { return rows_.bad(); }

  [[nodiscard]] std::int64_t known() const { return known_; }
  // SHA-256 hex over the digests of the rows that were handed out, in their order. Ends the object.
  [[nodiscard]] std::string finish();

 private:
  [[nodiscard]] RowDigest digest(Kind kind) const;
  [[nodiscard]] Result<bool> is_seen(const RowDigest& digest);
  [[nodiscard]] Result<bool> mark_new(const RowDigest& digest);

  TableRows& rows_;
  PullStore& store_;
  std::int64_t pull_id_;
  RowIdentity identity_;
  std::vector<std::size_t> positions_;  // of the columns that make a row itself
  Kind waiting_ = Kind::End;            // found by has_any(), not yet handed out
  bool is_waiting_ = false;
  std::int64_t known_ = 0;
  Sha256 handed_out_;
};

}  // namespace martgate::ingest
