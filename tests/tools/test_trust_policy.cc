#include <doctest/doctest.h>

#include <array>
#include <map>
#include <random>

#include "base/random.h"
#include "tools/trust_policy.h"

using namespace martgate;
using namespace martgate::tools;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const WallTime kNow = *parse_rfc3339("2026-11-21T10:00:00Z");
constexpr std::array kTrusts{Trust::Pass, Trust::Warn, Trust::Unknown, Trust::Stale, Trust::Fail};

catalog::Source source(const std::string& name) {
  catalog::Source source;
  source.common.name = name;
  source.common.owner = {name + " team", ""};
  source.schedule = "daily 02:00";
  source.freshness = {hours(24), hours(48)};
  catalog::SourceTable table;
  table.name = "rows";
  table.raw_name = name + "_rows";
  source.tables.push_back(table);
  return source;
}

catalog::Metric metric(const std::string& name, const std::string& mart) {
  catalog::Metric metric;
  metric.common.name = name;
  catalog::SimpleMetric definition;
  definition.model = mart;
  metric.definition = definition;
  return metric;
}

catalog::Model mart(const std::string& name) {
  catalog::Model model;
  model.common.name = name;
  model.common.owner = {name + " team", name + "@shop.example"};
  return model;
}

engine::TestResult test_on(const std::string& model, engine::Verdict verdict) {
  return {model + ".t", model, "", "sql", "warn", verdict, "3", "0"};
}

// shop_rows -> orders -> revenue and web_rows -> visits -> sessions, each tested and fresh.
struct Shop {
  catalog::Project project;
  engine::SnapshotFacts facts;

  Shop() {
    project.sources = {source("shop"), source("web")};
    project.models = {mart("orders"), mart("visits")};
    project.metrics = {metric("revenue", "orders"), metric("sessions", "visits")};
    facts.models.push_back({});
    facts.models.back().name = "orders";
    facts.models.push_back({});
    facts.models.back().name = "visits";
    facts.lineage = {{"orders", "shop_rows", "raw", {}}, {"visits", "web_rows", "raw", {}}};
    for (const char* name : {"shop", "web"}) {
      engine::LoadedTable loaded;
      loaded.source = name;
      loaded.raw_name = std::string(name) + "_rows";
      loaded.loads = 1;
      loaded.last_loaded_at = kNow - hours(1);
      facts.loaded.push_back(loaded);
    }
    facts.tests = {test_on("orders", engine::Verdict::Pass),
                   test_on("visits", engine::Verdict::Pass)};
  }

  [[nodiscard]] Status ask(const std::string& name, const std::vector<std::string>& reads) const {
    ToolAnswer answer;
    answer.metrics = {project.metric(name)};
    for (const std::string& table : reads) answer.reads[{"main", table}] = {"x"};
    return admit(answer, project, facts, kNow);
  }
};

}  // namespace

TEST_CASE("trust: the worst of two is a lattice: order does not matter, nothing gets better") {
  for (const Trust a : kTrusts) {
    CHECK(worst(a, a) == a);
    CHECK(worst(a, Trust::Pass) == a);
    CHECK(worst(a, Trust::Fail) == Trust::Fail);
    for (const Trust b : kTrusts) {
      CHECK(worst(a, b) == worst(b, a));
      CHECK(worst(a, b) >= a);
      for (const Trust c : kTrusts) CHECK(worst(a, worst(b, c)) == worst(worst(a, b), c));
    }
  }
}

TEST_CASE("trust: a source that was never loaded does not hide one that is stale") {
  Shop shop;
  shop.facts.lineage.push_back({"orders", "web_rows", "raw", {}});
  shop.facts.loaded[0].last_loaded_at.reset();
  shop.facts.loaded[1].last_loaded_at = kNow - hours(49);
  CHECK(trust_of(standing_of(shop.project, shop.facts, "orders", kNow)) == Trust::Stale);
}

