// Two years of extracts of Kestrel Outdoor, the invented company of the demo project.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/result.h"

namespace martgate {

struct DemoOptions {
  std::uint64_t seed = 1;
  double scale = 1;  // 1 is about 4,000 orders; accepted above 0 and up to kDemoScaleMax
  Date until =
      std::chrono::sys_days{std::chrono::year{2026} / 10 / 31};  // last day; 24 months end here
};

inline constexpr double kDemoScaleMax = 1000;

struct DemoFile {
  std::string path;       // relative to the folder, with '/'
  std::int64_t rows = 0;  // lines behind the header
  std::int64_t bytes = 0;
};

struct DemoSummary {
  std::vector<DemoFile> files;  // sorted by path
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
};

// Writes one folder per source system under `folder`. The same options give the same bytes on every
// platform. The extracts carry the ordinary dirt of real ones; which and where stands in the
// descriptions under catalog/, and the staging SQL there removes it.
//
// A second run replaces the files of the first: `folder` must be new, empty, or the work of an
// earlier run (its mark is the file demo-data.txt).
// Errors: InvalidArgument (scale, until), FailedPrecondition (somebody else's folder), Unavailable.
[[nodiscard]] Result<DemoSummary> write_demo_data(const std::filesystem::path& folder,
                                                  const DemoOptions& options = {});

}  // namespace martgate
