#include "tools/tool.h"

#include "base/check.h"

namespace martgate::tools {

Handler handler_of(catalog::ToolKind kind) {
  switch (kind) {
    case catalog::ToolKind::CatalogSearch:
      return search_catalog;
    case catalog::ToolKind::CatalogDescribe:
      return describe_asset;
    case catalog::ToolKind::MetricQuery:
      return query_metrics;
    case catalog::ToolKind::DimensionValues:
      return list_dimension_values;
    case catalog::ToolKind::EntityLookup:
      return lookup_entity;
    case catalog::ToolKind::DataHealth:
      return check_health;
  }
  check_failed("a tool kind without a handler", __FILE__, __LINE__);
}

}  // namespace martgate::tools
