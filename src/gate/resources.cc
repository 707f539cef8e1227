#include "gate/resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace martgate::gate {
namespace {

using catalog::Common;
using catalog::Project;

constexpr std::string_view kVariable = "name";

// One kind of catalog object: its word in an address, its word for the describing tool, and how
// people call it.
struct Kind {
  std::string_view in_address;
  std::string_view in_tool;
  std::string_view title;
  std::string_view description;
  std::vector<const Common*> (*objects)(const Project& project);
};

std::vector<const Common*> metrics(const Project& project) {
  std::vector<const Common*> found;
  found.reserve(project.metrics.size());
  for (const catalog::Metric& metric : project.metrics) found.push_back(&metric.common);
  return found;
}

std::vector<const Common*> public_marts(const Project& project) {
  std::vector<const Common*> found;
  for (const catalog::Model& model : project.models) {
    if (model.layer == catalog::Layer::Marts && model.access == catalog::Access::Public) {
      found.push_back(&model.common);
    }
  }
  return found;
}

std::vector<const Common*> sources(const Project& project) {
  std::vector<const Common*> found;
  found.reserve(project.sources.size());
  for (const catalog::Source& source : project.sources) found.push_back(&source.common);
  return found;
}

constexpr std::array kKinds{
    Kind{"metric", "metric", "A metric",
         "Definition, unit, dimensions, owner, lineage, freshness and tests of one metric.",
         metrics},
    Kind{"model", "mart", "A mart", "Columns, keys, metrics, owner, lineage and tests of one mart.",
         public_marts},
    Kind{"source", "source", "A source", "Owner, tables, loads and freshness of one source.",
         sources},
};

std::string address_of(const Kind& kind, std::string_view name) {
  return fmt::format("{}://{}/{}", kResourceScheme, kind.in_address, name);
}

std::string template_of(const Kind& kind) {
  return address_of(kind, fmt::format("{{{}}}", kVariable));
}

const ReadyTool* describing_tool(const World& world) {
  const auto found = std::ranges::find_if(world.tools, [](const ReadyTool& tool) {
    return tool.definition->kind == catalog::ToolKind::CatalogDescribe;
  });
  return found == world.tools.end() ? nullptr : &*found;
}

}  // namespace

std::vector<ResourceListing> resources_of(const World& world) {
  std::vector<ResourceListing> listed;
  if (describing_tool(world) == nullptr) return listed;
  for (const Kind& kind : kKinds) {
    for (const Common* object : kind.objects(world.project)) {
      listed.push_back({address_of(kind, object->name),
                        fmt::format("{}.{}", kind.in_address, object->name), object->label,
                        object->description});
    }
  }
  return listed;
}

std::vector<ResourceTemplate> resource_templates_of(const World& world) {
  std::vector<ResourceTemplate> listed;
  if (describing_tool(world) == nullptr) return listed;
  for (const Kind& kind : kKinds) {
    listed.push_back({template_of(kind), std::string(kind.in_address), std::string(kind.title),
                      std::string(kind.description)});
  }
  return listed;
}

Result<ResourceCall> resource_call(const World& world, std::string_view uri) {
  if (const ReadyTool* tool = describing_tool(world)) {
    for (const Kind& kind : kKinds) {
      const std::string stem = address_of(kind, {});
      if (!uri.starts_with(stem)) continue;
      const std::string_view name = uri.substr(stem.size());
      for (const Common* object : kind.objects(world.project)) {
        if (object->name == name) {
          return ResourceCall{tool->listing.name, fmt::format("{}.{}", kind.in_tool, name)};
        }
      }
    }
  }
  std::vector<std::string> known;
  for (ResourceListing& listing : resources_of(world)) known.push_back(std::move(listing.uri));
  return fail(Code::NotFound, fmt::format("there is no resource \"{}\"", shown(uri)),
              name_hints(uri, known), "unknown_resource");
}

Result<std::vector<std::string>> resource_names(const World& world, std::string_view uri_template,
                                                std::string_view variable,
                                                std::string_view prefix) {
  const auto kind = std::ranges::find_if(
      kKinds, [&](const Kind& one) { return template_of(one) == uri_template; });
  if (describing_tool(world) == nullptr || kind == kKinds.end() || variable != kVariable) {
    std::vector<std::string> known;
    for (ResourceTemplate& listing : resource_templates_of(world)) {
      known.push_back(std::move(listing.uri_template));
    }
    return fail(Code::NotFound,
                fmt::format("there is no variable \"{}\" in a template \"{}\"", shown(variable, 80),
                            shown(uri_template)),
                name_hints(uri_template, known), "unknown_resource");
  }
  std::vector<std::string> names;
  for (const Common* object : kind->objects(world.project)) {
    if (object->name.starts_with(prefix)) names.push_back(object->name);
  }
  return names;
}

}  // namespace martgate::gate
