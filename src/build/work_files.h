// The two files that tables of a build gather in, marts and staging: one writer, many readers.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "build/table_design.h"
#include "catalog/project.h"
#include "engine/snapshot.h"
#include "store/connection.h"

namespace martgate::build {

// Threads: the writer's functions one at a time; open_reader() from anywhere.
class WorkFiles {
 public:
  struct Paths {
    std::filesystem::path marts;
    std::filesystem::path staging;
    std::optional<std::filesystem::path> prior;  // the snapshot before
    std::optional<std::filesystem::path> raw;    // the raw store
  };
  // Errors: Unavailable.
  [[nodiscard]] static Result<WorkFiles> make(Paths paths);

  // Copies a table with its indexes from the file it was computed in; then readers see it.
  Status take(const catalog::Model& model, std::span<const IndexDesign> indexes,
              const std::filesystem::path& from);
  // Copies a mart from the snapshot before, with the definition and the indexes it has there.
  Status take_prior(const catalog::Model& model);

  enum class Reads : std::uint8_t { Models, ModelsAndRaw };
  // Read-only, with marts as main, staging and, when asked for, raw.
  [[nodiscard]] Result<store::Connection> open_reader(Reads reads) const;

  // No reader is open any more. Writes the facts and the marts' newest events, and leaves one
  // complete file behind marts.
  Status finish(const engine::SnapshotFacts& facts, const std::vector<engine::TimeColumn>& times);

 private:
  WorkFiles(Paths paths, store::Connection writer)
      : paths_(std::move(paths)), writer_(std::move(writer)) {}
  Status copy(const catalog::Model& model, const std::string& definitions,
              std::string_view from_schema);

  Paths paths_;
  store::Connection writer_;
};

}  // namespace martgate::build
