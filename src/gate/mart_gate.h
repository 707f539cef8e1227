// The gate over one project, its current snapshot and its journal.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "engine/mart_engine.h"
#include "engine/snapshot_follower.h"
#include "gate/gate.h"
#include "gate/world.h"

namespace martgate::envelope {
class Journal;
struct Record;
}  // namespace martgate::envelope

namespace martgate::gate {

class MartGate final : public Gate {
 public:
  // The journal, clock and ids outlive the gate. Opens the current snapshot.
  // Errors: NotFound (reason "no_snapshot"), Unavailable.
  [[nodiscard]] static Result<std::unique_ptr<MartGate>> open(std::shared_ptr<const World> world,
                                                              envelope::Journal& journal,
                                                              const Clock& clock, IdSource& ids);

  [[nodiscard]] std::vector<ToolListing> tools(const Caller& caller) const override;
  [[nodiscard]] bool has_tool(std::string_view name) const override;
  [[nodiscard]] std::vector<std::string> scopes_missing(const Caller& caller,
                                                        std::string_view tool) const override;
  [[nodiscard]] std::uint64_t tools_version() const override { return world_version_; }
  [[nodiscard]] std::string instructions() const override;
  void call(CallRequest request, std::function<void(CallResult)> done) override;

  // Calls that begin later see this project. The snapshot is looked up again, in the state folder
  // of the start: the journal stays there too.
  Status use(std::shared_ptr<const World> world);
  // Moves to the snapshot that `current` names now, if it is another. A failure keeps the old one.
  Status refresh_snapshot();
  [[nodiscard]] std::shared_ptr<const World> world() const;
  [[nodiscard]] std::shared_ptr<const engine::MartEngine> mart() const;
  // Follows what is published while calls run; tells who subscribes when another snapshot answers.
  [[nodiscard]] engine::SnapshotFollower& snapshots() { return *snapshots_; }

 private:
  MartGate(std::shared_ptr<const World> world, std::unique_ptr<engine::SnapshotFollower> snapshots,
           envelope::Journal& journal, const Clock& clock, IdSource& ids);

  // The call's whole life up to its journal record; pure but for the marts it reads.
  struct Outcome;
  [[nodiscard]] Outcome run(const CallRequest& request) const;

  mutable std::mutex mutex_;  // guards the pointer
  std::shared_ptr<const World> world_;
  std::unique_ptr<engine::SnapshotFollower> snapshots_;
  std::atomic<std::uint64_t> world_version_ = 0;
  envelope::Journal& journal_;
  const Clock& clock_;
  IdSource& ids_;
};

}  // namespace martgate::gate
