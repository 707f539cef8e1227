// The data tests that models declare, run where the models were built.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "catalog/project.h"
#include "engine/snapshot.h"
#include "store/connection.h"

namespace martgate::build {

[[nodiscard]] std::string_view name_of(const catalog::Check& check);  // "accepted_values"

// A value of the project's YAML as SQL, the way the column stores it: decimals are scaled integers,
// booleans are 0 and 1.
[[nodiscard]] std::string stored_literal(const catalog::Scalar& value,
                                         const catalog::Column& column);

// The one SELECT of a test; planning prepares it, so that a broken one is found before any data is.
[[nodiscard]] std::string test_sql(const catalog::Model& model, const catalog::Project& project,
                                   const catalog::DataTest& test);

// Errors: FailedPrecondition, reason "test_broken", when the test cannot be run, which is not a
// verdict about the data.
[[nodiscard]] Result<engine::TestResult> run_test(store::Connection& connection,
                                                  const catalog::Project& project,
                                                  const catalog::DataTest& test);

}  // namespace martgate::build
