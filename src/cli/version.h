// The version, as clients and `martgate version` see it; the same as in CMakeLists.txt (tested).
#pragma once

#include <string_view>

namespace martgate::cli {
inline constexpr std::string_view kVersion = "0.1.0";
}  // namespace martgate::cli
