// What the raw store remembers of loading: the inventory's and the jobs' view of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/project.h"

namespace martgate::ingest {

struct TableHistory {
  std::string source;
  std::string raw_name;
  std::int64_t loads = 0;        // ever, replaced ones included
  std::int64_t rows = 0;         // that count now
  std::int64_t quarantined = 0;  // rows of live loads that were kept out
  std::int64_t drift = 0;        // changes of the delivered columns that nobody has accepted yet
  std::int64_t held = 0;         // loads that wait for somebody to let them in
  // The last load, or the last pull that came to its end and found nothing new: both show that the
  // table is as its system was then.
  std::optional<WallTime> last_loaded_at;
  std::int64_t failures_in_row = 0;  // of its pull, since the last that did not fail
  std::string failure = {};          // what the last of them said
};

// One line for each source table of the project, sorted by raw name. A store that does not exist
// remembers nothing. Errors: Unavailable.
[[nodiscard]] Result<std::vector<TableHistory>> load_history(const std::filesystem::path& raw_store,
                                                             const catalog::Project& project);

}  // namespace martgate::ingest
