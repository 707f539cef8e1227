// Jobs and their runs as people read them.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"
#include "jobs/job_standing.h"

namespace martgate::cli {

[[nodiscard]] std::string jobs_page(const Terminal& terminal,
                                    const std::vector<jobs::JobStanding>& standings, WallTime now);
[[nodiscard]] std::string history_page(const Terminal& terminal,
                                       const std::vector<jobs::Run>& runs);

}  // namespace martgate::cli
