// A seed: a small table that lives in git as CSV, catalog/seeds/NAME.csv with NAME.yaml beside it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "catalog/node.h"
#include "catalog/project.h"

namespace martgate::catalog {

inline constexpr std::size_t kSeedRowsMax = 20'000;

// A staging model whose SELECT lists the rows of the file: models read it, it is tested and typed,
// and its digest moves with its rows like that of any other.
//
// The file is RFC 4180 with commas and a header that names the declared columns in their order. An
// empty field is NULL; booleans are true and false; decimals have at most their scale's digits.
// What does not fit is reported with the line of the CSV.
[[nodiscard]] Model read_seed(const Node& node, std::string csv_file, std::string_view csv,
                              Report& report);

}  // namespace martgate::catalog
