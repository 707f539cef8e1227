// state/raw.db: every row ever loaded, append-only, and views of the rows that count now.
//
//   <raw_name>__rows     _load_id, _row, _row_hash, then every column ever declared, TEXT
//   <raw_name>           view: the declared columns, _load_id and _row, of live loads only
//   _martgate_loads      one line per loaded file
//   _martgate_quarantine rows that were kept out, with the reason and their bytes
//
// _row counts the rows of a file from 1, bad ones included, the header not. _row_hash is the first
// 64 bits of the SHA-256 over the row's cells in declared order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/project.h"
#include "engine/snapshot.h"
#include "ingest/delivery.h"
#include "store/connection.h"

namespace martgate::ingest {

[[nodiscard]] std::filesystem::path raw_store_path(const std::filesystem::path& state_folder);

// One writer at a time: whoever writes holds the lock of the state folder's raw store.
class RawStore {
 public:
  // Makes the file and its bookkeeping tables if need be. Errors: Unavailable.
  [[nodiscard]] static Result<RawStore> open(const std::filesystem::path& path);

  // Makes the table and its view, adds columns that were declared since, and sets which loads are
  // live by the table's load mode.
  Status prepare_table(const catalog::SourceTable& table);

  struct KnownFile {
    std::string sha256;
    std::int64_t bytes = 0;
  };
  // The latest load of a path.
  [[nodiscard]] Result<std::optional<KnownFile>> known_file(std::string_view raw_name,
                                                            std::string_view path);
  // Paths of live loads, sorted.
  [[nodiscard]] Result<std::vector<std::string>> live_paths(std::string_view raw_name);

  struct LoadRequest {
    const std::string& source;
    const catalog::SourceTable& table;
    const std::string& path;  // the piece: a file relative to the data folder, a page, an event
    WallTime at;
    std::function<void(std::int64_t rows)> progress = {};  // every 65,536 rows
  };
  // One transaction: all of the delivery, with what its connector writes beside it, or nothing.
  // Errors: those of the delivery (InvalidArgument, Unavailable) and of the store (Unavailable).
  [[nodiscard]] Result<Load> load(const LoadRequest& request, const Delivery& delivery);

  // For a connector's own bookkeeping; no transaction is open between two loads.
  [[nodiscard]] store::Connection& connection() { return connection_; }

 private:
  explicit RawStore(store::Connection connection) : connection_(std::move(connection)) {}
  Status settle_live_loads(const catalog::SourceTable& table);

  store::Connection connection_;
};

// The live loads of every source table of the project, sorted by raw name. A store that does not
// exist holds none.
[[nodiscard]] Result<std::vector<engine::LoadedTable>> loaded_tables(
    const std::filesystem::path& raw_store, const catalog::Project& project);

}  // namespace martgate::ingest
