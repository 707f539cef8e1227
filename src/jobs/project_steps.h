// The steps of a job on a project: load sources, build and publish marts, look at their tests.
#pragma once

#include "catalog/project.h"
#include "engine/snapshot.h"
#include "jobs/run_job.h"

namespace martgate::jobs {

class ProjectSteps final : public StepRunner {
 public:
  // Both outlive the object.
  ProjectSteps(const catalog::Project& project, const Clock& clock)
      : project_(project), clock_(clock) {}

  [[nodiscard]] StepOutcome run(const catalog::JobStep& step) override;

 private:
  [[nodiscard]] StepOutcome ingest(const std::vector<std::string>& sources) const;
  [[nodiscard]] StepOutcome build() const;
  [[nodiscard]] StepOutcome test() const;

  const catalog::Project& project_;
  const Clock& clock_;
};

// Keys "test.<name>": failing data tests of severity error.
[[nodiscard]] Watched watch_tests(const catalog::Project& project,
                                  const std::vector<engine::TestResult>& tests);

// Keys "source.<name>.past_sla", ".held", ".drift", by the load history as it stands.
[[nodiscard]] Result<Watched> watch_sources(const catalog::Project& project, WallTime now);

}  // namespace martgate::jobs
