#include "ingest/ingest.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <system_error>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "ingest/delivery.h"
#include "ingest/glob.h"

namespace martgate::ingest {
namespace {

namespace fs = std::filesystem;

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
      if (is_older(path)) {
        ++done;
        continue;
      }
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
    auto standing = standing_of(table, path);
    if (!standing && is_of_delivery(standing.error())) {
      report.refused.push_back({path, standing.error()});
      return {};
    }
    if (!standing) return tl::unexpected(standing.error());
    if (standing->is_known) {
      ++report.skipped;
      return {};
    }
    if (standing->held) {
      report.held.push_back({path, *standing->held});
      return {};
    }
    auto file = FileBytes::open(data_folder_ / path);
    if (!file) {
      report.refused.push_back({path, file.error()});
      return {};
    }
    const auto rows = rows_of(table, *file);
    Delivery delivery{*rows, [&file] { return file->finish(); }};
    RawStore::LoadRequest request{source, table, path, clock_.now(), tell};
    request.is_volume_checked = true;
    request.skips_repeats = true;
    const auto load = store_.load(request, delivery);
    for (const DriftEvent& event :
         load ? std::span<const DriftEvent>(load->drift) : rows->drift()) {
      report.drift.push_back({path, event});
    }
    if (!load && is_of_delivery(load.error())) {
      report.refused.push_back({path, load.error()});
      return {};
    }
    if (!load) return tl::unexpected(load.error());
    if (!load->held.empty()) {
      report.held.push_back({path, load->held});
      return {};
    }
    ++report.loaded;
    if (standing->was_loaded) ++report.replaced;
    report.rows += load->rows;
    report.repeated += load->repeated;
    report.quarantined += load->quarantined;
    return {};
  }

  struct Standing {
    bool is_known = false;            // its bytes are what the latest load of the path holds
    bool was_loaded = false;          // the path has a load
    std::optional<std::string> held;  // why its bytes wait for a release
  };

  // Another size than the latest load's settles most of it unread.
  Result<Standing> standing_of(const catalog::SourceTable& table, const std::string& path) {
    Standing standing;
    const auto known = store_.known_file(table.raw_name, path);
    if (!known) return tl::unexpected(known.error());
    standing.was_loaded = known->has_value();
    std::error_code problem;
    const auto bytes = fs::file_size(data_folder_ / path, problem);
    const bool may_be_known = *known && !options_.full && is_stored_alike(table, (*known)->types) &&
                              (problem || std::cmp_equal(bytes, (*known)->bytes));
    const auto any_held = store_.has_held(table.raw_name, path);
    if (!any_held) return tl::unexpected(any_held.error());
    if (!may_be_known && !*any_held) return standing;
    auto file = FileBytes::open(data_folder_ / path);
    if (!file) return tl::unexpected(file.error());
    const auto identity = file->finish();
    if (!identity) return tl::unexpected(identity.error());
    standing.is_known = may_be_known && identity->sha256 == (*known)->sha256;
    if (standing.is_known || !*any_held) return standing;
    auto held = store_.held(table.raw_name, path, identity->sha256);
    if (!held) return tl::unexpected(held.error());
    standing.held = std::move(*held);
    return standing;
  }

  // Whether the file was written before the time that was asked for.
  [[nodiscard]] bool is_older(const std::string& path) const {
    if (!options_.since) return false;
    std::error_code problem;
    const auto written = fs::last_write_time(data_folder_ / path, problem);
    if (problem) return false;
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::file_clock::to_sys(written)) <
           *options_.since;
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

// A misspelt name would load nothing and look like success.
Status check_only(const catalog::Project& project, const std::string& only) {
  if (only.empty()) return {};
  std::vector<std::string> names;
  for (const catalog::Source& source : project.sources) {
    names.push_back(source.common.name);
    for (const catalog::SourceTable& table : source.tables) names.push_back(table.raw_name);
  }
  if (std::ranges::find(names, only) != names.end()) return {};
  return fail(Code::NotFound,
              fmt::format("there is no source or raw table \"{}\"", shown(only, 80)),
              name_hints(only, names), "unknown_source");
}

}  // namespace

bool IngestReport::has_held() const {
  return std::ranges::any_of(tables, [](const TableReport& t) { return !t.held.empty(); });
}

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
  for (const std::string& what : options.release) {
    const auto released = store->release(what);
    if (!released) return tl::unexpected(released.error());
    if (*released == 0) {
      return fail(Code::NotFound, fmt::format("nothing is held under \"{}\"", shown(what, 120)),
                  {"accepted: the path of a held file, a raw table, or all"}, "nothing_held");
    }
    report.released += *released;
  }
  if (auto found = check_only(project, options.only); !found) return tl::unexpected(found.error());
  TableIngest run(*store, project, clock, options);
  for (const catalog::Source& source : project.sources) {
    for (const catalog::SourceTable& table : source.tables) {
      const bool is_wanted = options.only.empty() || options.only == source.common.name ||
                             options.only == table.raw_name;
      if (!is_wanted) continue;
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
