// One journal record: the steps that one envelope took since its last record, and what they rest
// on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "envelope/transition.h"

namespace martgate::envelope {

struct Cost {
  std::int64_t wall_us = 0;
  std::int64_t vm_steps = 0;
  std::int64_t rows_read = 0;
  std::int64_t bytes_out = 0;

  friend bool operator==(const Cost&, const Cost&) = default;
};

// Names and digests only: no argument value, no row, no token, no text of a caller (I17).
// A field that is not known, or does not apply, is empty and is left out of the record.
struct Fields {
  // Names: printable ASCII, at most 255 bytes.
  std::string tool;
  std::string principal;
  std::string tenant;
  std::string era;        // protocol version, "2026-07-28"
  std::string transport;  // "stdio", "http"
  std::string policy_version;
  std::string snapshot_id;
  // SHA-256, 64 lower-case hex digits.
  std::string args_hash;
  std::string tool_digest;
  std::string plan_hash;
  std::string result_hash;
  std::string citations_hash;
  // Why the call ended as it did, snake_case; required when it ends failed, denied or expired.
  std::string reason;
  std::string trace_id;  // 32 lower-case hex digits
  Cost cost;

  friend bool operator==(const Fields&, const Fields&) = default;
};

// What a caller hands to the journal.
struct Record {
  std::string env_id;  // 1 to 64 of [a-z0-9_], unique for ever
  Life before;         // where the last record of this envelope left it; the default for the first
  Life after;          // where this one leaves it
  std::vector<Event> steps;
  Fields fields;

  friend bool operator==(const Record&, const Record&) = default;
};

// The first record of an envelope, before any step.
[[nodiscard]] Record first_record(std::string env_id, EffectClass effect_class);
// The record after `previous`: same envelope, same names, no steps yet, no reason, no result.
[[nodiscard]] Record next_record(const Record& previous);
// Adds one step. Errors: FailedPrecondition (reason "illegal_step"); the record is unchanged.
Status take(Record& record, Event event);

// Everything that can be said about a record without looking at the journal: forms of all fields,
// steps that follow the table and lead from `before` to `after`, a reason where one is required.
// Errors: InvalidArgument (reason "bad_record"), FailedPrecondition (reason "illegal_step").
[[nodiscard]] Status check(const Record& record);

// Where a record stands in the chain.
struct Place {
  std::int64_t seq = 0;   // from 1, without gaps
  std::string prev_hash;  // hash of the record before; 64 zeros for the first
  std::int64_t boot_epoch = 0;
  std::int64_t t_wall_ms = 0;  // never less than the record before

  friend bool operator==(const Place&, const Place&) = default;
};

struct StoredRecord : Place {
  Record record;

  friend bool operator==(const StoredRecord&, const StoredRecord&) = default;
};

inline constexpr std::string_view kNoHash =
    "0000000000000000000000000000000000000000000000000000000000000000";

// The record's one byte form: JSON, keys sorted, no blanks, empty members left out. The record must
// have passed check().
[[nodiscard]] std::string payload_of(const Place& place, const Record& record);
[[nodiscard]] std::string payload_of(const StoredRecord& stored);
// SHA-256 over one zero byte and the payload, hex. The zero byte keeps hashes of records apart
// from hashes of inner nodes, should the chain ever grow a tree (RFC 9162 section 2.1).
[[nodiscard]] std::string hash_of_payload(std::string_view payload);
// Reads a payload back; only the exact bytes that payload_of() writes for a record that passes
// check() are accepted. Errors: InvalidArgument (reason "bad_record"), and those of check().
[[nodiscard]] Result<StoredRecord> parse_payload(std::string_view payload);

}  // namespace martgate::envelope
