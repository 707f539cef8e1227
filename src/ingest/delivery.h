// One piece of a source table on its way into the raw store.
//
// A connector cuts a table into pieces with stable names: a file, a page, a cursor range, an event.
// The name is the piece's place in its table: names sort in the order of the pieces, the same name
// with the same bytes is loaded once, the same name with other bytes replaces what it brought
// before, and of a snapshot table only the last name is live. Rows come through TableRows, whatever
// they were; good ones go to raw, bad ones to the quarantine, and what the connector remembers goes
// into the same transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ingest/byte_source.h"
#include "ingest/table_rows.h"
#include "store/connection.h"

namespace martgate::ingest {

struct Load {
  std::int64_t load_id = 0;
  std::int64_t rows = 0;
  std::int64_t quarantined = 0;
  std::int64_t repeated = 0;  // rows that another live delivery holds already
  std::vector<DriftEvent> drift;
  std::string held;  // why nothing was loaded although nothing is wrong; empty: it was loaded
};

// Borrowed for the call of RawStore::load.
struct Delivery {
  TableRows& rows;
  // Asked once, after the last row: what was delivered may be known only then.
  std::function<Result<DeliveryIdentity>()> finish;
  // Asked once, when rows and quarantine are written and before the commit: a connector's cursor
  // stands where its rows stand, or neither does. An error rolls everything back.
  std::function<Status(store::Connection&, const Load&)> in_transaction = {};
};

// A failure of this delivery alone; others can go on.
[[nodiscard]] bool is_of_delivery(const Error& error);

}  // namespace martgate::ingest
