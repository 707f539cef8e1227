// Which tables of a build must be computed and which are taken from the snapshot before, decided
// from digests alone. Pure: no files, no threads; whoever drives it says what was done.
//
// A model's recipe is the digest of its SQL, its table and the content of everything it reads. The
// same recipe as in the snapshot before means the same rows, so nothing is computed. A model whose
// inputs were computed again to the same content is not computed again either. An incremental model
// whose inputs alone changed takes a step from the rows it had.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "build/plan.h"
#include "catalog/project.h"
#include "engine/snapshot.h"

namespace martgate::build {

struct ScheduleInputs {
  const catalog::Project& project;
  const BuildPlan& plan;
  const std::vector<engine::LoadedTable>& loaded;  // with their content
  const engine::SnapshotFacts* prior = nullptr;    // null: there is nothing to take tables from
  // Models that may become new; empty: all. Staging behind them counts as chosen.
  std::set<std::string> chosen = {};
  bool is_forced = false;  // chosen models are computed, whatever their recipe
  bool is_since = false;   // chosen incremental models are computed, whatever their recipe
};

class Schedule {
 public:
  // Errors: FailedPrecondition (reason "not_in_snapshot") when a mart that was not chosen is not in
  // the snapshot before either.
  [[nodiscard]] static Result<Schedule> make(const ScheduleInputs& inputs);

  // Indexes are those of the plan's order.
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] const catalog::Model& model(std::size_t index) const;
  [[nodiscard]] std::optional<std::size_t> index_of(std::string_view name) const;

  // A model all of whose inputs can be read, to be computed now; it counts as begun. None: wait for
  // one that was begun, or there is nothing left.
  [[nodiscard]] std::optional<std::size_t> next();
  // Errors: FailedPrecondition (reason "not_repeatable") when the rows differ from those that the
  // same recipe gave before.
  Status computed(std::size_t index, std::int64_t rows, std::string content);
  // The table can be read by others.
  void made_readable(std::size_t index);
  // The table must be readable in the end although nothing computes from it; for tests.
  void demand(std::size_t index);

  [[nodiscard]] bool is_known(std::size_t index) const { return nodes_[index].is_known; }
  // Its content is that of the snapshot before.
  [[nodiscard]] bool is_carried(std::size_t index) const { return nodes_[index].is_carried; }
  [[nodiscard]] bool is_readable(std::size_t index) const { return nodes_[index].is_readable; }
  // An incremental model that was made by the same definition before: only what is new is computed.
  [[nodiscard]] bool is_step(std::size_t index) const;
  // Not chosen, and no longer what project and loads would give.
  [[nodiscard]] bool is_behind(std::size_t index) const { return nodes_[index].is_behind; }
  [[nodiscard]] const engine::BuiltModel& built(std::size_t index) const;
  // Every model's content is known, and what was demanded can be read.
  [[nodiscard]] bool is_done() const;

 private:
  struct Node {
    const catalog::Model* model = nullptr;
    std::vector<std::size_t> inputs;  // models it reads
    std::vector<std::string> raw;     // raw tables it reads, with their content
    const engine::BuiltModel* before = nullptr;
    engine::BuiltModel built;
    bool is_chosen = true;
    bool is_known = false;
    bool is_carried = false;
    bool is_behind = false;
    bool is_demanded = false;
    bool is_begun = false;
    bool is_readable = false;
  };

  explicit Schedule(const ScheduleInputs& inputs);
  [[nodiscard]] std::string recipe_of(const Node& node) const;
  [[nodiscard]] bool has_known_inputs(const Node& node) const;
  // Whether every input can be read; staging that was carried is demanded.
  bool ask_for_inputs(const Node& node);
  void settle();

  const catalog::Project* project_;
  bool is_forced_;
  bool is_since_;
  std::vector<Node> nodes_;
};

}  // namespace martgate::build
