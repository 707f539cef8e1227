// Folders, clocks and records for the tests of the envelope.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/ids.h"
#include "envelope/journal.h"
#include "envelope/record.h"
#include "envelope/verify.h"
#include "temp_folder.h"

namespace martgate::envelope {

class TempFolder : public martgate::TempFolder {
 public:
  [[nodiscard]] JournalPaths paths() const { return journal_paths(path()); }
};

class ManualClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override {
    return WallTime(std::chrono::milliseconds(wall_ms_.load()));
  }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return monotonic_ns_.load(); }
  void advance_seconds(std::int64_t seconds) {
    wall_ms_ += seconds * 1'000;
    monotonic_ns_ += seconds * 1'000'000'000;
  }
  void set_back_wall_seconds(std::int64_t seconds) { wall_ms_ -= seconds * 1'000; }

 private:
  std::atomic<std::int64_t> wall_ms_{1'790'000'000'000};
  std::atomic<std::int64_t> monotonic_ns_{0};
};

inline const std::vector<Event>& read_life() {
  static const std::vector<Event> events{
      Event::CredentialValid, Event::ArgumentsValid, Event::Allow, Event::StartRead,
      Event::RowsRead,        Event::Cite,           Event::Price, Event::Finish};
  return events;
}

inline Fields some_fields() {
  Fields fields;
  fields.tool = "query_metrics";
  fields.principal = "agent";
  fields.tenant = "kestrel";
  fields.era = "2026-07-28";
  fields.transport = "http";
  fields.policy_version = "p1";
  fields.snapshot_id = "s1";
  fields.args_hash = sha256_hex("args");
  fields.tool_digest = sha256_hex("tool");
  fields.plan_hash = sha256_hex("plan");
  fields.result_hash = sha256_hex("result");
  fields.citations_hash = sha256_hex("citations");
  fields.trace_id = std::string(32, 'a');
  fields.cost = {.wall_us = 1'200, .vm_steps = 300, .rows_read = 12, .bytes_out = 900};
  return fields;
}

inline void take_all(Record& record, const std::vector<Event>& events) {
  for (const Event event : events) REQUIRE(take(record, event));
}

// From received to completed in one record.
inline Record read_record(std::string env_id) {
  Record record = first_record(std::move(env_id), EffectClass::None);
  take_all(record, read_life());
  record.fields = some_fields();
  return record;
}

inline std::unique_ptr<Journal> opened(const TempFolder& folder, const Clock& clock,
                                       JournalOptions options = {}) {
  RandomIds ids;
  auto journal = Journal::open(folder.path(), std::move(options), clock, ids);
  if (!journal) FAIL(to_text(journal.error()));
  return std::move(*journal);
}

// Appends and waits for the answer.
inline Status append_now(Journal& journal, Record record) {
  std::promise<Status> answered;
  auto answer = answered.get_future();
  journal.append(std::move(record), [&](Status status) { answered.set_value(std::move(status)); });
  return answer.get();
}

inline VerifyReport verified(const TempFolder& folder) {
  const auto key = read_anchor_key(folder.paths().key);
  REQUIRE(key);
  auto report = verify(folder.paths().journal, folder.paths().anchors, *key);
  if (!report) FAIL(to_text(report.error()));
  return *report;
}

}  // namespace martgate::envelope
