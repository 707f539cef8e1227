// The meta-schemas of JSON Schema draft 2020-12, as json-schema.org publishes them.
#pragma once

#include <string_view>
#include <vector>

#include "json/json_fwd.h"

namespace martgate {

inline constexpr std::string_view kMetaSchemaUri = "https://json-schema.org/draft/2020-12/schema";

[[nodiscard]] const Json* meta_schema_named(std::string_view uri);  // null when it is none of them
[[nodiscard]] std::vector<std::string_view> meta_schema_uris();

}  // namespace martgate
