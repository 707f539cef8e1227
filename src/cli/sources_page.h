// The inventory of sources as people read it. Pure but for color.
#pragma once

#include <string>

#include "catalog/project.h"
#include "cli/terminal.h"
#include "tools/source_audit.h"

namespace martgate::cli {

[[nodiscard]] std::string sources_page(const Terminal& terminal, const catalog::Project& project);
[[nodiscard]] std::string audit_page(const Terminal& terminal, const catalog::Project& project,
                                     const tools::SourceAudit& audit);

}  // namespace martgate::cli
