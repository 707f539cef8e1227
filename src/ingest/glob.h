// Files of a folder that a pattern names.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace martgate::ingest {

// Paths of regular files under `folder` whose path from there fits `pattern`, sorted by bytes, with
// "/" between their parts. *, ? and [a-z] stand for characters of one part and not for a leading
// dot. A folder that does not exist holds no files; a symbolic link that leads out of the folder is
// no file of it.
// Errors: InvalidArgument for a pattern that is absolute or climbs with "..", Unavailable when a
// folder cannot be read.
[[nodiscard]] Result<std::vector<std::string>> files_matching(const std::filesystem::path& folder,
                                                              std::string_view pattern);

}  // namespace martgate::ingest
