#include "ingest/ingest.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "base/files.h"
#include "ingest/delivery.h"
#include "ingest/glob.h"

namespace martgate::ingest {
namespace {

namespace fs = std::filesystem;

// A failure of the store ends the run; one of the file is that file's own.
bool is_of_file(const Error& error) {
  return error.reason == "schema_drift" || error.reason == "unreadable_file";
}

class TableIngest {
 public:
  TableIngest(RawStore& store, const catalog::Project& project, const Clock& clock,
              const IngestOptions& options)
      : store_(store),
        data_folder_(project.settings.data_folder),
        clock_(clock),
        options_(options) {}

  Result<TableReport> run(const std::string& source, const catalog::SourceTable& table) {
    TableReport report;
    report.source = source;
    report.raw_name = table.raw_name;
    if (auto prepared = store_.prepare_table(table); !prepared) {
      return tl::unexpected(with_context(prepared.error(), table.raw_name));
    }
    const auto paths = files_matching(data_folder_, table.files);
    if (!paths) return tl::unexpected(with_context(paths.error(), table.raw_name));
    report.files_seen = paths->size();
    std::size_t done = 0;
    for (const std::string& path : *paths) {
      const auto tell = [&](std::int64_t rows) {
        if (options_.progress) {
          options_.progress({table.raw_name, path, rows, done, paths->size()});
        }
      };
      tell(0);
      if (auto taken = take_file(source, table, path, tell, report); !taken) {
        return tl::unexpected(with_context(taken.error(), path));
      }
      ++done;
    }
    const auto live = store_.live_paths(table.raw_name);
    if (!live) return tl::unexpected(live.error());
    std::ranges::set_difference(*live, *paths, std::back_inserter(report.vanished));
    return report;
  }

 private:
  Status take_file(const std::string& source, const catalog::SourceTable& table,
                   const std::string& path, const std::function<void(std::int64_t)>& tell,
                   TableReport& report) {
    const auto known = is_known(table, path);
    if (!known && is_of_file(known.error())) {
      report.refused.push_back({path, known.error()});
      return {};
    }
    if (!known) return tl::unexpected(known.error());
    if (*known) {
      ++report.skipped;
      return {};
    }
    auto file = FileBytes::open(data_folder_ / path);
    if (!file) {
      report.refused.push_back({path, file.error()});
      return {};
    }
    const auto rows = rows_of(table, *file);
    Delivery delivery{*rows, [&file] { return file->finish(); }};
    const auto load = store_.load({source, table, path, clock_.now(), tell}, delivery);
    if (!load && is_of_file(load.error())) {
      report.refused.push_back({path, load.error()});
      return {};
    }
    if (!load) return tl::unexpected(load.error());
    ++report.loaded;
    report.rows += load->rows;
    report.quarantined += load->quarantined;
    return {};
  }

  // True when the latest load of the path holds the file's bytes. Another size settles it unread.
  Result<bool> is_known(const catalog::SourceTable& table, const std::string& path) {
    if (options_.full) return false;
    const auto known = store_.known_file(table.raw_name, path);
    if (!known) return tl::unexpected(known.error());
    if (!*known) return false;
    std::error_code problem;
    const auto bytes = fs::file_size(data_folder_ / path, problem);
    if (!problem && std::cmp_not_equal(bytes, (*known)->bytes)) return false;
    auto file = FileBytes::open(data_folder_ / path);
    if (!file) return tl::unexpected(file.error());
    const auto identity = file->finish();
    if (!identity) return tl::unexpected(identity.error());
    return identity->sha256 == (*known)->sha256;
  }

  RawStore& store_;
  const fs::path& data_folder_;
  const Clock& clock_;
  const IngestOptions& options_;
};

// A table behind a connector: its pages count as files.
Result<TableReport> pull_one(RawStore& store, const catalog::Project& project,
                             const catalog::Source& source, const catalog::SourceTable& table,
                             const Clock& clock, const IngestOptions& options) {
  if (auto prepared = store.prepare_table(table); !prepared) {
    return tl::unexpected(with_context(prepared.error(), table.raw_name));
  }
  ConnectOptions connect = options.connect;
  connect.full = options.full;
  const auto tell = [&](std::int64_t rows) {
    if (options.progress) options.progress({table.raw_name, source.common.name, rows, 0, 1});
  };
  if (!connect.progress) connect.progress = tell;
  tell(0);
  auto pulls = pull_table(store, project, source, table, connect, clock);
  if (!pulls) return tl::unexpected(with_context(pulls.error(), table.raw_name));
  TableReport report;
  report.source = source.common.name;
  report.raw_name = table.raw_name;
  for (const PullReport& pull : *pulls) {
    if (pull.error) report.refused.push_back({pull.run.name, *pull.error});
    report.loaded += static_cast<std::size_t>(pull.run.pages);
    report.rows += pull.run.rows;
    report.quarantined += pull.run.quarantined;
  }
  report.files_seen = std::max<std::size_t>(report.loaded, 1);
  report.pulls = std::move(*pulls);
  return report;
}

}  // namespace

bool IngestReport::has_refusals() const {
  return std::ranges::any_of(tables, [](const TableReport& t) { return !t.refused.empty(); });
}

std::size_t IngestReport::files_loaded() const {
  std::size_t count = 0;
  for (const TableReport& table : tables) count += table.loaded;
  return count;
}

Result<IngestReport> ingest(const catalog::Project& project, const fs::path& state_folder,
                            const Clock& clock, const IngestOptions& options) {
  std::error_code problem;
  fs::create_directories(state_folder, problem);
  if (problem) {
    return fail(Code::Unavailable,
                fmt::format("cannot make {}: {}", state_folder.string(), problem.message()));
  }
  const auto lock = FileLock::take(state_folder / "raw.lock", "ingest");
  if (!lock) return tl::unexpected(lock.error());
  auto store = RawStore::open(raw_store_path(state_folder));
  if (!store) return tl::unexpected(store.error());
  IngestReport report;
  TableIngest run(*store, project, clock, options);
  for (const catalog::Source& source : project.sources) {
    for (const catalog::SourceTable& table : source.tables) {
      auto done = source.connector ? pull_one(*store, project, source, table, clock, options)
                                   : run.run(source.common.name, table);
      if (!done) return tl::unexpected(done.error());
      report.tables.push_back(std::move(*done));
    }
  }
  std::ranges::sort(report.tables, {}, &TableReport::raw_name);
  return report;
}

}  // namespace martgate::ingest
