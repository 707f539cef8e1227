// The commit a folder stands on, read from git's own files.
#pragma once

#include <filesystem>
#include <string>

namespace martgate::catalog {

// Hex id of the commit that HEAD names, in the repository that holds `folder`; empty when there is
// none or when it keeps its references in another way than files (reftable).
// Source: gitrepository-layout(5): HEAD, refs/, packed-refs, the .git file and commondir of
// worktrees.
[[nodiscard]] std::string git_commit_of(const std::filesystem::path& folder);

}  // namespace martgate::catalog
