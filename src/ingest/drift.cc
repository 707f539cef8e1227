#include "ingest/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/json_writer.h"
#include "base/text.h"

namespace martgate::ingest {
namespace {

using catalog::DriftAction;

constexpr std::size_t kNameShownBytes = 80;
constexpr std::array<std::string_view, 5> kKindNames{"added", "removed", "renamed", "reordered",
                                                     "type_changed"};

std::vector<std::string> declared_names(const catalog::SourceTable& table) {
  std::vector<std::string> names;
  for (const catalog::SourceColumn& column : table.columns) names.push_back(column.name);
  return names;
}

std::string quoted_name(std::string_view name) {
  return json_quoted(shown(name, kNameShownBytes));
}

std::string quoted_names(std::span<const std::string> names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back(quoted_name(name));
  return join(quoted, ", ");
}

bool is_similar(std::string_view found, const std::string& declared) {
  return !nearest(found, std::span(&declared, 1), 1).empty();
}

struct Pair {
  std::size_t declared = 0;
  std::size_t found = 0;
  std::string guess;
};

// Removed and added columns that look like one.
std::vector<Pair> renamed_pairs(const catalog::SourceTable& table,
                                std::span<const std::string_view> found, const ColumnMap& map) {
  std::vector<Pair> pairs;
  std::vector<std::size_t> added = map.undeclared;
  const bool is_same_width = found.size() == table.columns.size();
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (map.positions[i]) continue;
    const auto take = [&](std::size_t at, std::string_view evidence) {
      pairs.push_back(
          {i, at, fmt::format("{} may be the new name: {}", quoted_name(found[at]), evidence)});
      std::erase(added, at);
    };
    const bool is_same_place = is_same_width && std::ranges::find(added, i) != added.end();
    const auto near = std::ranges::find_if(
        added, [&](std::size_t at) { return is_similar(found[at], table.columns[i].name); });
    if (near != added.end()) {
      take(*near, *near == i && is_same_width ? "same place, similar name" : "similar name");
    } else if (is_same_place) {
      take(i, "same place in the header");
    }
  }
  return pairs;
}

bool is_reordered(const ColumnMap& map) {
  std::size_t last = 0;
  for (const auto& position : map.positions) {
    if (!position) continue;
    if (*position < last) return true;
    last = *position;
  }
  return false;
}

}  // namespace

std::string_view name_of(DriftKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

std::string_view name_of(DriftAction action) {
  switch (action) {
    case DriftAction::Accept:
      return "accept";
    case DriftAction::Quarantine:
      return "quarantine";
    case DriftAction::Refuse:
      return "refuse";
  }
  return "";
}

DriftAction ColumnMap::action() const {
  DriftAction strictest = DriftAction::Accept;
  for (const DriftEvent& event : events) strictest = std::max(strictest, event.action);
  return strictest;
}

Result<ColumnMap> map_columns(const catalog::SourceTable& table,
                              std::span<const std::string_view> found, std::int64_t line) {
  ColumnMap map;
  std::vector<std::string> twice;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto first = std::ranges::find(found, found[i]) - found.begin();
    if (std::cmp_less(first, i)) {
      twice.emplace_back(found[i]);
    } else if (std::ranges::find(table.columns, found[i], &catalog::SourceColumn::name) ==
               table.columns.end()) {
      map.undeclared.push_back(i);
    }
  }
  for (const catalog::SourceColumn& column : table.columns) {
    const auto at = std::ranges::find(found, column.name);
    map.positions.push_back(at == found.end()
                                ? std::nullopt
                                : std::optional(static_cast<std::size_t>(at - found.begin())));
  }
  if (!twice.empty()) {
    return tl::unexpected(schema_drift(table, "the header row repeats " + quoted_names(twice), {}));
  }
  const catalog::DriftPolicy& policy = table.on_drift;
  const std::vector<Pair> pairs = renamed_pairs(table, found, map);
  for (const Pair& pair : pairs) {
    map.events.push_back(
        {DriftKind::Renamed, table.columns[pair.declared].name,
         fmt::format("not delivered; {} is not declared", quoted_name(found[pair.found])),
         pair.guess, line, policy.renamed});
  }
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (map.positions[i] || std::ranges::find(pairs, i, &Pair::declared) != pairs.end()) continue;
    map.events.push_back(
        {DriftKind::Removed, table.columns[i].name, "not delivered", {}, line, policy.removed});
  }
  for (const std::size_t at : map.undeclared) {
    if (std::ranges::find(pairs, at, &Pair::found) != pairs.end()) continue;
    map.events.push_back(
        {DriftKind::Added, std::string(found[at]), "not declared", {}, line, policy.added});
  }
  if (is_reordered(map)) {
    std::vector<std::string> order;
    for (const std::string_view name : found) order.push_back(shown(name, kNameShownBytes));
    map.events.push_back({DriftKind::Reordered,
                          {},
                          fmt::format("delivered as {}", join(order, ", ")),
                          {},
                          line,
                          policy.reordered});
  }
  return map;
}

DriftEvent undeclared_member(const catalog::SourceTable& table, std::string_view name,
                             std::span<const std::string_view> missing, std::int64_t line) {
  for (const std::string_view candidate : missing) {
    if (!is_similar(name, std::string(candidate))) continue;
    return {DriftKind::Renamed,
            std::string(candidate),
            fmt::format("not delivered; {} is not declared", quoted_name(name)),
            fmt::format("{} may be the new name: similar name", quoted_name(name)),
            line,
            table.on_drift.renamed};
  }
  return {DriftKind::Added, std::string(name), "not declared", {}, line, table.on_drift.added};
}

Error schema_drift(const catalog::SourceTable& table, std::string message,
                   std::span<const std::string> unknown) {
  const std::vector<std::string> declared = declared_names(table);
  Error error{Code::InvalidArgument, std::move(message), {}, "schema_drift"};
  for (const std::string& name : unknown) {
    const std::vector<std::string> near = nearest(name, declared, 1);
    if (near.empty()) continue;
    error.hints.push_back(
        fmt::format("did you mean {} instead of {}", json_quoted(near.front()), quoted_name(name)));
  }
  error.hints.push_back(fmt::format("declared columns: {}", join(declared, ", ")));
  return error;
}

Error header_refused(const catalog::SourceTable& table, const ColumnMap& map,
                     std::span<const std::string_view> found) {
  std::vector<std::string> missing;
  std::vector<std::string> unknown;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (!map.positions[i]) missing.push_back(table.columns[i].name);
  }
  for (const std::size_t at : map.undeclared) unknown.emplace_back(found[at]);
  std::vector<std::string> faults;
  if (!missing.empty()) faults.push_back("misses " + quoted_names(missing));
  if (!unknown.empty()) faults.push_back("has undeclared " + quoted_names(unknown));
  if (faults.empty()) faults.emplace_back("has the declared columns in another order");
  return schema_drift(table, "the header row " + join(faults, " and "), unknown);
}

}  // namespace martgate::ingest
