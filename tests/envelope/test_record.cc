#include <doctest/doctest.h>

#include <string>

#include "envelope/record.h"
#include "support.h"

namespace martgate::envelope {
namespace {

StoredRecord some_stored() {
  return {{7, sha256_hex("before"), 3, 1'790'000'000'000}, read_record("req_1")};
}

void check_refused(const Record& record, std::string_view reason) {
  const auto refused = check(record);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == reason);
}

}  // namespace

TEST_CASE("record: raw values do not pass for digests or names") {
  for (auto set : std::vector<void (*)(Fields&)>{
           [](Fields& fields) { fields.args_hash = "jane@example.org"; },
           [](Fields& fields) { fields.result_hash = std::string(64, 'G'); },
           [](Fields& fields) { fields.plan_hash = std::string(63, 'a'); },
           [](Fields& fields) { fields.principal = "line\nbreak"; },
           [](Fields& fields) { fields.tenant = "\u202Eabc"; },
           [](Fields& fields) { fields.tool = std::string(256, 'x'); },
           [](Fields& fields) { fields.reason = "Jane asked for 3 rows"; },
           [](Fields& fields) { fields.trace_id = "x"; },
           [](Fields& fields) { fields.cost.rows_read = -1; }}) {
    Record record = read_record("req_1");
    set(record.fields);
    check_refused(record, "bad_record");
  }
}

TEST_CASE("record: steps that the table does not know are refused") {
  Record record = first_record("req_1", EffectClass::None);
  CHECK_FALSE(take(record, Event::Finish));
  CHECK(record.steps.empty());
  record.steps = {Event::CredentialValid, Event::Finish};
  check_refused(record, "illegal_step");
}

TEST_CASE("record: a wrong end, a wrong beginning, no steps and a bad id are refused") {
  Record record = read_record("req_1");
  record.after.state = State::Failed;
  check_refused(record, "bad_record");
  record = read_record("req_1");
  record.before.state = State::Authenticated;
  check_refused(record, "bad_record");
  check_refused(first_record("req_1", EffectClass::None), "bad_record");
  check_refused(read_record("REQ 1"), "bad_record");
  check_refused(read_record(""), "bad_record");
}

TEST_CASE("record: an end other than completed gives its reason") {
  Record record = first_record("req_1", EffectClass::None);
  REQUIRE(take(record, Event::Abandon));
  check_refused(record, "bad_record");
  record.fields.reason = "cancelled";
  CHECK(check(record));
}

TEST_CASE("record: the payload has one form, sorted and without empty members") {
  StoredRecord stored = some_stored();
  stored.record.fields = {};
  stored.record.fields.tool = "check_health";
  CHECK(payload_of(stored) ==
        R"({"boot_epoch":3,"effect":"none","effect_before":"none","effect_class":"none",)"
        R"("env_id":"req_1","from":"received",)"
        R"("prev_hash":")" +
            sha256_hex("before") +
            R"(","seq":7,"steps":["credential_valid","arguments_valid","allow","start_read",)"
            R"("rows_read","cite","price","finish"],"t_wall_ms":1790000000000,)"
            R"("to":"completed","tool":"check_health","version":0})");
}

TEST_CASE("record: a payload reads back as it was") {
  const StoredRecord stored = some_stored();
  const auto back = parse_payload(payload_of(stored));
  REQUIRE(back);
  CHECK(*back == stored);
}

TEST_CASE("record: a quote in a name does not end its text") {
  StoredRecord stored = some_stored();
  stored.record.fields.principal = R"(a","reason":"b\c)";
  REQUIRE(check(stored.record));
  const auto back = parse_payload(payload_of(stored));
  REQUIRE(back);
  CHECK(*back == stored);
}

TEST_CASE("record: a payload whose record would be refused is refused") {
  StoredRecord stored = some_stored();
  stored.record.fields.tenant = "\u202Eabc";
  CHECK_FALSE(parse_payload(payload_of(stored)));
}

TEST_CASE("record: any other spelling of a payload is refused") {
  const std::string payload = payload_of(some_stored());
  for (const std::string& other :
       {std::string(), std::string("null"), payload + " ", "{\"a\":1," + payload.substr(1),
        payload.substr(0, payload.size() - 1), std::string(100'000, '['),
        "{\"seq\":1.5}" + std::string()}) {
    const auto refused = parse_payload(other);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason == "bad_record");
  }
  std::string renamed = payload;
  renamed.replace(renamed.find("\"allow\""), 7, "\"shrug\"");
  CHECK_FALSE(parse_payload(renamed));
}

TEST_CASE("record: the hash covers one zero byte and the payload") {
  CHECK(hash_of_payload("{}") == sha256_hex(std::string("\0{}", 3)));
}

TEST_CASE("record: the next record keeps the names and drops what belonged to the last") {
  Record first = first_record("req_1", EffectClass::Atomic);
  take_all(first,
           {Event::CredentialValid, Event::ArgumentsValid, Event::Allow, Event::StartEffect});
  first.fields = some_fields();
  const Record next = next_record(first);
  CHECK(next.before == first.after);
  CHECK(next.fields.tool == first.fields.tool);
  CHECK(next.fields.args_hash == first.fields.args_hash);
  CHECK(next.fields.result_hash.empty());
  CHECK(next.fields.cost == Cost{});
  CHECK(next.steps.empty());
}

}  // namespace martgate::envelope
