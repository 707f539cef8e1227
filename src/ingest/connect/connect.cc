#include "ingest/connect/connect.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "ingest/connect/database_pages.h"
#include "ingest/connect/http_get.h"
#include "ingest/connect/http_pages.h"
#include "ingest/connect/inbox.h"
#include "ingest/connect/inbox_pages.h"
#include "ingest/connect/postgres_query.h"
#include "ingest/connect/sqlite_query.h"

namespace martgate::ingest {
namespace {

using catalog::DatabaseRead;
using catalog::HttpRequest;

// What a run needs besides the table: where things lie and what time it is.
struct Surroundings {
  const catalog::Project& project;
  const ConnectOptions& options;
  const Clock& clock;
};

std::string_view system_name(const catalog::PollAccess& access) {
  if (std::holds_alternative<catalog::SqliteAccess>(access)) return "sqlite";
  return std::holds_alternative<catalog::PostgresAccess>(access) ? "postgres" : "http";
}

OpenQuery open_query(const catalog::SqliteAccess& access, const catalog::SourceTable& table,
                     const DatabaseRead& read, const Surroundings& around) {
  return [&access, &table, &read, &around](const std::optional<Bound>& bound) {
    return open_sqlite_query(access, around.project.settings.data_folder, table, read, bound,
                             around.clock);
  };
}

OpenQuery open_query(const catalog::PostgresAccess& access, const catalog::SourceTable& table,
                     const DatabaseRead& read, const Surroundings& around) {
  return [&access, &table, &read, &around](const std::optional<Bound>& bound) {
    return open_postgres_query(access, table, read, bound, around.options.secret);
  };
}

std::unique_ptr<Pages> open_pages(const catalog::PollAccess& access,
                                  const catalog::SourceTable& table, const Surroundings& around,
                                  const std::string& cursor,
                                  const std::optional<std::string>& since) {
  if (const auto* http = std::get_if<catalog::HttpAccess>(&access)) {
    HttpGet get = [&around](const Url& url, const HttpGetOptions& options) {
      return http_get(url, options, around.clock);
    };
    return http_pages(*http, table, std::get<HttpRequest>(table.extract->read), {cursor, since},
                      {around.options.secret, around.options.wait, std::move(get), around.clock});
  }
  const auto& read = std::get<DatabaseRead>(table.extract->read);
  const auto* postgres = std::get_if<catalog::PostgresAccess>(&access);
  OpenQuery open = postgres != nullptr
                       ? open_query(*postgres, table, read, around)
                       : open_query(std::get<catalog::SqliteAccess>(access), table, read, around);
  return database_pages(table, read, std::move(open),
                        {.cursor = cursor, .since = since, .page_rows = around.options.page_rows},
                        around.clock);
}

PullJob poll_job(const catalog::PollAccess& access, const catalog::Source& source,
                 const catalog::SourceTable& table, const Surroundings& around) {
  PullJob job{.source = source.common.name,
              .table = table,
              .name = table.raw_name,
              .system = system_name(access),
              .retry = source.connector->retry,
              .open = [&](const std::string& cursor, const std::optional<std::string>& since) {
                return open_pages(access, table, around, cursor, since);
              }};
  if (const auto* http = std::get_if<catalog::HttpAccess>(&access))
    job.wait_ms_max = http->wait_ms_max;
  return job;
}

PullJob inbox_job(const catalog::Source& source, const catalog::SourceTable& table,
                  const Surroundings& around) {
  return {.source = source.common.name,
          .table = table,
          .name = table.raw_name,
          .system = "webhook",
          .page_name = "inbox",
          // Two deliveries may say the same and mean two events; their ids have told them apart.
          .identity = table.extract->once_by.empty() ? RowIdentity::Position : RowIdentity::Content,
          .retry = source.connector->retry,
          .open = [&](const std::string& cursor, const std::optional<std::string>& /*since*/) {
            return inbox_pages(inbox_path(around.project.settings.state_folder), source, table,
                               cursor);
          }};
}

// Whether a table can be asked for what came since a time.
bool has_time(const catalog::SourceTable& table) {
  if (const auto* read = std::get_if<DatabaseRead>(&table.extract->read))
    return read->cursor && read->cursor->type == catalog::CursorType::Timestamp;
  const auto* request = std::get_if<HttpRequest>(&table.extract->read);
  return request != nullptr && request->since &&
         request->since->format != catalog::Since::Format::Integer;
}

// A poll of the last hours, each time anew: what is there already is known by its key.
PullJob reconcile_job(const catalog::Reconcile& reconcile, const catalog::Source& source,
                      const catalog::SourceTable& table, const Surroundings& around) {
  PullJob job = poll_job(reconcile.access, source, table, around);
  job.name = table.raw_name + "/reconcile";
  job.page_name = "reconcile";
  job.open = [&](const std::string& /*cursor*/, const std::optional<std::string>& since) {
    std::optional<std::string> from = since;
    if (!from && has_time(table))
      from = to_rfc3339(around.clock.now() - std::chrono::hours(reconcile.window_h));
    return open_pages(reconcile.access, table, around, {}, from);
  };
  return job;
}

// The poll of a connector, or null for a webhook.
std::optional<catalog::PollAccess> poll_access(const catalog::Connector& connector) {
  return std::visit(
      [](const auto& access) -> std::optional<catalog::PollAccess> {
        if constexpr (std::is_same_v<std::decay_t<decltype(access)>, catalog::WebhookAccess>)
          return std::nullopt;
        else
          return catalog::PollAccess(access);
      },
      connector.access);
}

}  // namespace

void wait_ms(std::int64_t ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

Result<std::vector<PullReport>> pull_table(RawStore& store, const catalog::Project& project,
                                           const catalog::Source& source,
                                           const catalog::SourceTable& table,
                                           const ConnectOptions& options, const Clock& clock) {
  auto pulls = PullStore::open(store.connection());
  if (!pulls) return tl::unexpected(pulls.error());
  const Surroundings around{project, options, clock};
  Random random(options.seed != 0
                    ? options.seed
                    : static_cast<std::uint64_t>(clock.now().time_since_epoch().count()));
  const PullOptions pull_options{.full = options.full,
                                 .since = options.since,
                                 .wait = options.wait,
                                 .progress = options.progress};
  std::vector<PullReport> reports;
  const auto run = [&](const PullJob& job) -> Status {
    auto report = pull(store, *pulls, job, pull_options, clock, random);
    if (!report) return tl::unexpected(report.error());
    reports.push_back(std::move(*report));
    return {};
  };
  const catalog::Connector& connector = *source.connector;
  if (const auto access = poll_access(connector)) {
    if (auto done = run(poll_job(*access, source, table, around)); !done)
      return tl::unexpected(done.error());
    return reports;
  }
  if (auto done = run(inbox_job(source, table, around)); !done) return tl::unexpected(done.error());
  const bool is_reconciled =
      connector.reconcile && !std::holds_alternative<std::monostate>(table.extract->read);
  if (is_reconciled) {
    if (auto done = run(reconcile_job(*connector.reconcile, source, table, around)); !done)
      return tl::unexpected(done.error());
  }
  return reports;
}

}  // namespace martgate::ingest
