// Unit tests of models: the SELECT on given rows, in memory, without any data.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/project.h"

namespace martgate::build {

struct UnitTestResult {
  std::string name;  // "orders.refunds_are_subtracted"
  std::string model;
  bool is_good = false;
  // What differs, a line each: "missing {…}", "unexpected {…}", or why the SELECT could not be run.
  std::vector<std::string> differences;
};

// Those of the models in `chosen`; empty: all. In the order of models and files. Everything a model
// reads exists with its declared columns; what a test gives no rows of is empty.
// Errors: InvalidArgument, reason "unit_test_broken": an input or a column that does not exist.
[[nodiscard]] Result<std::vector<UnitTestResult>> run_unit_tests(
    const catalog::Project& project, const std::set<std::string>& chosen = {});

}  // namespace martgate::build
