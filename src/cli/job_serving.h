// The jobs of a project, run beside its server.
#pragma once

#include <memory>

#include "cli/commands.h"
#include "gate/mart_gate.h"
#include "jobs/job_service.h"

namespace martgate::cli {

// The project is the gate's, as it is at each look. Errors: those of jobs::JobService::start().
[[nodiscard]] Result<std::unique_ptr<jobs::JobService>> start_jobs(App& app, gate::MartGate& gate);

}  // namespace martgate::cli
