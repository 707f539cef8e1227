// A schema document becomes a program of nodes. Internal to json/; callers use Schema::compile.
#pragma once

#include <memory>

#include "base/result.h"
#include "json/schema.h"

namespace martgate {

// Does not ask the meta-schema. Errors: as Schema::compile.
[[nodiscard]] Result<std::unique_ptr<const SchemaProgram>> compile_schema(
    const Json& document, const SchemaLibrary& library, const SchemaOptions& options);

}  // namespace martgate
