#include "catalog/golden.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "base/text.h"

namespace martgate::catalog {

void check_golden(const std::string& name, const std::string& actual) {
  const auto path = std::filesystem::path(MARTGATE_SOURCE_DIR) / "tests/catalog/goldens" / name;
  if (const char* update = std::getenv("MARTGATE_UPDATE_GOLDENS"); update != nullptr) {
    REQUIRE(std::string(update) == "1");
    REQUIRE(replace_file(path, actual));
    return;
  }
  const auto expected = read_file(path);
  REQUIRE(expected);
  // Line by line, so that a failure shows where the two part.
  const auto expected_lines = split(*expected, '\n');
  const auto actual_lines = split(actual, '\n');
  for (std::size_t i = 0; i < expected_lines.size() && i < actual_lines.size(); ++i) {
    INFO(name << ":" << i + 1);
    REQUIRE(std::string(actual_lines[i]) == std::string(expected_lines[i]));
  }
  CHECK(expected_lines.size() == actual_lines.size());
}

}  // namespace martgate::catalog
