// The whole chain, record by record, against itself and against the anchors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "envelope/anchors.h"
#include "envelope/chain.h"

namespace martgate::envelope {

struct VerifyReport {
  std::int64_t records = 0;  // good ones, before the first bad one
  std::string head;          // hash of the last good record
  std::int64_t boot_epoch = 0;
  std::int64_t anchors_checked = 0;
  std::int64_t anchored_seq = 0;  // the last record that an anchor vouches for
  std::int64_t open_envelopes = 0;
  bool truncated = false;              // the journal ends before the record that an anchor names
  std::optional<BadRecord> first_bad;  // in the chain
  std::optional<std::string> anchors_bad;    // in the anchors file, "line 3: …"
  std::optional<std::string> open_list_bad;  // the list that recovery starts from

  [[nodiscard]] bool ok() const { return !first_bad && !anchors_bad && !open_list_bad; }
};

// Reads only; works beside a running server, whose later records it does not see. Constant memory.
// What it finds is in the report. A tail cut from journal and anchors alike looks whole from here:
// compare `records` and `head` with a head that left the machine (JournalOptions::on_anchor).
// Errors: NotFound, Unavailable: the check could not be made.
[[nodiscard]] Result<VerifyReport> verify(const std::filesystem::path& journal,
                                          const std::filesystem::path& anchors,
                                          const AnchorKey& key);

}  // namespace martgate::envelope
