// The rows of one delivery -> the raw store, within the transaction of its load.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/project.h"
#include "ingest/delivery.h"
#include "ingest/row_contract.h"
#include "ingest/seen_set.h"
#include "store/connection.h"

namespace martgate::ingest {

// Two equal rows of one delivery are two rows. A row that another live delivery of an append table
// holds is the same row seen again: the n-th of its equals is stored only when the other live
// deliveries hold fewer than n of them together. What is not stored is remembered as a repeat, and
// becomes a row when the delivery that holds it is replaced.
class LoadWriter {
 public:
  struct Target {
    const catalog::SourceTable& table;
    std::int64_t load_id = 0;
    const std::string& path;
    bool is_replay = false;      // of the quarantine: the loads of its own path count as others
    bool skips_repeats = false;  // of an append table that does not keep them
  };
  // Borrows everything. Errors: InvalidArgument for a contract that makes no sense, Unavailable.
  [[nodiscard]] static Result<LoadWriter> make(store::Connection& connection, Target target);

  // The row behind the last next() of `rows`; `row` is its position in the delivery, from 1.
  // False when it went to quarantine.
  [[nodiscard]] Result<bool> take(const TableRows& rows, std::int64_t row);
  // A row that could not be read.
  Status quarantine(const BadRow& bad, std::int64_t row);

  [[nodiscard]] const Load& load() const { return load_; }
  [[nodiscard]] const RowContract& contract() const { return contract_; }
  // Why the last take() was false.
  [[nodiscard]] const BadRow& refused() const { return refused_; }
  // Leaves the quarantine as it is: a replay decides about each row itself.
  void keep_out_of_quarantine() { writes_quarantine_ = false; }

 private:
  struct KeyCheck {
    std::vector<std::size_t> columns;
    SeenSet seen;
    std::optional<store::Statement> find;  // prepared when first needed
  };
  struct Place {
    std::int64_t load_id = 0;
    std::int64_t row = 0;
  };

  struct Identity {
    std::int64_t hash = 0;
    std::optional<Place> kept;  // of the same row, when another live delivery holds it
  };

  LoadWriter(store::Connection& connection, Target target, RowContract contract,
             store::Statement insert, store::Statement quarantine)
      : connection_(&connection),
        target_(target),
        contract_(std::move(contract)),
        insert_(std::move(insert)),
        quarantine_(std::move(quarantine)) {
    load_.load_id = target.load_id;
  }

  [[nodiscard]] Result<bool> refuse(const TableRows& rows, std::int64_t row, std::string_view slug,
                                    std::string detail, std::string column);
  // The name of the key that another live row holds already, or nothing.
  [[nodiscard]] Result<std::optional<std::string>> broken_key();
  [[nodiscard]] Result<bool> key_exists(KeyCheck& key);
  [[nodiscard]] Result<Identity> identify();
  [[nodiscard]] Result<bool> is_in_this_load(std::int64_t hash);
  [[nodiscard]] Result<std::optional<Place>> place_elsewhere(std::int64_t hash);
  Status insert_row(const TableRows& rows, std::int64_t row, std::int64_t hash);
  Status insert_repeat(std::int64_t row, std::int64_t hash, Place kept);
  Status prepare_hash_lookups();
  Status bind_stored(store::Statement& statement, int index, const StoredCell& cell) const;
  void describe_original(const TableRows& rows);

  store::Connection* connection_;
  Target target_;
  RowContract contract_;
  store::Statement insert_;
  store::Statement quarantine_;
  std::optional<store::Statement> own_by_hash_;
  std::optional<store::Statement> own_repeat_;
  std::optional<store::Statement> other_by_hash_;
  std::optional<store::Statement> repeat_;
  bool has_others_ = false;     // live loads of other deliveries
  bool skips_repeats_ = false;  // append tables
  bool writes_quarantine_ = true;
  SeenSet seen_;
  std::vector<KeyCheck> keys_;
  std::string hashed_;    // scratch
  std::string original_;  // JSON, or empty
  Load load_;
  BadRow refused_;
};

}  // namespace martgate::ingest
