// martgate doctor: everything that must hold before agents may ask.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/opened.h"
#include "engine/snapshot.h"
#include "envelope/anchors.h"
#include "envelope/verify.h"
#include "gate/identity_rules.h"
#include "gate/world.h"
#include "identity/issuer_keys.h"
#include "identity/key_store.h"
#include "ingest/connect/pull_store.h"
#include "ingest/connect/secrets.h"
#include "ingest/raw_store.h"
#include "tools/trust.h"

namespace martgate::cli {
namespace {

class Checks {
 public:
  explicit Checks(App& app) : app_(app) {}

  void good(std::string_view what, std::string_view found) { line("ok", Style::Good, what, found); }
  void warn(std::string_view what, std::string_view found) {
    line("warn", Style::Warn, what, found);
  }
  void bad(std::string_view what, std::string_view found) {
    line("bad", Style::Bad, what, found);
    bad_ = true;
  }
  [[nodiscard]] bool any_bad() const { return bad_; }

 private:
  void line(std::string_view mark, Style style, std::string_view what, std::string_view found) {
    app_.terminal.print(fmt::format(
        "{}  {:<12}{}\n", app_.terminal.styled(fmt::format("{:<4}", mark), style), what, found));
  }

  App& app_;
  bool bad_ = false;
};

void check_snapshot(App& app, const catalog::Project& project, Checks& checks) {
  const auto id = engine::current_snapshot(project.settings.state_folder);
  if (!id) return checks.bad("snapshot", to_text(id.error()));
  const auto facts = engine::read_facts(engine::snapshot_path(project.settings.state_folder, *id));
  if (!facts) return checks.bad("snapshot", to_text(facts.error()));
  if (facts->project_digest == project.digest) {
    checks.good("snapshot", fmt::format("{}, built {}", facts->id, to_rfc3339(facts->built_at)));
  } else {
    checks.warn("snapshot",
                fmt::format("{} was built from other definitions; run: martgate build", facts->id));
  }
  const WallTime now = app.clock.now();
  std::vector<std::string> late;
  for (const engine::LoadedTable& loaded : facts->loaded) {
    const catalog::Source* source = project.source(loaded.source);
    if (source == nullptr) continue;
    const auto freshness = tools::freshness_of(*source, loaded.last_loaded_at, now);
    if (freshness != tools::Freshness::Fresh)
      late.push_back(fmt::format("{} ({})", loaded.raw_name, name_of(freshness)));
  }
  if (late.empty())
    checks.good("freshness",
                fmt::format("{} raw tables within their promise", facts->loaded.size()));
  else
    checks.warn("freshness", fmt::format("late: {}", fmt::join(late, ", ")));
  const auto passing =
      std::ranges::count(facts->tests, engine::Verdict::Pass, &engine::TestResult::verdict);
  const auto total = static_cast<std::ptrdiff_t>(facts->tests.size());
  if (passing == total)
    checks.good("data tests", fmt::format("all {} pass", total));
  else
    checks.warn("data tests",
                fmt::format("{} of {} do not pass; see check_health", total - passing, total));
}

// The last run of every connector that has run.
void check_connectors(const catalog::Project& project, Checks& checks) {
  const auto health = ingest::pull_health(ingest::raw_store_path(project.settings.state_folder));
  if (!health) return checks.bad("connectors", to_text(health.error()));
  for (const ingest::PullHealth& pull : *health) {
    const ingest::PullRun& run = pull.last;
    const std::string when = to_rfc3339(run.started_at);
    if (pull.failures_in_row == 0) {
      checks.good("connector", fmt::format("{} ({}): {} new rows, {} known, {} ms, at {}", run.name,
                                           run.system, run.rows, run.known, run.duration_ms, when));
      continue;
    }
    const std::string last_good =
        pull.last_success_at ? "last good " + to_rfc3339(*pull.last_success_at) : "never good";
    checks.warn("connector", fmt::format("{} ({}): failed {} times in a row, {}: {}", run.name,
                                         run.system, pull.failures_in_row, last_good, run.error));
  }
  const auto has_no_secret = [&](const catalog::Source& source) {
    if (!source.connector) return false;
    const auto* webhook = std::get_if<catalog::WebhookAccess>(&source.connector->access);
    return webhook != nullptr &&
           std::ranges::none_of(webhook->signature.secret_env, [](const std::string& name) {
             return ingest::environment_secret(name).has_value();
           });
  };
  for (const catalog::Source& source : project.sources) {
    if (has_no_secret(source))
      checks.warn("webhook", fmt::format("{}: no secret is set, so every delivery is refused",
                                         source.common.name));
  }
}

void check_journal(const catalog::Project& project, Checks& checks) {
  const auto& folder = project.settings.state_folder;
  if (!std::filesystem::exists(folder / "journal.db"))
    return checks.good("journal", "not begun yet");
  const auto key = envelope::read_anchor_key(folder / "anchor.key");
  if (!key) return checks.bad("journal", to_text(key.error()));
  const auto report = envelope::verify(folder / "journal.db", folder / "anchors.log", *key);
  if (!report) return checks.bad("journal", to_text(report.error()));
  if (report->ok())
    checks.good("journal", fmt::format("{} records, chain whole, {} anchors", report->records,
                                       report->anchors_checked));
  else
    checks.bad("journal", "the chain is broken; see: martgate audit verify");
}

void check_keys(App& app, const catalog::Settings& settings, Checks& checks) {
  const auto path = identity::KeyStore::path_in(settings.state_folder);
  if (!settings.auth.api_keys) return checks.good("keys", "API keys are not taken");
  if (!std::filesystem::exists(path)) return checks.good("keys", "no API keys");
  auto store = identity::KeyStore::open(path);
  const auto keys = store ? store->keys() : tl::unexpected(store.error());
  if (!keys) return checks.bad("keys", to_text(keys.error()));
  const std::size_t usable = identity::KeyRing(*keys).usable_count(app.clock.now());
  checks.good("keys", fmt::format("{} API key{} in use, {} ended", usable, usable == 1 ? "" : "s",
                                  keys->size() - usable));
}

// Fetches what a server would fetch in the background, and says what it would go on with.
void check_issuers(App& app, const catalog::Settings& settings, Checks& checks) {
  identity::SystemKeyFetcher fetcher(app.clock);
  for (const identity::KeySource& source : gate::key_sources_of(settings.auth)) {
    const auto text = fetcher.fetch(source);
    const auto keys =
        text ? identity::KeySet::parse(*text, source.algorithm) : tl::unexpected(text.error());
    if (keys) {
      const std::string found =
          fmt::format("{}: {} key{} for {}", source.issuer, keys->size(),
                      keys->size() == 1 ? "" : "s", name_of(source.algorithm));
      if (keys->skipped().empty())
        checks.good("issuer", found);
      else
        checks.warn("issuer", fmt::format("{}; left out: {}", found, join(keys->skipped(), "; ")));
      continue;
    }
    const auto kept =
        identity::read_kept_keys(identity::kept_keys_folder(settings.state_folder), source);
    const auto until = kept ? kept->fetched_at + identity::KeyTimes{}.stale_after : WallTime{};
    if (kept && until > app.clock.now()) {
      checks.warn("issuer", fmt::format("{}: {}; the keys of {} go on until {}", source.issuer,
                                        to_text(keys.error()), to_rfc3339(kept->fetched_at),
                                        to_rfc3339(until)));
    } else {
      checks.bad("issuer", fmt::format("{}: {}", source.issuer, to_text(keys.error())));
    }
  }
}

}  // namespace

Exit run_doctor(App& app) {
  Checks checks(app);
  auto project = open_project(app);
  if (!project) return Exit::Project;
  checks.good("project",
              fmt::format("{}: {} sources, {} models, {} metrics, {} tools", project->settings.name,
                          project->sources.size(), project->models.size(), project->metrics.size(),
                          project->tools.size()));
  if (std::filesystem::is_directory(project->settings.data_folder)) {
    checks.good("data", project->settings.data_folder.string());
  } else {
    checks.warn("data",
                fmt::format("there is no folder {}", project->settings.data_folder.string()));
  }
  check_snapshot(app, *project, checks);
  check_connectors(*project, checks);
  check_journal(*project, checks);
  check_keys(app, project->settings, checks);
  check_issuers(app, project->settings, checks);
  if (const auto world = gate::make_world(std::move(*project)); !world)
    checks.bad("tools", to_text(world.error()));
  else
    checks.good("tools", fmt::format("{} tools fit the list's budget", (*world)->tools.size()));
  return checks.any_bad() ? Exit::No : Exit::Ok;
}

}  // namespace martgate::cli
