#include "build/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/digest.h"
#include "base/json_writer.h"
#include "build/table_design.h"

namespace martgate::build {
namespace {

constexpr std::size_t kDefinitionDigits = 32;

}  // namespace

Result<Schedule> Schedule::make(const ScheduleInputs& inputs) {
  Schedule schedule(inputs);
  for (const Node& node : schedule.nodes_) {
    if (!node.is_chosen && node.before == nullptr && node.model->layer == catalog::Layer::Marts) {
      return fail(Code::FailedPrecondition,
                  fmt::format("the current snapshot holds no {}, which was not selected",
                              node.model->common.name),
                  {"select it too, or build everything"}, "not_in_snapshot");
    }
  }
  schedule.settle();
  return schedule;
}

Schedule::Schedule(const ScheduleInputs& inputs)
    : project_(&inputs.project), is_forced_(inputs.is_forced), is_since_(inputs.is_since) {
  std::map<std::string, std::size_t, std::less<>> indexes;
  for (const std::string& name : inputs.plan.order) {
    Node node;
    node.model = inputs.project.model(name);
    MARTGATE_CHECK(node.model != nullptr);
    node.is_chosen = inputs.chosen.empty() || inputs.chosen.contains(name);
    if (inputs.prior != nullptr) node.before = inputs.prior->model(name);
    node.built.name = name;
    node.built.layer = catalog::name_of(node.model->layer);
    node.built.digest = node.model->common.digest;
    for (const engine::LineageEdge& edge : inputs.plan.lineage) {
      if (edge.model != name) continue;
      if (edge.reads_layer == "raw") {
        const auto loaded =
            std::ranges::find(inputs.loaded, edge.reads, &engine::LoadedTable::raw_name);
        const std::string content = loaded == inputs.loaded.end() ? "" : loaded->content;
        node.raw.push_back(edge.reads + " " + content);
      } else {
        node.inputs.push_back(indexes.at(edge.reads));
      }
    }
    indexes.emplace(name, nodes_.size());
    nodes_.push_back(std::move(node));
  }
  // Staging is not in a snapshot: what a chosen model reads of it is always of now.
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    if (!node->is_chosen) continue;
    for (const std::size_t input : node->inputs) {
      if (nodes_[input].model->layer == catalog::Layer::Staging) nodes_[input].is_chosen = true;
    }
  }
}

const catalog::Model& Schedule::model(std::size_t index) const {
  return *nodes_[index].model;
}

std::optional<std::size_t> Schedule::index_of(std::string_view name) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].built.name == name) return i;
  }
  return std::nullopt;
}

bool Schedule::is_step(std::size_t index) const {
  const Node& node = nodes_[index];
  if (!node.model->incremental || node.before == nullptr || is_forced_) return false;
  return node.before->recipe.starts_with(
      std::string_view(node.built.recipe).substr(0, kDefinitionDigits));
}

const engine::BuiltModel& Schedule::built(std::size_t index) const {
  return nodes_[index].built;
}

// Half of it is the digest of the definition, half that of the inputs, so that a change of the one
// can be told from a change of the other.
std::string Schedule::recipe_of(const Node& node) const {
  std::string text;
  JsonWriter json(text);
  const std::string_view schema = schema_of(node.model->layer);
  json.begin_array().string(create_table_sql(*node.model, schema)).string(node.model->sql);
  for (const IndexDesign& index : indexes_of(*project_, *node.model)) {
    json.string(create_index_sql(*node.model, index, schema));
  }
  if (const auto& incremental = node.model->incremental) {
    json.string(incremental->time).integer(incremental->late_days);
    for (const std::string& key : incremental->unique_key) json.string(key);
  }
  json.end_array();
  std::string inputs_text;
  JsonWriter inputs(inputs_text);
  inputs.begin_array();
  for (const std::string& raw : node.raw) inputs.string(raw);
  for (const std::size_t input : node.inputs) {
    inputs.string(nodes_[input].built.name).string(nodes_[input].built.content);
  }
  inputs.end_array();
  return sha256_hex(text).substr(0, kDefinitionDigits) +
         sha256_hex(inputs_text).substr(0, kDefinitionDigits);
}

bool Schedule::has_known_inputs(const Node& node) const {
  return std::ranges::all_of(node.inputs,
                             [&](std::size_t input) { return nodes_[input].is_known; });
}

// One pass is enough: inputs come before whoever reads them.
void Schedule::settle() {
  for (Node& node : nodes_) {
    if (node.is_known || node.is_begun) continue;
    if (node.is_chosen) {
      if (!has_known_inputs(node)) continue;
      node.built.recipe = recipe_of(node);
      const bool is_again = is_forced_ || (is_since_ && node.model->incremental);
      if (is_again || node.before == nullptr || node.before->recipe != node.built.recipe) continue;
      node.built.rows = node.before->rows;
      node.built.content = node.before->content;
      node.is_known = node.is_carried = true;
    } else if (node.before != nullptr) {
      // What it would be now is known only when its inputs are: then it may turn out not behind.
      node.is_behind = !has_known_inputs(node) || recipe_of(node) != node.before->recipe;
      const std::string digest = node.is_behind ? node.before->digest : node.built.digest;
      node.built = *node.before;
      node.built.digest = digest;
      node.is_known = node.is_carried = true;
    } else {
      // A staging model that nothing chosen reads and that was never built: as if it had no rows.
      node.is_behind = node.is_known = node.is_carried = true;
    }
  }
}

bool Schedule::ask_for_inputs(const Node& node) {
  bool is_ready = true;
  for (const std::size_t input : node.inputs) {
    Node& read = nodes_[input];
    if (read.is_readable) continue;
    is_ready = false;
    if (read.model->layer == catalog::Layer::Staging) read.is_demanded = true;
  }
  return is_ready;
}

std::optional<std::size_t> Schedule::next() {
  settle();
  // From the last to the first, so that a demand reaches all the way up before anything is chosen.
  std::optional<std::size_t> first;
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    Node& node = nodes_[i];
    const bool is_wanted =
        node.is_known ? node.is_demanded && !node.is_readable : has_known_inputs(node);
    if (node.is_begun || !is_wanted) continue;
    if (ask_for_inputs(node)) first = i;
  }
  if (first) nodes_[*first].is_begun = true;
  return first;
}

Status Schedule::computed(std::size_t index, std::int64_t rows, std::string content) {
  Node& node = nodes_[index];
  if (node.is_carried && node.built.content != content) {
    return fail(
        Code::FailedPrecondition,
        fmt::format("{} gave other rows from the same data than before", node.model->sql_file),
        {"a model must not read the clock or random numbers, and needs an ORDER BY where "
         "the order of rows decides"},
        "not_repeatable");
  }
  node.built.rows = rows;
  node.built.content = std::move(content);
  node.is_known = true;
  return {};
}

void Schedule::made_readable(std::size_t index) {
  nodes_[index].is_readable = true;
}

void Schedule::demand(std::size_t index) {
  nodes_[index].is_demanded = true;
}

bool Schedule::is_done() const {
  return std::ranges::all_of(nodes_, [](const Node& node) {
    return node.is_known && (node.is_readable || !node.is_demanded);
  });
}

}  // namespace martgate::build
