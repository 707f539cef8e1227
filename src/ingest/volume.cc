#include "ingest/volume.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace martgate::ingest {
namespace {

// The upper one of two middles: a whole number that some load really had.
std::int64_t median(std::span<const Volume> history, std::int64_t Volume::*of) {
  std::vector<std::int64_t> values;
  values.reserve(history.size());
  for (const Volume& volume : history) values.push_back(volume.*of);
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

std::optional<std::string> unusual(std::int64_t found, std::int64_t usual, std::string_view unit,
                                   const catalog::VolumePolicy& policy) {
  if (usual == 0) return std::nullopt;
  const double ratio = static_cast<double>(found) / static_cast<double>(usual);
  if (ratio >= policy.ratio_min && ratio <= policy.ratio_max) return std::nullopt;
  return fmt::format("holds {} {}, {:.3g} times the usual {}", found, unit, ratio, usual);
}

}  // namespace

std::optional<std::string> unusual_volume(const Volume& delivered, std::span<const Volume> history,
                                          const catalog::VolumePolicy& policy) {
  if (!policy.is_checked || std::cmp_less(history.size(), policy.history_min)) return std::nullopt;
  const std::int64_t usual_rows = median(history, &Volume::rows);
  if (usual_rows < kUsualRowsMin) return std::nullopt;
  if (auto found = unusual(delivered.rows, usual_rows, "rows", policy)) return found;
  return unusual(delivered.bytes, median(history, &Volume::bytes), "bytes", policy);
}

}  // namespace martgate::ingest
