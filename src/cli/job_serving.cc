#include "cli/job_serving.h"

#include <fmt/format.h>

#include <filesystem>

#include "gate/world.h"

namespace martgate::cli {
namespace {

// This very program, wherever it was started from.
std::string program_path() {
  std::error_code unknown;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", unknown);
  return unknown ? "martgate" : path.string();
}

}  // namespace

Result<std::unique_ptr<jobs::JobService>> start_jobs(App& app, gate::MartGate& gate) {
  jobs::JobServiceOptions options;
  options.project = [&gate] {
    const auto world = gate.world();
    return std::shared_ptr<const catalog::Project>(world, &world->project);
  };
  options.command = [&gate, program = program_path()](const std::string& job) {
    const auto world = gate.world();
    const catalog::Settings& settings = world->project.settings;
    return std::vector<std::string>{program,
                                    "-C",
                                    world->project.root.string(),
                                    "--data",
                                    settings.data_folder.string(),
                                    "--state",
                                    settings.state_folder.string(),
                                    "--quiet",
                                    "run",
                                    job,
                                    "--if-due"};
  };
  options.note = [](const std::string& text) { fmt::print(stderr, "martgate: {}\n", text); };
  options.jitter_seed = static_cast<std::uint64_t>(app.clock.now().time_since_epoch().count());
  return jobs::JobService::start(std::move(options), app.clock);
}

}  // namespace martgate::cli
