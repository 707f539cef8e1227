// Kind catalog_search: which metrics, marts, sources and questions are about some words.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_writer.h"
#include "base/text.h"
#include "tools/catalog_index.h"
#include "tools/tool.h"

namespace martgate::tools {
namespace {

constexpr std::int64_t kLimitDefault = 8;
constexpr std::size_t kDimensionsShown = 12;

void write_names(JsonWriter& json, std::string_view key, const std::vector<std::string>& names) {
  if (names.empty()) return;
  json.key(key).begin_array();
  for (std::size_t i = 0; i < std::min(names.size(), kDimensionsShown); ++i) json.string(names[i]);
  json.end_array();
}

}  // namespace

Result<ToolAnswer> search_catalog(const Context& context, const nlohmann::json& arguments) {
  std::vector<CatalogHit> hits =
      search_index(context.project, arguments.at("query").get<std::string>(),
                   arguments.value("kinds", std::vector<std::string>{}));
  ToolAnswer answer;
  answer.limit = arguments.value("limit", kLimitDefault);
  answer.truncated = std::cmp_greater(hits.size(), answer.limit);
  if (answer.truncated) hits.resize(static_cast<std::size_t>(answer.limit));
  answer.rows = static_cast<std::int64_t>(hits.size());
  JsonWriter json(answer.members);
  json.key("results").begin_array();
  for (const CatalogHit& hit : hits) {
    const std::string id = fmt::format("{}.{}", hit.kind, hit.name);
    answer.catalog_objects.push_back(id);
    json.begin_object().field("id", id).field("kind", hit.kind).field("name", hit.name);
    json.field("label", hit.label).field("description", hit.description);
    if (!hit.owner.empty()) json.field("owner", hit.owner);
    if (!hit.unit.empty()) json.field("unit", hit.unit);
    write_names(json, "dimensions", hit.dimensions);
    write_names(json, "metrics", hit.metrics);
    json.field("score", hit.score).end_object();
    answer.text += fmt::format("{}: {}{}\n", id, hit.kind == "question" ? hit.label + " " : "",
                               hit.description);
    if (hit.kind == "metric" && !hit.dimensions.empty()) {
      const std::size_t shown_count = std::min(hit.dimensions.size(), kDimensionsShown);
      answer.text +=
          fmt::format("  by {}{}\n", join(std::span(hit.dimensions).first(shown_count), ", "),
                      shown_count < hit.dimensions.size() ? ", …" : "");
    }
  }
  json.end_array();
  if (hits.empty()) {
    answer.text =
        "nothing in the catalog matches these words; try others, or describe_asset with a name\n";
  }
  return answer;
}

}  // namespace martgate::tools
