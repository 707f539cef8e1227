#include "build/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace martgate::build {
namespace {

using engine::LineageEdge;
using Names = std::set<std::string>;

constexpr std::string_view kTag = "tag:";
constexpr std::string_view kSource = "source:";

enum class Direction : std::uint8_t { Up, Down };

// Everything that is reached from `names` along the lineage, themselves included.
Names reached(Names names, const std::vector<LineageEdge>& lineage, Direction direction) {
  std::vector<std::string> open(names.begin(), names.end());
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    for (const LineageEdge& edge : lineage) {
      if (edge.reads_layer == "raw") continue;
      const bool is_up = direction == Direction::Up;
      if ((is_up ? edge.model : edge.reads) != name) continue;
      const std::string& next = is_up ? edge.reads : edge.model;
      if (names.insert(next).second) open.push_back(next);
    }
  }
  return names;
}

bool has_tag(const catalog::Model& model, std::string_view tag) {
  return std::ranges::find(model.common.tags, tag) != model.common.tags.end();
}

bool lies_in(const std::string& file, std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return file == path || (file.starts_with(path) && file.substr(path.size()).starts_with('/'));
}

Result<Names> named(const catalog::Project& project, const std::vector<LineageEdge>& lineage,
                    std::string_view word) {
  Names names;
  std::vector<std::string> known;
  if (word.starts_with(kTag)) {
    const std::string_view tag = word.substr(kTag.size());
    for (const catalog::Model& model : project.models) {
      if (has_tag(model, tag)) names.insert(model.common.name);
      for (const std::string& other : model.common.tags) known.push_back("tag:" + other);
    }
  } else if (word.starts_with(kSource)) {
    const std::string_view wanted = word.substr(kSource.size());
    for (const LineageEdge& edge : lineage) {
      const catalog::Source* source =
          edge.reads_layer == "raw" ? project.source_of_raw_table(edge.reads) : nullptr;
      if (source != nullptr && source->common.name == wanted) names.insert(edge.model);
    }
    for (const catalog::Source& source : project.sources)
      known.push_back("source:" + source.common.name);
  } else {
    for (const catalog::Model& model : project.models) {
      const bool is_meant = model.common.name == word || lies_in(model.common.file, word) ||
                            lies_in(model.sql_file, word);
      if (is_meant) names.insert(model.common.name);
      known.push_back(model.common.name);
    }
  }
  if (!names.empty()) return names;
  std::ranges::sort(known);
  known.erase(std::unique(known.begin(), known.end()), known.end());
  return fail(Code::NotFound, fmt::format("no model is \"{}\"", shown(word, 80)),
              name_hints(word, known), "unknown_model");
}

}  // namespace

Result<Names> select_models(const catalog::Project& project,
                            const std::vector<LineageEdge>& lineage,
                            std::span<const std::string> expressions) {
  Names chosen;
  for (const std::string& expression : expressions) {
    std::string_view word = expression;
    const bool is_up = word.starts_with('+');
    if (is_up) word.remove_prefix(1);
    const bool is_down = word.ends_with('+');
    if (is_down) word.remove_suffix(1);
    auto names = named(project, lineage, word);
    if (!names) return tl::unexpected(names.error());
    if (is_up) chosen.merge(reached(*names, lineage, Direction::Up));
    if (is_down) chosen.merge(reached(*names, lineage, Direction::Down));
    chosen.merge(*names);
  }
  return chosen;
}

}  // namespace martgate::build
