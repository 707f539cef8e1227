// martgate demo-data: the extracts of the demo company, the same bytes for the same seed.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/opened.h"
#include "demo/demo_data.h"

namespace martgate::cli {

Exit run_demo_data(App& app, const DemoDataArgs& args) {
  std::filesystem::path folder = args.out;
  if (folder.empty()) {
    const auto project = open_project(app);
    if (!project) return Exit::Project;
    folder = project->settings.data_folder;
  }
  DemoOptions options;
  options.seed = args.seed;
  options.scale = args.scale;
  const auto summary = write_demo_data(folder, options);
  if (!summary) {
    app.terminal.error(summary.error());
    return exit_of(summary.error()) == Exit::No ? Exit::Usage : exit_of(summary.error());
  }
  app.terminal.print(fmt::format("{} files, {} rows, {:.1f} MB in {}\n", summary->files.size(),
                                 summary->rows, static_cast<double>(summary->bytes) / 1e6,
                                 folder.string()));
  return Exit::Ok;
}

}  // namespace martgate::cli
