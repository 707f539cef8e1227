#include "store/reader.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <limits>
#include <list>

#include "store/functions.h"

namespace martgate::store {
namespace {

constexpr std::size_t kStatementsKept = 64;
constexpr int kProgressOps = 1'000;  // virtual machine steps between two looks at the limits
constexpr int kValueBytesMax = 1'000'000;
constexpr int kSqlBytesMax = 100'000;
constexpr int kCacheKib = 64 * 1024;

// What rendered SQL calls. Anything that can burn time inside one call (printf, hex, randomblob,
// LIKE on long patterns) is absent: the progress handler does not run within a function.
constexpr std::array<std::string_view, 41> kFunctions{
    "abs",       "avg",        "ceil",        "ceiling", "coalesce",  "count",        "date",
    "datetime",  "dense_rank", "first_value", "floor",   "ifnull",    "iif",          "instr",
    "julianday", "lag",        "last_value",  "lead",    "length",    "lower",        "ltrim",
    "max",       "median",     "min",         "ntile",   "nullif",    "percent_rank", "rank",
    "round",     "row_number", "rtrim",       "sign",    "strftime",  "substr",       "substring",
    "sum",       "total",      "trim",        "typeof",  "unixepoch", "upper"};
static_assert(std::ranges::is_sorted(kFunctions));

constexpr std::string_view kCancelled = "cancelled";

tl::unexpected<Error> cancelled() {
  return fail(Code::Unavailable, "the caller took the request back", {}, kCancelled);
}

bool is_bookkeeping(std::string_view table) {
  return table.starts_with("_martgate") || table.starts_with("sqlite_");
}

}  // namespace

struct Reader::State {
  State(std::unique_ptr<SQLite::Database> database, const Clock& clock_in)
      : connection(std::move(database)), clock(clock_in) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  struct Kept {
    std::string sql;
    Statement statement;
    ReadSet reads;
  };

  // The same text finds its statement again; moved to the front.
  Result<Kept*> statement_for(Sql sql);
  static int authorize(void* context, int action, const char* first, const char* second,
                       const char* schema, const char* accessor);
  static int on_progress(void* context);