TEST_CASE("trust: loads on time that bring nothing new do not keep a mart fresh") {
  Shop shop;
  shop.project.models[0].freshness = {hours(24), hours(72)};
  CHECK(trust_of_metric(shop.project, shop.facts, "revenue", kNow) == Trust::Unknown);
  const auto trust_at = [&](std::optional<WallTime> newest) {
    shop.facts.events = {{"orders", "ordered_at", newest}};
    return trust_of_metric(shop.project, shop.facts, "revenue", kNow);
  };
  CHECK(trust_at(std::nullopt) == Trust::Unknown);
  CHECK(trust_at(kNow - hours(24)) == Trust::Pass);
  CHECK(trust_at(kNow - hours(24) - minutes(1)) == Trust::Warn);
  CHECK(trust_at(kNow - hours(73)) == Trust::Stale);
  CHECK(trust_at(kNow + hours(73)) == Trust::Pass);
  const Standing standing = standing_of(shop.project, shop.facts, "orders", kNow - hours(0));
  CHECK(standing.newest_event == kNow + hours(73));
  // Without a promise of its own, the mart's events are shown and not judged.
  shop.project.models[0].freshness = {};
  CHECK(trust_at(kNow - hours(900)) == Trust::Pass);
}

TEST_CASE("trust: over random lineage it is the worst of what can be reached, found by hand") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 300; ++round) {
    constexpr int kModels = 8;
    constexpr int kSources = 4;
    catalog::Project project;
    engine::SnapshotFacts facts;
    std::map<int, Trust> of_source;
    for (int s = 0; s < kSources; ++s) {
      const std::string name = "s" + std::to_string(s);
      project.sources.push_back(source(name));
      engine::LoadedTable loaded;
      loaded.source = name;
      loaded.raw_name = name + "_rows";
      const auto pick = random.below(4);
      of_source[s] = std::array{Trust::Pass, Trust::Warn, Trust::Stale, Trust::Unknown}[pick];
      if (pick < 3) loaded.last_loaded_at = kNow - std::array{hours(1), hours(30), hours(90)}[pick];
      facts.loaded.push_back(loaded);
    }
    // Model i reads models below it and raw tables; reach[i] is kept as bit sets by hand.
    std::array<unsigned, kModels> models_reached{};
    std::array<unsigned, kModels> sources_reached{};
    std::array<int, kModels> verdict{};
    for (int m = 0; m < kModels; ++m) {
      const std::string name = "m" + std::to_string(m);
      models_reached[m] = 1U << m;
      for (int below = 0; below < m; ++below) {
        if (!random.chance(0.3)) continue;
        facts.lineage.push_back({name, "m" + std::to_string(below), "staging", {}});
        models_reached[m] |= models_reached[below];
        sources_reached[m] |= sources_reached[below];
      }
      for (int s = 0; s < kSources; ++s) {
        if (!random.chance(0.25)) continue;
        facts.lineage.push_back({name, "s" + std::to_string(s) + "_rows", "raw", {}});
        sources_reached[m] |= 1U << s;
      }
      verdict[m] = static_cast<int>(random.below(6));  // 0 none, 1 warn, 2 fail, else pass
      if (verdict[m] == 0) continue;
      facts.tests.push_back(test_on(name, verdict[m] == 1   ? engine::Verdict::Warn
                                          : verdict[m] == 2 ? engine::Verdict::Fail
                                                            : engine::Verdict::Pass));
    }
    for (int m = 0; m < kModels; ++m) {
      Trust expected = sources_reached[m] == 0 ? Trust::Unknown : Trust::Pass;
      bool is_tested = false;
      for (int s = 0; s < kSources; ++s) {
        if ((sources_reached[m] >> s & 1U) != 0) expected = worst(expected, of_source[s]);
      }
      for (int other = 0; other < kModels; ++other) {
        if ((models_reached[m] >> other & 1U) == 0 || verdict[other] == 0) continue;
        is_tested = true;
        if (verdict[other] == 1) expected = worst(expected, Trust::Warn);
        if (verdict[other] == 2) expected = worst(expected, Trust::Fail);
      }
      if (!is_tested) expected = worst(expected, Trust::Unknown);
      CHECK(trust_of(standing_of(project, facts, "m" + std::to_string(m), kNow)) == expected);
    }
  }
}

