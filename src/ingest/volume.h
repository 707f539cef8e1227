// Whether a delivery is far from the usual size of its table's deliveries.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "catalog/contract.h"

namespace martgate::ingest {

struct Volume {
  std::int64_t bytes = 0;
  std::int64_t rows = 0;  // delivered: loaded, repeated and quarantined
};

// Below this usual number of rows a ratio says nothing.
inline constexpr std::int64_t kUsualRowsMin = 20;

// Pure. What is unusual about the delivery, against the medians of `history`: "holds 120 rows, a
// tenth of the usual 1,200"; nothing when it is as usual or too little is known.
[[nodiscard]] std::optional<std::string> unusual_volume(const Volume& delivered,
                                                        std::span<const Volume> history,
                                                        const catalog::VolumePolicy& policy);

}  // namespace martgate::ingest
