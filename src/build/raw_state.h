// Which loads the raw store shows: what tells one state of a raw table from another.
#pragma once

#include <vector>

#include "base/result.h"
#include "engine/snapshot.h"
#include "store/connection.h"

namespace martgate::build {

// Sets the content of each table to a digest of its live loads: id, file digest, rows, rows kept
// out. Rows of a load never change without one of these. `connection` has the raw store attached as
// raw; what it reads later in the same transaction is that state.
// Errors: Unavailable, reason "raw_changed", when the loads are not those that `tables` counts.
Status read_raw_contents(store::Connection& connection, std::vector<engine::LoadedTable>& tables);

}  // namespace martgate::build
