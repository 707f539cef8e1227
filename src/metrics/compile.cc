#include "metrics/compile.h"

#include "metrics/resolve/resolve.h"
#include "metrics/sql/render.h"

namespace martgate::metrics {

Result<Compiled> compile(const catalog::Project& project, const MetricQuery& query) {
  const auto resolved = resolve(project, query);
  if (!resolved) return tl::unexpected(resolved.error());
  auto plan = make_plan(project, *resolved);
  if (!plan) return tl::unexpected(plan.error());
  engine::Query sql = render(*plan, sqlite_dialect());
  return Compiled{std::move(*plan), std::move(sql)};
}

}  // namespace martgate::metrics
