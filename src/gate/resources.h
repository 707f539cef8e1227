// The catalog as resources: what a client may attach to a conversation by address. A resource is
// the describing tool's answer under a stable name, so whoever may not call that tool has none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gate/world.h"

namespace martgate::gate {

inline constexpr std::string_view kResourceScheme = "martgate";
inline constexpr std::string_view kResourceMimeType = "application/json";

struct ResourceListing {
  std::string uri;   // "martgate://metric/net_revenue"
  std::string name;  // "metric.net_revenue"
  std::string title;
  std::string description;
};

struct ResourceTemplate {
  std::string uri_template;  // "martgate://metric/{name}"
  std::string name;          // "metric"
  std::string title;
  std::string description;
};

// The call that reads a resource: it passes the same envelope as any other.
struct ResourceCall {
  std::string tool;   // the project's name for its describing tool
  std::string asset;  // its argument "name": "metric.net_revenue"
};

// Metrics, public marts and sources, in this order and by name. Empty when the project exposes no
// tool of kind catalog_describe.
[[nodiscard]] std::vector<ResourceListing> resources_of(const World& world);
[[nodiscard]] std::vector<ResourceTemplate> resource_templates_of(const World& world);

// Errors: NotFound (reason "unknown_resource") with the nearest addresses.
[[nodiscard]] Result<ResourceCall> resource_call(const World& world, std::string_view uri);

// Names that begin with `prefix`, for the variable of one of the templates; sorted.
// Errors: NotFound (reason "unknown_resource") for another template or variable.
[[nodiscard]] Result<std::vector<std::string>> resource_names(const World& world,
                                                              std::string_view uri_template,
                                                              std::string_view variable,
                                                              std::string_view prefix);

}  // namespace martgate::gate
