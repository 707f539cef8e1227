// The envelope beside every answer, as JSON text (schemas/envelope.schema.json).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gate/citations.h"

namespace martgate::gate {

struct EnvelopeCost {
  double wall_ms = 0;
  std::int64_t vm_steps = 0;
  std::int64_t rows_read = 0;
  std::int64_t bytes_out = 0;  // data members and text, without the envelope itself
};

struct EnvelopeView {
  std::string_view request_id;
  std::string_view state;  // "completed", "failed", "denied"
  std::string_view tool;
  std::string_view principal;
  std::string_view tenant;
  std::string_view policy_version;
  std::string_view snapshot;  // empty: none was read
  std::string commit;
  const Evidence* evidence = nullptr;  // null for a refusal
  const Error* error = nullptr;
  std::int64_t rows = 0;
  std::int64_t limit = 0;
  bool truncated = false;
  EnvelopeCost cost;
};

[[nodiscard]] std::string envelope_text(const EnvelopeView& view);

// Tokens are estimated at four bytes each: the usual rule of thumb for English text and JSON.
inline constexpr std::int64_t kBytesPerToken = 4;

}  // namespace martgate::gate
