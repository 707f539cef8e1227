#include "envelope/journal_reader.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace martgate::envelope {
namespace {

// Rows of (seq, record_hash, payload).
Result<std::vector<StoredRecord>> records_of(const Result<store::RowSet>& rows) {
  if (!rows) return tl::unexpected(rows.error());
  std::vector<StoredRecord> records;
  records.reserve(rows->row_count());
  for (std::size_t i = 0; i < rows->row_count(); ++i) {
    const std::int64_t seq = std::get<std::int64_t>(rows->at(i, 0));
    const std::string& payload = std::get<std::string>(rows->at(i, 2));
    auto stored = parse_payload(payload);
    if (!stored || stored->seq != seq ||
        hash_of_payload(payload) != std::get<std::string>(rows->at(i, 1))) {
      return fail(Code::FailedPrecondition, fmt::format("the journal is damaged at record {}", seq),
                  {"`martgate audit verify` checks the whole journal"}, "journal_damaged");
    }
    records.push_back(std::move(*stored));
  }
  return records;
}

}  // namespace

Result<JournalReader> JournalReader::open(const std::filesystem::path& journal) {
  auto connection = open_for_reading(journal);
  if (!connection) return tl::unexpected(connection.error());
  return JournalReader(std::move(*connection));
}

Result<std::vector<StoredRecord>> JournalReader::tail(std::int64_t count) {
  const std::array<store::Value, 1> values{count};
  return records_of(connection_.query(
      "SELECT seq, record_hash, payload FROM"
      " (SELECT seq, record_hash, payload FROM records ORDER BY seq DESC LIMIT max(?1, 0))"
      " ORDER BY seq",
      values));
}

Result<std::vector<StoredRecord>> JournalReader::find(std::string_view env_id) {
  const std::array<store::Value, 1> values{std::string(env_id)};
  return records_of(connection_.query(
      "SELECT seq, record_hash, payload FROM records WHERE env_id = ?1 ORDER BY version", values));
}

Result<std::map<State, std::int64_t>> JournalReader::count_by_state() {
  const auto rows = connection_.query(
      "SELECT state, count(*) FROM records AS r WHERE NOT EXISTS"
      " (SELECT 1 FROM records AS later"
      "  WHERE later.env_id = r.env_id AND later.version > r.version)"
      " GROUP BY state");
  if (!rows) return tl::unexpected(rows.error());
  std::map<State, std::int64_t> counts;
  for (std::size_t i = 0; i < rows->row_count(); ++i) {
    const auto state = state_of(std::get<std::string>(rows->at(i, 0)));
    if (!state) {
      return fail(Code::FailedPrecondition, "the journal holds a state that does not exist",
                  {"`martgate audit verify` checks the whole journal"}, "journal_damaged");
    }
    counts[*state] = std::get<std::int64_t>(rows->at(i, 1));
  }
  return counts;
}

}  // namespace martgate::envelope
