#include "cli/opened.h"

#include <fmt/format.h>
#include <unistd.h>

#include <future>
#include <nlohmann/json.hpp>

#include "catalog/load.h"
#include "gate/world.h"
#include "metrics/check.h"

namespace martgate::cli {
namespace {

// An answer that may not be durable must not leave: the process ends and the next start recovers.
constexpr int kFatalJournalExit = 70;

}  // namespace

std::optional<catalog::Project> open_project(App& app) {
  catalog::LoadOptions options;
  options.data_folder = app.data_folder;
  options.state_folder = app.state_folder;
  catalog::Loaded loaded = catalog::load_project(app.folder, options);
  if (loaded.project) {
    loaded.diagnostics = metrics::check_metrics(*loaded.project);
    if (loaded.diagnostics.empty()) return std::move(loaded.project);
  }
  for (const catalog::Diagnostic& diagnostic : loaded.diagnostics) {
    app.terminal.error({Code::InvalidArgument, to_text(diagnostic), {}});
  }
  const std::size_t count = loaded.diagnostics.size();
  app.terminal.note(fmt::format("{} mistake{} in {}; nothing was started", count,
                                count == 1 ? "" : "s",
                                std::filesystem::absolute(app.folder).lexically_normal().string()));
  return std::nullopt;
}

Exit exit_of(const Error& error) {
  switch (error.code) {
    case Code::InvalidArgument:
    case Code::NotFound:
      return error.reason == "no_snapshot" ? Exit::Environment : Exit::No;
    case Code::PermissionDenied:
    case Code::ResourceExhausted:
      return Exit::No;
    case Code::FailedPrecondition:
    case Code::Unavailable:
    case Code::Internal:
      return Exit::Environment;
  }
  return Exit::Environment;
}

Result<OpenGate> open_gate(App& app, catalog::Project project) {
  auto world = gate::make_world(std::move(project));
  if (!world) return tl::unexpected(world.error());
  std::error_code ignored;
  const auto& state_folder = (*world)->project.settings.state_folder;
  std::filesystem::create_directories(state_folder, ignored);
  envelope::JournalOptions options;
  options.on_fatal = [](const Error& error) {
    fmt::print(stderr,
               "martgate: the journal could not be written, so the process stops here: {}\n",
               to_text(error));
    ::_exit(kFatalJournalExit);
  };
  OpenGate open;
  auto journal = envelope::Journal::open(state_folder, std::move(options), app.clock, app.ids);
  if (!journal) return tl::unexpected(journal.error());
  open.journal = std::move(*journal);
  auto gate = gate::MartGate::open(std::move(*world), *open.journal, app.clock, app.ids);
  if (!gate) return tl::unexpected(gate.error());
  open.gate = std::move(*gate);
  return open;
}

gate::CallResult call_and_wait(gate::Gate& gate, gate::CallRequest request) {
  std::promise<gate::CallResult> promise;
  auto answer = promise.get_future();
  gate.call(std::move(request),
            [&](gate::CallResult result) { promise.set_value(std::move(result)); });
  return answer.get();
}

}  // namespace martgate::cli
