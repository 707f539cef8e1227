// The demo files of one run, read back for tests.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "demo/demo_data.h"

namespace martgate::demo_test {

// Path below the folder -> bytes.
[[nodiscard]] std::map<std::string, std::string> files_below(const std::filesystem::path& folder);

using Row = std::map<std::string, std::string>;  // column -> field

// The rows of every CSV file whose path begins with `stem`, in the order of the paths.
[[nodiscard]] std::vector<Row> csv_rows(const std::filesystem::path& folder, std::string_view stem);
// The lines of every file whose path begins with `stem`, headers included.
[[nodiscard]] std::vector<std::string> lines(const std::filesystem::path& folder,
                                             std::string_view stem);
// "12.50" -> 1250
[[nodiscard]] long long cents(const std::string& amount);

}  // namespace martgate::demo_test
