#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <fstream>

#include "base/files.h"
#include "envelope/journal_reader.h"
#include "support.h"

namespace martgate::envelope {
namespace {

constexpr int kRecords = 20;

void fill(const TempFolder& folder, const Clock& clock, const std::string& prefix = "req",
          int records = kRecords) {
  JournalOptions options;
  options.chain.anchor_records = 5;
  const auto journal = opened(folder, clock, std::move(options));
  for (int i = 1; i <= records; ++i) {
    REQUIRE(append_now(*journal, read_record(fmt::format("{}_{}", prefix, i))));
  }
}

store::Connection tampering(const TempFolder& folder) {
  auto connection =
      store::Connection::open_writable(folder.paths().journal, store::Durability::Full);
  REQUIRE(connection);
  return std::move(*connection);
}

void tamper(const TempFolder& folder, store::Sql sql) {
  REQUIRE(tampering(folder).execute(sql));
}

void check_first_bad(const TempFolder& folder, std::int64_t seq, std::string_view why) {
  const auto report = verified(folder);
  CHECK_FALSE(report.ok());
  REQUIRE(report.first_bad);
  CHECK(report.first_bad->seq == seq);
  CHECK_MESSAGE(report.first_bad->why.find(why) != std::string::npos, report.first_bad->why);
}

void check_refuses_to_open(const TempFolder& folder, const Clock& clock, std::string_view why) {
  RandomIds ids;
  const auto journal = Journal::open(folder.path(), {}, clock, ids);
  REQUIRE_FALSE(journal);
  CHECK(journal.error().code == Code::FailedPrecondition);
  CHECK(journal.error().reason == "journal_damaged");
  CHECK_MESSAGE(journal.error().message.find(why) != std::string::npos, journal.error().message);
}

// A forger with the program: every record written anew behind `seq`, all hashes right.
void rewrite_from(const TempFolder& folder, std::int64_t seq, void (*change)(StoredRecord&)) {
  auto connection = tampering(folder);
  auto all = JournalReader::open(folder.paths().journal)->tail(1'000);
  REQUIRE(all);
  std::string prev_hash(kNoHash);
  for (StoredRecord& stored : *all) {
    if (stored.seq >= seq) {
      stored.prev_hash = prev_hash;
      if (stored.seq == seq) change(stored);
      const std::string payload = payload_of(stored);
      const std::array<store::Value, 3> values{payload, hash_of_payload(payload), stored.seq};
      REQUIRE(connection.query("UPDATE records SET payload = ?1, record_hash = ?2 WHERE seq = ?3",
                               values));
    }
    prev_hash = hash_of_payload(payload_of(stored));
  }
}

void cut_last_anchors(const TempFolder& folder, int lines) {
  auto text = read_file(folder.paths().anchors);
  REQUIRE(text);
  for (int i = 0; i < lines; ++i) text->resize(text->rfind('\n', text->size() - 2) + 1);
  REQUIRE(replace_file(folder.paths().anchors, *text));
}

}  // namespace

TEST_CASE("verify: a whole journal is ok, an empty one too") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock, "none", 0);
  auto report = verified(folder);
  CHECK(report.ok());
  CHECK(report.records == 0);
  CHECK(report.head == kNoHash);
  fill(folder, clock);
  report = verified(folder);
  CHECK(report.ok());
  CHECK(report.records == kRecords);
  CHECK(report.anchored_seq == kRecords);
  CHECK(report.anchors_checked >= 5);
  CHECK(report.boot_epoch == 2);
}

TEST_CASE("verify: an edited payload is found") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock);
  tamper(folder,
         "UPDATE records SET payload = replace(payload, '\"agent\"', '\"other\"') WHERE seq = 7");
  check_first_bad(folder, 7, "hash");
}

TEST_CASE("verify: an edited payload with its hash made right breaks the next record") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock);
  auto connection = tampering(folder);
  auto stored = record_at(connection, 7);
  REQUIRE(stored);
  stored->record.fields.principal = "other";
  const std::string payload = payload_of(*stored);
  const std::array<store::Value, 2> values{payload, hash_of_payload(payload)};
  REQUIRE(
      connection.query("UPDATE records SET payload = ?1, record_hash = ?2 WHERE seq = 7", values));
  check_first_bad(folder, 8, "record before");
}

TEST_CASE("verify: an edited column is found") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock);
  SUBCASE("state") {
    tamper(folder, "UPDATE records SET state = 'failed' WHERE seq = 3");
  }
  SUBCASE("time") {
    tamper(folder, "UPDATE records SET t_wall_ms = 1 WHERE seq = 3");
  }
  SUBCASE("envelope") {
    tamper(folder, "UPDATE records SET env_id = 'req_x' WHERE seq = 3");
  }
  check_first_bad(folder, 3, "columns");
}