  Connection connection;
  const Clock& clock;
  std::list<Kept> kept;  // most recent first
  ReadSet* recording = nullptr;
  // Limits of the run at hand, for on_progress.
  std::int64_t steps_left = 0;
  std::int64_t deadline_ns = 0;
  std::stop_token cancel;
  std::string_view stopped_by;
};

int Reader::State::authorize(void* context, int action, const char* first, const char* second,
                             const char* schema, const char* /*accessor*/) {
  auto& state = *static_cast<State*>(context);
  switch (action) {
    case SQLITE_READ: {
      if (is_bookkeeping(first)) return SQLITE_DENY;
      if (state.recording != nullptr) {
        auto& columns = (*state.recording)[{schema == nullptr ? "main" : schema, first}];
        if (second != nullptr && *second != '\0') columns.insert(second);
      }
      return SQLITE_OK;
    }
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return std::ranges::binary_search(kFunctions, std::string_view(second)) ? SQLITE_OK
                                                                              : SQLITE_DENY;
    default:
      return SQLITE_DENY;
  }
}

int Reader::State::on_progress(void* context) {
  auto& state = *static_cast<State*>(context);
  state.steps_left -= kProgressOps;
  if (state.steps_left < 0) {
    state.stopped_by = "vm_steps_max";
    return 1;
  }
  if (state.cancel.stop_requested()) {
    state.stopped_by = kCancelled;
    return 1;
  }
  if (state.clock.monotonic_ns() > state.deadline_ns) {
    state.stopped_by = "wall_ms_max";
    return 1;
  }
  return 0;
}

Result<Reader::State::Kept*> Reader::State::statement_for(Sql sql) {
  const auto found = std::ranges::find(kept, sql.text(), &Kept::sql);
  if (found != kept.end()) {
    kept.splice(kept.begin(), kept, found);
    return &kept.front();
  }
  ReadSet reads;
  recording = &reads;
  auto statement = connection.prepare(sql);
  recording = nullptr;
  if (!statement) return tl::unexpected(statement.error());
  if (!statement->is_readonly()) return fail(Code::PermissionDenied, "only a SELECT is accepted");
  kept.push_front(Kept{std::string(sql.text()), std::move(*statement), std::move(reads)});
  if (kept.size() > kStatementsKept) kept.pop_back();
  return &kept.front();
}

Reader::Reader(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

Result<Reader> Reader::open(const std::filesystem::path& path, const Clock& clock) {
  try {
    // The file is published once and never written again, so it is read without locks.
    std::string uri = "file:";
    for (const char c : path.string()) {
      if (c == '%' || c == '?' || c == '#')
        uri += fmt::format("%{:02x}", static_cast<unsigned>(c));
      else
        uri.push_back(c);
    }
    uri += "?mode=ro&immutable=1";
    auto database = std::make_unique<SQLite::Database>(
        uri, SQLite::OPEN_READONLY | SQLite::OPEN_URI | SQLite::OPEN_NOFOLLOW);
    sqlite3* handle = database->getHandle();
    database->exec(
        fmt::format("PRAGMA query_only=ON; PRAGMA trusted_schema=OFF; PRAGMA mmap_size=0;"
                    "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;"
                    "PRAGMA cache_size=-{};",
                    kCacheKib));
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    for (const auto& [limit, value] : {std::pair{SQLITE_LIMIT_LENGTH, kValueBytesMax},
                                       {SQLITE_LIMIT_SQL_LENGTH, kSqlBytesMax},
                                       {SQLITE_LIMIT_EXPR_DEPTH, 200},
                                       {SQLITE_LIMIT_COMPOUND_SELECT, 20},
                                       {SQLITE_LIMIT_ATTACHED, 0},
                                       {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
                                       {SQLITE_LIMIT_VARIABLE_NUMBER, 2'000}}) {
      sqlite3_limit(handle, limit, value);
    }
    if (auto added = add_functions(handle); !added) return tl::unexpected(added.error());
    auto state = std::make_unique<State>(std::move(database), clock);
    sqlite3_set_authorizer(handle, &State::authorize, state.get());
    sqlite3_progress_handler(handle, kProgressOps, &State::on_progress, state.get());
    return Reader(std::move(state));
  } catch (const SQLite::Exception& problem) {
    return fail(Code::Unavailable,
                fmt::format("cannot open {}: {}", path.string(), problem.what()));
  }
}

Result<ReadSet> Reader::reads(Sql sql) {
  state_->cancel = {};
  state_->steps_left = std::numeric_limits<std::int64_t>::max();
  state_->deadline_ns = std::numeric_limits<std::int64_t>::max();
  auto kept = state_->statement_for(sql);
  if (!kept) return tl::unexpected(kept.error());
  return (*kept)->reads;
}

Result<RunResult> Reader::run(Sql sql, std::span<const Value> values, const RunLimits& limits) {
  State& state = *state_;
  const std::int64_t started_ns = state.clock.monotonic_ns();
  state.steps_left = limits.vm_steps_max;
  state.deadline_ns = started_ns + limits.wall_ms_max * 1'000'000;
  state.stopped_by = {};
  state.cancel = limits.cancel;
  if (state.cancel.stop_requested()) return cancelled();
  auto kept = state.statement_for(sql);
  if (!kept) return tl::unexpected(kept.error());
  Statement& statement = (*kept)->statement;
  struct Reset {
    Statement& statement;
    ~Reset() { statement.reset(); }
  } const reset{statement};
  if (auto bound = statement.bind_all(values); !bound) return tl::unexpected(bound.error());
  RunResult result;
  const int columns = statement.column_count();
  result.rows.columns.reserve(static_cast<std::size_t>(columns));
  for (int i = 0; i < columns; ++i) result.rows.columns.push_back(statement.column_name(i));
  for (std::int64_t count = 0;; ++count) {
    const auto more = statement.step();
    if (!more) {
      if (state.stopped_by.empty()) return tl::unexpected(more.error());
      if (state.stopped_by == kCancelled) return cancelled();
      const bool by_time = state.stopped_by == "wall_ms_max";
      return fail(Code::ResourceExhausted,
                  by_time ? fmt::format("the query ran longer than {} ms", limits.wall_ms_max)
                          : fmt::format("the query took more than {} steps", limits.vm_steps_max),
                  {"ask for a shorter time range, fewer dimensions or a filter"}, state.stopped_by);
    }
    if (!*more) break;
    if (count == limits.rows_max) {
      result.more_rows = true;
      break;
    }
    for (int i = 0; i < columns; ++i) result.rows.cells.push_back(statement.column(i));
  }
  result.work = statement.take_work();
  result.work.wall_ns = state.clock.monotonic_ns() - started_ns;
  return result;
}

Result<std::string> Reader::query_plan(Sql sql) {
  sqlite3* handle = state_->connection.handle();
  sqlite3_set_authorizer(handle, nullptr, nullptr);  // EXPLAIN is a statement of our own
  const std::string text = "EXPLAIN QUERY PLAN " + std::string(sql.text());
  auto statement = state_->connection.prepare(Sql::rendered(text));
  sqlite3_set_authorizer(handle, &State::authorize, state_.get());
  if (!statement) return tl::unexpected(statement.error());
  std::unordered_map<std::int64_t, int> depths;
  std::string plan;
  state_->cancel = {};
  state_->steps_left = std::numeric_limits<std::int64_t>::max();
  state_->deadline_ns = std::numeric_limits<std::int64_t>::max();
  for (;;) {
    const auto more = statement->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return plan;
    const auto parent = depths.find(statement->column_int(1));
    const int depth = parent == depths.end() ? 0 : parent->second + 1;
    depths[statement->column_int(0)] = depth;
    plan.append(static_cast<std::size_t>(depth) * 2, ' ').append(statement->column_text(3)) += '\n';
  }
}

}  // namespace martgate::store
