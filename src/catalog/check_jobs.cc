#include "catalog/checks.h"

namespace martgate::catalog {

void check_jobs(const Draft& draft, Report& report) {
  if (!draft.jobs_document) return;
  const Node node(*draft.jobs_document, report);
  for (const Node& job : node.at("jobs").items()) {
    for (const Node& step : job.at("steps").items()) {
      for (const Node& source : step.at("ingest").items())
        (void)draft.sources.resolve(source, "source");
    }
  }
}

}  // namespace martgate::catalog
