// The one way to read marts. An engine answers rendered SQL over one immutable snapshot and says
// what it really read; today SQLite, later others behind the same interface.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/snapshot.h"
#include "store/reader.h"

namespace martgate::engine {

struct Query {
  std::string sql;  // made by a renderer from a checked plan
  std::vector<store::Value> values;
};

struct Answer {
  store::RowSet rows;
  bool more_rows = false;  // there were more than limits.rows_max
  store::ReadSet reads;    // (schema, table) -> columns, from the engine, never from a claim
  store::Work work;
};

// Errors   ResourceExhausted with reason "vm_steps_max" or "wall_ms_max"; Unavailable for I/O.
// Threads  const calls may run at the same time.
class MartEngine {
 public:
  virtual ~MartEngine() = default;
  [[nodiscard]] virtual const SnapshotFacts& facts() const = 0;
  [[nodiscard]] virtual Result<Answer> run(const Query& query,
                                           const store::RunLimits& limits) const = 0;
  // What the SQL would read, without running it.
  [[nodiscard]] virtual Result<store::ReadSet> plan(const std::string& sql) const = 0;
  // The engine's own account of how it would run the SQL, for people.
  [[nodiscard]] virtual Result<std::string> explain(const std::string& sql) const = 0;
};

}  // namespace martgate::engine
