#include "gate/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "catalog/schemas.h"
#include "gate/envelope_text.h"
#include "json/parse.h"

namespace martgate::gate {
namespace {

using catalog::Project;
using catalog::ToolKind;

// Names of metrics stand in the tool's text while they are few: an agent needs no search then.
constexpr std::size_t kMetricsListedMax = 100;

Result<Schema> compiled(std::string_view path) {
  const auto document = parse_ijson(catalog::embedded_schema(path));
  if (!document) return tl::unexpected(with_context(document.error(), path));
  auto schema =
      Schema::compile(*document, SchemaLibrary(), {.formats = SchemaOptions::Formats::Assert});
  if (!schema) return tl::unexpected(with_context(schema.error(), path));
  return schema;
}

// What an agent is shown: the schema without its dialect line, on one line.
std::string listed(std::string_view path) {
  auto document = nlohmann::ordered_json::parse(catalog::embedded_schema(path));
  document.erase("$schema");
  document.erase("title");
  return document.dump();
}

std::string description_of(const Project& project, const catalog::ToolDefinition& tool) {
  std::string text = tool.description;
  std::vector<std::string> names;
  std::string_view what;
  if (tool.kind == ToolKind::MetricQuery) {
    what = "Metrics";
    for (const catalog::Metric& metric : project.metrics) names.push_back(metric.common.name);
  } else if (tool.kind == ToolKind::EntityLookup) {
    what = "Entities";
    for (const catalog::Model& model : project.models) {
      for (const catalog::Column& column : model.columns) {
        if (column.entity_type == catalog::EntityType::Primary &&
            project.mart_of_entity(column.entity) == &model) {
          names.push_back(column.entity);
        }
      }
    }
  }
  if (!names.empty() && names.size() <= kMetricsListedMax)
    text += fmt::format(" {}: {}.", what, join(names, ", "));
  return text;
}

std::size_t tokens_of(const ToolListing& listing) {
  return (listing.name.size() + listing.title.size() + listing.description.size() +
          listing.input_schema.size() + listing.output_schema.size()) /
         static_cast<std::size_t>(kBytesPerToken);
}

Status check_list_length(const std::vector<ReadyTool>& tools) {
  std::size_t total = 0;
  std::vector<std::pair<std::size_t, std::string>> lengths;
  for (const ReadyTool& tool : tools) {
    lengths.emplace_back(tokens_of(tool.listing), tool.listing.name);
    total += lengths.back().first;
  }
  if (total <= kToolListTokensMax) return {};
  std::ranges::sort(lengths, std::greater<>());
  std::vector<std::string> hints;
  hints.reserve(lengths.size() + 1);
  for (const auto& [tokens, name] : lengths)
    hints.push_back(fmt::format("{} takes {} tokens", name, tokens));
  hints.emplace_back("shorten descriptions or leave tools out");
  return fail(Code::FailedPrecondition,
              fmt::format("the tool list takes {} tokens, more than {}", total, kToolListTokensMax),
              std::move(hints), "tool_list_too_long");
}

}  // namespace

const ReadyTool* World::tool(std::string_view name) const {
  const auto found =
      std::ranges::find_if(tools, [&](const ReadyTool& t) { return t.listing.name == name; });
  return found == tools.end() ? nullptr : &*found;
}

Result<std::shared_ptr<const World>> make_world(Project project) {
  auto envelope = compiled("envelope.schema.json");
  if (!envelope) return tl::unexpected(envelope.error());
  // Shared: the server swaps worlds on reload while calls still run in the old one.
  auto world = std::make_shared<World>(World{std::move(project), {}, std::move(*envelope)});
  for (const catalog::ToolDefinition& definition : world->project.tools) {
    const std::string input_path =
        fmt::format("tools/{}.input.schema.json", name_of(definition.kind));
    const std::string output_path =
        fmt::format("tools/{}.output.schema.json", name_of(definition.kind));
    auto input = compiled(input_path);
    if (!input) return tl::unexpected(input.error());
    auto output = compiled(output_path);
    if (!output) return tl::unexpected(output.error());
    ToolListing listing{
        definition.name,    definition.title,    description_of(world->project, definition),
        listed(input_path), listed(output_path), true};
    world->tools.push_back({&definition, tools::handler_of(definition.kind), std::move(*input),
                            std::move(*output), std::move(listing)});
  }
  if (auto fits = check_list_length(world->tools); !fits) return tl::unexpected(fits.error());
  return world;
}

}  // namespace martgate::gate
