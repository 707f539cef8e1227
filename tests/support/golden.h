// Text that people review as files: compared with what is there, rewritten with
// MARTGATE_UPDATE_GOLDENS=1.
#pragma once

#include <filesystem>
#include <string>

namespace martgate {

// A doctest check; the failure shows the first line that differs.
void check_golden(const std::filesystem::path& file, const std::string& text);

}  // namespace martgate
