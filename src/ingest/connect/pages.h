// What every connector is to the loop that loads it: a row of pages and a place to go on from.
#pragma once

#include <cstdint>
#include <string>

#include "ingest/connect/retry.h"
#include "ingest/table_rows.h"

namespace martgate::ingest {

// One run over one table of one system. A page is what is loaded in one transaction, together with
// the cursor behind it; a run that ends early goes on from the last cursor that was committed.
//
// Threads  one.
class Pages {
 public:
  virtual ~Pages() = default;

  // True when a page stands ready, false at the end of the run. After a failure the next call tries
  // the same page again.
  [[nodiscard]] virtual Attempt<bool> next() = 0;

  // The page's rows, from its first one. Errors of TableRows::next() are explained by failure().
  [[nodiscard]] virtual TableRows& rows() = 0;
  // After rows() or rewind() failed: why, when it was the source's doing. A new run can go on from
  // the cursor.
  [[nodiscard]] virtual const Failure* failure() const { return nullptr; }

  // Where the next page begins, once the rows of this one were read to their end or the run ended:
  // JSON that only the same connector reads.
  [[nodiscard]] virtual std::string cursor() const = 0;

  // Begins the page again, with the same rows. Only asked of a table that is loaded whole.
  [[nodiscard]] virtual Status rewind() = 0;

  // Received from the source since this object was made.
  [[nodiscard]] virtual std::int64_t bytes() const = 0;
};

}  // namespace martgate::ingest
