#include "build/check_snapshot.h"

#include <algorithm>

#include "build/data_tests.h"
#include "store/connection.h"
#include "store/functions.h"

namespace martgate::build {

Result<std::vector<SnapshotTest>> test_snapshot(const catalog::Project& project,
                                                const BuildPlan& plan,
                                                const std::filesystem::path& snapshot,
                                                const std::set<std::string>& chosen) {
  const auto facts = engine::read_facts(snapshot);
  if (!facts) return tl::unexpected(facts.error());
  auto connection = store::Connection::open_readonly(snapshot);
  if (!connection) return tl::unexpected(connection.error());
  if (auto added = store::add_functions(connection->handle()); !added)
    return tl::unexpected(added.error());
  std::vector<SnapshotTest> tests;
  for (const catalog::Model& model : project.models) {
    if (!chosen.empty() && !chosen.contains(model.common.name)) continue;
    for (const catalog::DataTest& test : model.tests) {
      const auto reads = plan.test_reads.find(test.name);
      const bool is_here =
          reads != plan.test_reads.end() &&
          std::ranges::all_of(reads->second, [&](const auto& read) {
            return read.first == catalog::Layer::Marts && facts->model(read.second) != nullptr;
          });
      if (is_here) {
        auto result = run_test(*connection, project, test);
        if (!result) return tl::unexpected(result.error());
        tests.push_back({std::move(*result), false});
        continue;
      }
      const auto recorded = std::ranges::find(facts->tests, test.name, &engine::TestResult::name);
      if (recorded != facts->tests.end()) tests.push_back({*recorded, true});
    }
  }
  std::ranges::sort(tests, {}, [](const SnapshotTest& test) { return test.result.name; });
  return tests;
}

}  // namespace martgate::build
