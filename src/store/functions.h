// Aggregates that rendered SQL may call beside SQLite's own.
#pragma once

#include "base/result.h"

struct sqlite3;

namespace martgate::store {

// median(x): the middle number, or the mean of the middle two; NULLs and text are ignored; NULL
// when nothing is left. Errors: Internal.
[[nodiscard]] Status add_functions(sqlite3* database);

}  // namespace martgate::store
