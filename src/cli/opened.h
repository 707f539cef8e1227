// Opening what subcommands share: a checked project, and the gate with its journal.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "catalog/project.h"
#include "cli/commands.h"
#include "envelope/journal.h"
#include "gate/mart_gate.h"

namespace martgate::cli {

// Prints every mistake when there are any.
[[nodiscard]] std::optional<catalog::Project> open_project(App& app);

// What `martgate build` does, and prints.
[[nodiscard]] Exit build_project(App& app, const catalog::Project& project, const BuildArgs& args);

// The models that --select means; none: all. Errors: NotFound (reason "unknown_model").
[[nodiscard]] Result<std::set<std::string>> chosen_models(const catalog::Project& project,
                                                          const std::vector<std::string>& select);

[[nodiscard]] Exit exit_of(const Error& error);

// Members end in reverse order: the journal outlives the gate that writes to it.
struct OpenGate {
  std::unique_ptr<envelope::Journal> journal;
  std::unique_ptr<gate::MartGate> gate;
};

// Errors: FailedPrecondition (reason "journal_locked") while another process serves the folder;
// NotFound (reason "no_snapshot").
[[nodiscard]] Result<OpenGate> open_gate(App& app, catalog::Project project);

// Runs one call to its end.
[[nodiscard]] gate::CallResult call_and_wait(gate::Gate& gate, gate::CallRequest request);

}  // namespace martgate::cli
