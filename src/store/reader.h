// A hardened read connection on one immutable database file, with limits on every run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/connection.h"

namespace martgate::store {

struct RunLimits {
  std::int64_t rows_max = 1'000;  // rows handed out; one more is noticed as `more_rows`
  std::int64_t vm_steps_max = 50'000'000;
  std::int64_t wall_ms_max = 5'000;
  std::stop_token cancel = {};  // stops the run between two looks at the limits
};

struct RunResult {
  RowSet rows;
  bool more_rows = false;  // the statement had more than rows_max rows
  Work work;
};

// Only SELECT, only functions on a fixed list, no writes, no ATTACH, no PRAGMA, no bookkeeping
// tables (names that begin with "_martgate" or "sqlite_"). The file must never change while open:
// it is read without locks. Adds the aggregate median(x), NULLs ignored.
// Errors of run(): ResourceExhausted (reason "vm_steps_max" or "wall_ms_max"), Unavailable (I/O, or
// reason "cancelled").
// Threads: one at a time.
class Reader {
 public:
  [[nodiscard]] static Result<Reader> open(const std::filesystem::path& path, const Clock& clock);
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  // What the statement would read. Prepared statements are kept, the least recent dropped first.
  [[nodiscard]] Result<ReadSet> reads(Sql sql);
  [[nodiscard]] Result<RunResult> run(Sql sql, std::span<const Value> values,
                                      const RunLimits& limits);
  // SQLite's own query plan, one line a step, indented by depth; for `explain`.
  [[nodiscard]] Result<std::string> query_plan(Sql sql);

 private:
  struct State;
  explicit Reader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace martgate::store