TEST_CASE("verify: a deleted record is found") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock);
  SUBCASE("leaving a gap") {
    tamper(folder, "DELETE FROM records WHERE seq = 7");
    check_first_bad(folder, 7, "missing");
  }
  SUBCASE("with the gap closed") {
    tamper(folder,
           "DELETE FROM records WHERE seq = 7; UPDATE records SET seq = seq - 1 WHERE seq > 7");
    check_first_bad(folder, 7, "columns");
  }
  SUBCASE("the first") {
    tamper(folder, "DELETE FROM records WHERE seq = 1");
    check_first_bad(folder, 1, "missing");
  }
}

TEST_CASE("verify: two records that changed places are found") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock);
  tamper(folder,
         "UPDATE records SET seq = -1 WHERE seq = 7; UPDATE records SET seq = 7 WHERE seq = 8;"
         "UPDATE records SET seq = 8 WHERE seq = -1");
  check_first_bad(folder, 7, "columns");
}

TEST_CASE("verify: an inserted record is found") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock);
  auto connection = tampering(folder);
  SUBCASE("between two") {
    REQUIRE(
        connection.execute("UPDATE records SET seq = -seq WHERE seq > 7;"
                           "UPDATE records SET seq = 1 - seq WHERE seq < 0"));
    const auto before = record_at(connection, 7);
    REQUIRE(before);
    const StoredRecord forged{{8, hash_of_payload(payload_of(*before)), 1, before->t_wall_ms},
                              read_record("req_forged")};
    const std::string payload = payload_of(forged);
    const std::array<store::Value, 3> values{forged.t_wall_ms, hash_of_payload(payload), payload};
    REQUIRE(connection.query(
        "INSERT INTO records VALUES(8, 'req_forged', 0, 'completed', ?1, ?2, ?3)", values));
    check_first_bad(folder, 9, "columns");
  }
  SUBCASE("before the first") {
    REQUIRE(
        connection.execute("INSERT INTO records VALUES(0, 'req_x', 0, 'completed', 0, '', '')"));
    check_first_bad(folder, 1, "record 0 stands before");
  }
}

TEST_CASE("verify: a chain rewritten with right hashes does not get past the anchors") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock);
  rewrite_from(folder, 7, [](StoredRecord& stored) { stored.record.fields.principal = "other"; });
  check_first_bad(folder, 10, "anchor");  // the first anchor behind record 7
  check_refuses_to_open(folder, clock, "anchor");
}

TEST_CASE("verify: steps that the table does not know are found under right hashes") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock);
  SUBCASE("an illegal step") {
    rewrite_from(folder, 7, [](StoredRecord& stored) { stored.record.steps[2] = Event::Cite; });
    check_first_bad(folder, 7, "does not apply");
  }
  SUBCASE("an epoch that falls") {
    rewrite_from(folder, 7, [](StoredRecord& stored) { stored.boot_epoch = 0; });
    check_first_bad(folder, 7, "epoch");
  }
}

TEST_CASE("verify: a second beginning of an envelope is found") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock, "req", 4);
  tamper(folder,
         "CREATE TABLE copy AS SELECT * FROM records; DROP TABLE records; ALTER TABLE copy RENAME "
         "TO records");
  auto connection = tampering(folder);
  const auto last = record_at(connection, 4);
  REQUIRE(last);
  const StoredRecord again{{5, hash_of_payload(payload_of(*last)), 1, last->t_wall_ms},
                           read_record("req_2")};
  const std::string payload = payload_of(again);
  const std::array<store::Value, 3> values{again.t_wall_ms, hash_of_payload(payload), payload};
  REQUIRE(connection.query("INSERT INTO records VALUES(5, 'req_2', 0, 'completed', ?1, ?2, ?3)",
                           values));
  check_first_bad(folder, 5, "does not begin where");
}

TEST_CASE("verify: a tail that was cut off is found by the anchors") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock);
  tamper(folder, "DELETE FROM records WHERE seq > 17");
  check_first_bad(folder, 18, "truncated");
  CHECK(verified(folder).truncated);
  check_refuses_to_open(folder, clock, "record 18");
}

TEST_CASE("verify: an emptied or replaced journal is found by the anchors") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock);
  SUBCASE("emptied") {
    tamper(folder, "DELETE FROM records");
    check_first_bad(folder, 1, "missing");
    check_refuses_to_open(folder, clock, "record 1:");
  }
  SUBCASE("removed") {
    std::filesystem::remove(folder.paths().journal);
    std::filesystem::remove(folder.paths().journal.string() + "-wal");
    std::filesystem::remove(folder.paths().journal.string() + "-shm");
    check_refuses_to_open(folder, clock, "record 1:");
  }
}

TEST_CASE("verify: an anchors file of another journal is found") {
  const TempFolder folder;
  const TempFolder other;
  const ManualClock clock;
  fill(folder, clock);
  fill(other, clock, "other");
  std::filesystem::copy_file(other.paths().anchors, folder.paths().anchors,
                             std::filesystem::copy_options::overwrite_existing);
  SUBCASE("by its signature") {
    const auto report = verified(folder);
    REQUIRE(report.anchors_bad);
    CHECK(report.anchors_bad->find("line 1") != std::string::npos);
    CHECK(report.anchors_bad->find("signature") != std::string::npos);
    CHECK(report.records == kRecords);  // the chain itself is still checked to its end
    check_refuses_to_open(folder, clock, "signature");
  }
  SUBCASE("by its heads, when the key was copied too") {
    std::filesystem::copy_file(other.paths().key, folder.paths().key,
                               std::filesystem::copy_options::overwrite_existing);
    check_first_bad(folder, 5, "anchor");
    check_refuses_to_open(folder, clock, "anchor");
  }
}

