#include "jobs/job_store.h"

#include "jobs/alert_store.h"

namespace martgate::jobs {
namespace {

using store::Value;

std::int64_t ms_of(WallTime at) {
  return at.time_since_epoch().count();
}
WallTime time_of(const Value& value) {
  return WallTime(std::chrono::milliseconds(std::get<std::int64_t>(value)));
}
std::string text_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? std::string() : *text;
}

Status run_sql(store::Connection& connection, store::Sql sql, std::span<const Value> values) {
  auto statement = connection.prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  if (auto bound = statement->bind_all(values); !bound) return bound;
  return statement->run();
}

Run run_from(std::span<const Value> row) {
  Run run;
  run.run_id = std::get<std::int64_t>(row[0]);
  run.job = text_of(row[1]);
  run.scheduled_for = time_of(row[2]);
  run.started_at = time_of(row[3]);
  if (!store::is_null(row[4])) run.finished_at = time_of(row[4]);
  run.state = run_state_named(text_of(row[5]));
  run.attempt = static_cast<int>(std::get<std::int64_t>(row[6]));
  run.missed = std::get<std::int64_t>(row[7]);
  run.trigger = text_of(row[8]) == "manual" ? Trigger::Manual : Trigger::Schedule;
  run.step = text_of(row[9]);
  run.message = text_of(row[10]);
  run.pid = std::get<std::int64_t>(row[11]);
  return run;
}

Result<std::vector<Run>> runs_from(const Result<store::RowSet>& rows) {
  if (!rows) return tl::unexpected(rows.error());
  std::vector<Run> runs;
  for (std::size_t i = 0; i < rows->row_count(); ++i) runs.push_back(run_from(rows->row(i)));
  return runs;
}

}  // namespace

std::string_view name_of(Trigger trigger) {
  return trigger == Trigger::Manual ? "manual" : "schedule";
}

std::filesystem::path job_store_path(const std::filesystem::path& state_folder) {
  return state_folder / "jobs.db";
}

Result<JobStore> JobStore::open(const std::filesystem::path& state_folder,
                                store::Durability durability) {
  std::error_code ignored;
  std::filesystem::create_directories(state_folder, ignored);
  auto connection = store::Connection::open_writable(job_store_path(state_folder), durability);
  if (!connection) return tl::unexpected(connection.error());
  auto made = connection->execute(
      "CREATE TABLE IF NOT EXISTS jobs(name TEXT PRIMARY KEY, enrolled_at_ms INTEGER NOT NULL)"
      " STRICT;"
      "CREATE TABLE IF NOT EXISTS runs(run_id INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL,"
      " scheduled_ms INTEGER NOT NULL, started_ms INTEGER NOT NULL, finished_ms INTEGER,"
      " state TEXT NOT NULL, attempt INTEGER NOT NULL, missed INTEGER NOT NULL,"
      " trigger_word TEXT NOT NULL, step TEXT NOT NULL DEFAULT '',"
      " message TEXT NOT NULL DEFAULT '', pid INTEGER NOT NULL) STRICT;"
      "CREATE INDEX IF NOT EXISTS runs_of_job ON runs(job, run_id);");
  if (made) made = make_alert_tables(*connection);
  if (!made) return tl::unexpected(made.error());
  return JobStore(std::move(*connection));
}

Result<JobMemory> JobStore::memory(std::string_view job, WallTime now) {
  const Value enrol[] = {std::string(job), ms_of(now)};
  auto enrolled =
      run_sql(connection_, "INSERT OR IGNORE INTO jobs(name, enrolled_at_ms) VALUES(?, ?)", enrol);
  if (!enrolled) return tl::unexpected(enrolled.error());
  const Value name[] = {std::string(job)};
  const auto at = connection_.query_value("SELECT enrolled_at_ms FROM jobs WHERE name = ?", name);
  if (!at) return tl::unexpected(at.error());
  const auto rows = connection_.query(
      "SELECT state, attempt, scheduled_ms, coalesce(finished_ms, started_ms),"
      " (SELECT max(scheduled_ms) FROM runs WHERE job = ?1)"
      " FROM runs WHERE job = ?1 ORDER BY run_id DESC LIMIT 1",
      name);
  if (!rows) return tl::unexpected(rows.error());
  JobMemory memory;
  memory.enrolled_at = time_of(*at);
  if (rows->row_count() == 0) return memory;
  const auto row = rows->row(0);
  memory.last_run = JobMemory::LastRun{run_state_named(text_of(row[0])),
                                       static_cast<int>(std::get<std::int64_t>(row[1])),
                                       time_of(row[2]), time_of(row[3])};
  memory.covered_until = time_of(row[4]);
  return memory;
}

Result<std::int64_t> JobStore::begin(const Run& run) {
  const Value values[] = {run.job,
                          ms_of(run.scheduled_for),
                          ms_of(run.started_at),
                          std::int64_t{run.attempt},
                          run.missed,
                          std::string(name_of(run.trigger)),
                          run.pid};
  auto begun = run_sql(connection_,
                       "INSERT INTO runs(job, scheduled_ms, started_ms, state, attempt, missed,"
                       " trigger_word, pid) VALUES(?, ?, ?, 'running', ?, ?, ?, ?)",
                       values);
  if (!begun) return tl::unexpected(begun.error());
  return connection_.last_insert_rowid();
}

Status JobStore::finish(std::int64_t run_id, const RunEnd& end, WallTime at,
                        const Watched& watched) {
  auto transaction = store::Transaction::begin(connection_);
  if (!transaction) return tl::unexpected(transaction.error());
  const Value values[] = {ms_of(at), std::string(name_of(end.state)), end.step, end.message,
                          run_id};
  auto done = run_sql(connection_,
                      "UPDATE runs SET finished_ms = ?, state = ?, step = ?, message = ?"
                      " WHERE run_id = ? AND state = 'running'",
                      values);
  if (!done) return done;
  if (connection_.changes() == 0) {
    return fail(Code::FailedPrecondition, "the run has been ended already", {}, "run_ended");
  }
  if (auto settled = settle_in(connection_, watched, at); !settled) return settled;
  return transaction->commit();
}

Result<std::vector<Run>> JobStore::unfinished(std::string_view job) {
  const Value values[] = {std::string(job)};
  return runs_from(connection_.query(
      "SELECT run_id, job, scheduled_ms, started_ms, finished_ms, state, attempt, missed,"
      " trigger_word, step, message, pid FROM runs WHERE job = ? AND state = 'running'"
      " ORDER BY run_id",
      values));
}

Result<std::vector<Run>> JobStore::history(std::string_view job, std::int64_t count) {
  const Value values[] = {std::string(job), count};
  return runs_from(connection_.query(
      "SELECT run_id, job, scheduled_ms, started_ms, finished_ms, state, attempt, missed,"
      " trigger_word, step, message, pid FROM runs WHERE ?1 = '' OR job = ?1"
      " ORDER BY run_id DESC LIMIT ?2",
      values));
}

Result<std::optional<WallTime>> JobStore::last_good_start(std::string_view job) {
  const Value values[] = {std::string(job)};
  const auto at = connection_.query_value(
      "SELECT max(started_ms) FROM runs WHERE job = ? AND state = 'succeeded'", values);
  if (!at) return tl::unexpected(at.error());
  if (store::is_null(*at)) return std::optional<WallTime>();
  return std::optional(time_of(*at));
}

}  // namespace martgate::jobs