TEST_CASE("policy: without a rule everything is answered, with warnings") {
  Shop shop;
  shop.facts.loaded[0].last_loaded_at = kNow - hours(500);
  shop.facts.tests[0].verdict = engine::Verdict::Fail;
  CHECK(shop.ask("revenue", {"orders"}));
}

TEST_CASE("policy: a refusal says what is stale, since when, whose it is and what works") {
  Shop shop;
  shop.project.settings.trust.refuse_stale = true;
  CHECK(shop.ask("revenue", {"orders"}));
  shop.facts.loaded[0].last_loaded_at = kNow - hours(72);
  const Status refused = shop.ask("revenue", {"orders"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::FailedPrecondition);
  CHECK(refused.error().reason == "stale_data");
  CHECK(refused.error().message == "revenue rests on stale data, which is not answered from");
  CHECK(refused.error().hints ==
        std::vector<std::string>{
            "shop_rows was last loaded 3 days ago, at 2026-11-18T10:00:00.000Z, promised within "
            "2 days; owner: shop team",
            "works again after the next load of shop (daily 02:00) and a build",
            "answered now: sessions"});
  CHECK(shop.ask("sessions", {"visits"}));
  CHECK(refused_metrics(shop.project, shop.facts, kNow) == std::vector<std::string>{"revenue"});
}

TEST_CASE("policy: each verdict is refused under its own word and no other") {
  Shop shop;
  const auto reason = [&]() -> std::string {
    const Status asked = shop.ask("revenue", {"orders"});
    return asked ? "" : std::string(asked.error().reason);
  };
  shop.project.settings.trust.refuse_fail = true;
  shop.facts.loaded[0].last_loaded_at = kNow - hours(72);
  CHECK(reason().empty());  // stale is not failing
  shop.facts.tests[0].verdict = engine::Verdict::Fail;
  CHECK(reason() == "failing_data");
  CHECK(shop.ask("revenue", {"orders"}).error().hints.front() ==
        "orders.t: found 3, expected 0; owner: orders team (orders@shop.example)");
  shop = {};
  shop.project.settings.trust.refuse_unknown = true;
  shop.facts.tests.clear();
  CHECK(reason() == "unknown_data");
  shop = {};
  shop.project.settings.trust.refuse_warn = true;
  CHECK(reason().empty());
  shop.facts.loaded[0].last_loaded_at = kNow - hours(30);
  CHECK(reason() == "warned_data");
}

TEST_CASE("policy: a metric's own rule replaces the project's, stricter or milder") {
  Shop shop;
  shop.facts.loaded[0].last_loaded_at = kNow - hours(72);
  shop.project.settings.trust.refuse_stale = true;
  shop.project.metrics[0].trust = catalog::TrustPolicy{};
  CHECK(shop.ask("revenue", {"orders"}));
  shop.project.settings.trust = {};
  shop.project.metrics[0].trust->refuse_stale = true;
  CHECK_FALSE(shop.ask("revenue", {"orders"}));
}

TEST_CASE("policy: a table joined in for a dimension is held to the project's rule") {
  Shop shop;
  shop.facts.loaded[1].last_loaded_at = kNow - hours(72);
  shop.project.settings.trust.refuse_stale = true;
  shop.project.metrics[0].trust = catalog::TrustPolicy{};
  CHECK(shop.ask("revenue", {"orders"}));
  const Status refused = shop.ask("revenue", {"orders", "visits"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "visits rests on stale data, which is not answered from");
}

TEST_CASE("policy: what reads no table is told, however bad the data is") {
  Shop shop;
  shop.project.settings.trust = {true, true, true, true};
  shop.facts.loaded[0].last_loaded_at.reset();
  ToolAnswer health;
  health.read_facts = true;
  health.trust = Trust::Fail;
  CHECK(admit(health, shop.project, shop.facts, kNow));
}
