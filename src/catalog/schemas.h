// The JSON Schemas of schemas/, built into the program.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "catalog/embedded.h"
#include "json/schema.h"

namespace martgate::catalog {

// Text of schemas/<path>, "catalog/metric.schema.json"; empty when there is no such file.
[[nodiscard]] std::string_view embedded_schema(std::string_view path);

// The URI under which schemas/<path> is known; relative references between the files resolve.
[[nodiscard]] std::string schema_uri(std::string_view path);

// Every embedded schema under its URI. Errors: Internal when one of them is not JSON.
[[nodiscard]] Result<SchemaLibrary> embedded_schema_library();

// Compiles schemas/<path> against a library that embedded_schema_library made.
// Errors: NotFound, or those of Schema::compile.
[[nodiscard]] Result<Schema> compile_embedded_schema(const SchemaLibrary& library,
                                                     std::string_view path);

}  // namespace martgate::catalog
