// state/raw.db: every row ever loaded, append-only, and views of the rows that count now.
// docs/state.md has its tables.
//
// _row counts the rows of a delivery from 1, bad ones included, a header not. _row_hash is the
// first 64 bits of the SHA-256 over the row's delivered texts in declared order.
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
    std::string types;  // that its values were stored by, see storage_types()
  };
  // The latest load of a path.
  [[nodiscard]] Result<std::optional<KnownFile>> known_file(std::string_view raw_name,
                                                            std::string_view path);
  // Whether anything of the path waits.
  [[nodiscard]] Result<bool> has_held(std::string_view raw_name, std::string_view path);
  // Why the path with these bytes is held; nothing when it is not, or was released.
  [[nodiscard]] Result<std::optional<std::string>> held(std::string_view raw_name,
                                                        std::string_view path,
                                                        std::string_view sha256);
  // Lets a held delivery in the next time it is loaded: by path, or all of a raw table, or "all".
  // How many were held. Errors: Unavailable.
  [[nodiscard]] Result<std::int64_t> release(std::string_view what);
  // Paths of live loads, sorted.
  [[nodiscard]] Result<std::vector<std::string>> live_paths(std::string_view raw_name);

  struct LoadRequest {
    const std::string& source;
    const catalog::SourceTable& table;
    const std::string& path;  // the piece: a file relative to the data folder, a page, an event
    WallTime at;
    std::function<void(std::int64_t rows)> progress = {};  // every 65,536 rows
    bool is_volume_checked = false;                        // a delivery of unusual size is held
    // Rows that another live delivery of an append table holds are no rows of this one.
    bool skips_repeats = false;
  };
  // One transaction: all of the delivery, with what its connector writes beside it, or nothing.
  // Drift of columns is remembered even when the delivery is refused for it.
  // Errors: those of the delivery (InvalidArgument, Unavailable) and of the store (Unavailable).
  [[nodiscard]] Result<Load> load(const LoadRequest& request, const Delivery& delivery);

  // Which loads are live, after a load was added by other means: see quarantine.h.
  Status settle(const catalog::SourceTable& table);

  // For a connector's own bookkeeping; no transaction is open between two loads.
  [[nodiscard]] store::Connection& connection() { return connection_; }

 private:
  explicit RawStore(store::Connection connection) : connection_(std::move(connection)) {}
  Status load_in_transaction(const LoadRequest& request, const Delivery& delivery, Load& load);
  [[nodiscard]] Result<std::string> hold_reason(const LoadRequest& request,
                                                const DeliveryIdentity& identity, const Load& load);
  Status remember_held(const LoadRequest& request, const DeliveryIdentity& identity,
                       const Load& load);
  Status remember_drift(const LoadRequest& request, std::string_view sha256, const Load& load);
  // Repeats of rows whose load is no longer live become rows of their own.
  Status revive_repeats(const catalog::SourceTable& table);

  store::Connection connection_;
};

// "id text, amount decimal(2)", by name.
[[nodiscard]] std::string storage_types(const catalog::SourceTable& table);
// Whether values stored by these types are stored as the table declares them now; columns that one
// of both does not have do not count.
[[nodiscard]] bool is_stored_alike(const catalog::SourceTable& table, std::string_view types);

// The live loads of every source table of the project, sorted by raw name. A store that does not
// exist holds none.
[[nodiscard]] Result<std::vector<engine::LoadedTable>> loaded_tables(
    const std::filesystem::path& raw_store, const catalog::Project& project);

}  // namespace martgate::ingest