TEST_CASE("verify: edited, reordered, missing and emptied anchors are found") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock);
  auto text = read_file(folder.paths().anchors);
  REQUIRE(text);
  const std::size_t first_end = text->find('\n') + 1;
  const std::size_t second_end = text->find('\n', first_end) + 1;
  SUBCASE("edited") {
    text->replace(text->find("\"seq\":10"), 8, "\"seq\":11");
  }
  SUBCASE("reordered") {
    *text = text->substr(first_end, second_end - first_end) + text->substr(0, first_end) +
            text->substr(second_end);
  }
  SUBCASE("emptied") {
    text->clear();
  }
  SUBCASE("with a line that never ends") {
    *text = std::string(100'000, '{') + "\n" + *text;
  }
  REQUIRE(replace_file(folder.paths().anchors, *text));
  SUBCASE("missing") {
    std::filesystem::remove(folder.paths().anchors);
  }
  const auto report = verified(folder);
  CHECK_FALSE(report.ok());
  CHECK(report.anchors_bad);
  CHECK(report.records == kRecords);
}

TEST_CASE("open: missing witnesses are not made anew for a journal that has records") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock);
  SUBCASE("anchors") {
    std::filesystem::remove(folder.paths().anchors);
    check_refuses_to_open(folder, clock, "no anchor");
  }
  SUBCASE("empty anchors") {
    REQUIRE(replace_file(folder.paths().anchors, ""));
    check_refuses_to_open(folder, clock, "no anchor");
  }
  SUBCASE("key") {
    std::filesystem::remove(folder.paths().key);
    check_refuses_to_open(folder, clock, "missing");
  }
}

TEST_CASE("open: the chain behind the last anchor is checked before anything is written") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock);
  cut_last_anchors(folder, 1);
  tamper(folder,
         "UPDATE records SET payload = replace(payload, '\"agent\"', '\"other\"') WHERE seq = 20");
  check_refuses_to_open(folder, clock, "record 20");
  CHECK(verified(folder).records == 19);
}

TEST_CASE("open: an anchor line that a crash cut short is passed over and then removed") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock);
  auto text = read_file(folder.paths().anchors);
  REQUIRE(text);
  text->resize(text->size() - 10);
  REQUIRE(replace_file(folder.paths().anchors, *text));
  CHECK(verified(folder).ok());
  fill(folder, clock, "more");
  CHECK(verified(folder).ok());
  CHECK(verified(folder).records == 2 * kRecords);
}

TEST_CASE("open: a journal of another format is refused") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock);
  tamper(folder, "PRAGMA user_version=2");
  RandomIds ids;
  const auto journal = Journal::open(folder.path(), {}, clock, ids);
  REQUIRE_FALSE(journal);
  CHECK(journal.error().reason == "journal_format");
  CHECK_FALSE(JournalReader::open(folder.paths().journal));
}

TEST_CASE("verify: the list that recovery starts from agrees with the chain") {
  const TempFolder folder;
  const ManualClock clock;
  {
    const auto journal = opened(folder, clock);
    Record record = first_record("req_1", EffectClass::Atomic);
    take_all(record,
             {Event::CredentialValid, Event::ArgumentsValid, Event::Allow, Event::StartEffect});
    REQUIRE(append_now(*journal, record));
  }
  CHECK(verified(folder).ok());
  SUBCASE("an envelope left out") {
    tamper(folder, "DELETE FROM open_envelopes");
  }
  SUBCASE("an envelope moved back") {
    tamper(folder, "UPDATE open_envelopes SET state = 'authorized', effect = 'none'");
  }
  CHECK(verified(folder).open_list_bad);
}

TEST_CASE("verify: a page overwritten in the file is found or cannot be read") {
  const TempFolder folder;
  const ManualClock clock;
  fill(folder, clock, "req", 200);
  {
    std::fstream file(folder.paths().journal, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4'096 * 20);
    file << std::string(4'096, 'x');
  }
  CHECK_FALSE(verified(folder).ok());
}

TEST_CASE("anchors: the key decides") {
  AnchorKey key{};
  const Anchor anchor{WallTime(std::chrono::milliseconds(1'790'000'000'000)), 5, sha256_hex("x"),
                      2};
  const std::string line = anchor_line(anchor, key);
  REQUIRE(parse_anchor_line(line, key));
  CHECK(*parse_anchor_line(line, key) == anchor);
  CHECK_FALSE(parse_anchor_line(line + " ", key));
  CHECK_FALSE(parse_anchor_line("", key));
  key[0] = 1;
  CHECK_FALSE(parse_anchor_line(line, key));
}

}  // namespace martgate::envelope
