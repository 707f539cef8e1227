// Looking into the journal from beside a running server, for `martgate audit` and the console.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "envelope/chain.h"
#include "envelope/record.h"
#include "store/connection.h"

namespace martgate::envelope {

// Each answer is of one moment; nothing is written and nothing is checkpointed. What is returned
// has its own hash and form checked; the whole chain is for verify(). Threads: one at a time.
class JournalReader {
 public:
  // Errors: NotFound, Unavailable, FailedPrecondition (reason "journal_format").
  [[nodiscard]] static Result<JournalReader> open(const std::filesystem::path& journal);

  // The last `count` records, oldest first. Errors: FailedPrecondition (reason "journal_damaged").
  [[nodiscard]] Result<std::vector<StoredRecord>> tail(std::int64_t count);
  // All records of one envelope, oldest first; none when it is not known.
  [[nodiscard]] Result<std::vector<StoredRecord>> find(std::string_view env_id);
  // How many envelopes stand in each state; states without any are left out.
  [[nodiscard]] Result<std::map<State, std::int64_t>> count_by_state();

 private:
  explicit JournalReader(store::Connection connection) : connection_(std::move(connection)) {}
  store::Connection connection_;
};

}  // namespace martgate::envelope
