// A published snapshot file, read through a small pool of hardened connections. While the object
// lives, the file is not pruned.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "engine/mart_engine.h"
#include "engine/snapshot_lease.h"

namespace martgate::engine {

class SqliteMart final : public MartEngine {
 public:
  // Errors: Unavailable for a file that is missing or no snapshot of ours.
  [[nodiscard]] static Result<std::shared_ptr<const SqliteMart>> open(
      const std::filesystem::path& path, const Clock& clock);

  [[nodiscard]] const SnapshotFacts& facts() const override { return facts_; }
  [[nodiscard]] Result<Answer> run(const Query& query,
                                   const store::RunLimits& limits) const override;
  [[nodiscard]] Result<store::ReadSet> plan(const std::string& sql) const override;
  [[nodiscard]] Result<std::string> explain(const std::string& sql) const override;

 private:
  SqliteMart(std::filesystem::path path, SnapshotLease in_use, const Clock& clock,
             SnapshotFacts facts)
      : path_(std::move(path)),
        in_use_(std::move(in_use)),
        clock_(clock),
        facts_(std::move(facts)) {}

  // A connection of the pool, or a new one when all are out: never more than concurrent callers.
  class Lease;
  [[nodiscard]] Result<Lease> lease() const;

  std::filesystem::path path_;
  SnapshotLease in_use_;
  const Clock& clock_;
  SnapshotFacts facts_;
  mutable std::mutex mutex_;
  mutable std::vector<store::Reader> idle_;
};

}  // namespace martgate::engine
