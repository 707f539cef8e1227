// What several files say together: names, references, types, the limits of a project.
#pragma once

#include "catalog/draft.h"

namespace martgate::catalog {

inline constexpr std::size_t kToolsMax = 15;

void check_sources(const Draft& draft, Report& report);
void check_inventory(const Draft& draft, Report& report);
void check_models(const Draft& draft, Report& report);
void check_metrics(const Draft& draft, Report& report);
void check_questions(const Draft& draft, Report& report);
void check_auth(const Draft& draft, Report& report);
void check_jobs(const Draft& draft, Report& report);
void check_tools(const Draft& draft, Report& report);

}  // namespace martgate::catalog
