#include <doctest/doctest.h>
#include <fmt/format.h>

#include <fstream>
#include <latch>
#include <set>
#include <thread>

#include "base/files.h"
#include "base/text.h"
#include "envelope/journal_reader.h"
#include "support.h"

namespace martgate::envelope {
namespace {

std::vector<std::string> anchor_lines(const TempFolder& folder) {
  const auto text = read_file(folder.paths().anchors);
  REQUIRE(text);
  std::vector<std::string> lines;
  for (const std::string_view line : split(*text, '\n')) {
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

// Up to the intent of an effect.
Record intent_record(const std::string& env_id, EffectClass effect_class) {
  Record record = first_record(env_id, effect_class);
  take_all(record,
           {Event::CredentialValid, Event::ArgumentsValid, Event::Allow, Event::StartEffect});
  record.fields = some_fields();
  record.fields.result_hash.clear();
  return record;
}

Record begun_record(const std::string& env_id, const std::vector<Event>& events) {
  Record record = first_record(env_id, EffectClass::None);
  take_all(record, events);
  return record;
}

}  // namespace

TEST_CASE("journal: a folder that is served cannot be opened again") {
  const TempFolder folder;
  const ManualClock clock;
  RandomIds ids;
  const auto journal = opened(folder, clock);
  const auto second = Journal::open(folder.path(), {}, clock, ids);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Code::FailedPrecondition);
  CHECK(second.error().reason == "journal_locked");
  CHECK(second.error().message.find("another martgate serves this state folder") !=
        std::string::npos);
  REQUIRE(journal->close());
  CHECK(Journal::open(folder.path(), {}, clock, ids));
}

TEST_CASE("journal: a record that breaks the table never reaches the chain") {
  const TempFolder folder;
  const ManualClock clock;
  const auto journal = opened(folder, clock);
  Record record = read_record("req_1");
  record.steps.pop_back();
  const auto refused = append_now(*journal, record);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "bad_record");
  CHECK(journal->stats().records == 0);
}

TEST_CASE("journal: an envelope begins once, ends once, and moves on from where it stands") {
  const TempFolder folder;
  const ManualClock clock;
  const auto journal = opened(folder, clock);
  const Record intent = intent_record("req_1", EffectClass::Atomic);
  REQUIRE(append_now(*journal, intent));
  const auto check_stale = [&](const Record& record) {
    const auto refused = append_now(*journal, record);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason == "stale_envelope");
  };
  check_stale(intent);
  Record applied = next_record(intent);
  take_all(applied, {Event::OutcomeApplied, Event::Cite, Event::Price, Event::Finish});
  Record not_applied = next_record(intent);
  take_all(not_applied, {Event::OutcomeNotApplied});
  not_applied.fields.reason = "not_applied";
  Record stranger = applied;
  stranger.env_id = "req_2";
  check_stale(stranger);
  REQUIRE(append_now(*journal, applied));
  check_stale(not_applied);
  check_stale(applied);
  check_stale(intent);
  REQUIRE(append_now(*journal, read_record("req_3")));
  check_stale(read_record("req_3"));
  REQUIRE(journal->close());
  const auto report = verified(folder);
  CHECK(report.ok());
  CHECK(report.records == 3);
  CHECK(report.open_envelopes == 0);
}

TEST_CASE("journal: a refused record does not take its group with it") {
  const TempFolder folder;
  const ManualClock clock;
  const auto journal = opened(folder, clock);
  std::latch blocked(1);
  std::latch reached(1);
  journal->append(read_record("req_0"), [&](const Status&) {
    reached.count_down();
    blocked.wait();
  });
  reached.wait();
  std::vector<bool> outcomes;
  for (const char* id : {"req_1", "req_0", "req_2"}) {
    journal->append(read_record(id), [&](const Status& s) { outcomes.push_back(s.has_value()); });
  }
  blocked.count_down();
  REQUIRE(journal->close());
  CHECK(outcomes == std::vector<bool>{true, false, true});
  CHECK(journal->stats().largest_group == 3);
  CHECK(verified(folder).records == 3);
}

TEST_CASE("journal: what finds no room in the queue is refused at once") {
  const TempFolder folder;
  const ManualClock clock;
  JournalOptions options;
  options.records_queued_max = 3;
  const auto journal = opened(folder, clock, std::move(options));
  std::latch blocked(1);
  std::latch reached(1);
  journal->append(read_record("req_0"), [&](const Status&) {
    reached.count_down();
    blocked.wait();
  });
  reached.wait();
  std::atomic<int> durable = 0;
  for (int i = 1; i <= 3; ++i) {
    journal->append(read_record(fmt::format("req_{}", i)),
                    [&](const Status& status) { durable += status.has_value() ? 1 : 0; });
  }
  std::optional<Status> answer;
  journal->append(read_record("req_4"), [&](Status status) { answer = std::move(status); });
  REQUIRE(answer);
  REQUIRE_FALSE(*answer);
  CHECK(answer->error().code == Code::ResourceExhausted);
  CHECK(answer->error().reason == "overloaded");
  CHECK(journal->stats().queued == 3);
  blocked.count_down();
  REQUIRE(journal->close());
  CHECK(durable == 3);
  CHECK(verified(folder).records == 4);
}

TEST_CASE("journal: after close nothing is accepted, and close answers again") {
  const TempFolder folder;
  const ManualClock clock;
  const auto journal = opened(folder, clock);
  REQUIRE(journal->close());
  const auto refused = append_now(*journal, read_record("req_1"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "journal_closed");
  CHECK(journal->close());
}

TEST_CASE("journal: eight threads, every callback once, in order per thread, no gap in seq") {
  constexpr int kThreads = 8;
  constexpr int kEach = 500;
  const TempFolder folder;
  const SystemClock clock;
  auto journal = opened(folder, clock);
  std::vector<std::vector<int>> answered(kThreads);  // written by the writer thread alone
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          journal->append(read_record(fmt::format("req_{}_{}", t, i)), [&, t, i](Status status) {
            if (!status) ++failures;
            answered[static_cast<std::size_t>(t)].push_back(i);
          });
        }
      });
    }
  }
  REQUIRE(journal->close());
  CHECK(failures == 0);
  for (const auto& order : answered) {
    REQUIRE(order.size() == kEach);
    CHECK(std::ranges::is_sorted(order));
    CHECK(std::set<int>(order.begin(), order.end()).size() == kEach);
  }
  const auto report = verified(folder);
  CHECK(report.ok());
  CHECK(report.records == kThreads * kEach);
  CHECK(report.anchored_seq == kThreads * kEach);
  CHECK(journal->stats().records == kThreads * kEach);
  CHECK(journal->stats().largest_group <= 128);
}

TEST_CASE("journal: every start has a higher epoch, and time does not fall when the clock does") {
  const TempFolder folder;
  ManualClock clock;
  for (int start = 1; start <= 3; ++start) {
    const auto journal = opened(folder, clock);
    CHECK(journal->boot_epoch() == start);
    REQUIRE(append_now(*journal, read_record(fmt::format("req_{}", start))));
    clock.set_back_wall_seconds(3'600);
  }
  auto reader = JournalReader::open(folder.paths().journal);
  REQUIRE(reader);
  const auto records = reader->tail(10);
  REQUIRE(records);
  REQUIRE(records->size() == 3);
  CHECK((*records)[2].boot_epoch == 3);
  CHECK((*records)[2].t_wall_ms == (*records)[0].t_wall_ms);
  CHECK(verified(folder).ok());
}

TEST_CASE("anchors: they are due by count and by time, when there is something new") {
  const TempFolder folder;
  ManualClock clock;
  RandomIds ids;
  ChainLimits limits;
  limits.anchor_records = 5;
  limits.anchor_seconds = 60;
  std::vector<std::string> handed_out;
  const auto writer = ChainWriter::open(
      folder.path(), limits, [&](std::string_view line) { handed_out.emplace_back(line); }, clock,
      ids);
  REQUIRE(writer);
  int next = 0;
  const auto append_one = [&] {
    const Record record = read_record(fmt::format("req_{}", next++));
    const Record* const group[] = {&record};
    REQUIRE((*writer)->commit(group));
    REQUIRE((*writer)->anchor_if_due());
  };
  CHECK(anchor_lines(folder).size() == 1);  // of the empty chain
  clock.advance_seconds(60);
  REQUIRE((*writer)->anchor_if_due());
  CHECK(anchor_lines(folder).size() == 1);
  append_one();  // 1: by time
  for (int i = 2; i <= 5; ++i) append_one();
  CHECK(anchor_lines(folder).size() == 2);
  append_one();  // 6: by count
  CHECK(anchor_lines(folder).size() == 3);
  append_one();
  clock.advance_seconds(59);
  append_one();
  CHECK(anchor_lines(folder).size() == 3);
  REQUIRE((*writer)->finish());  // 8: at the end
  const auto lines = anchor_lines(folder);
  REQUIRE(lines.size() == 4);
  CHECK(handed_out == std::vector<std::string>(lines.begin() + 1, lines.end()));
  const auto key = read_anchor_key(folder.paths().key);
  REQUIRE(key);
  CHECK(parse_anchor_line(lines[0], *key)->seq == 0);
  CHECK(parse_anchor_line(lines[1], *key)->seq == 1);
  CHECK(parse_anchor_line(lines[2], *key)->seq == 6);
  CHECK(parse_anchor_line(lines[3], *key)->seq == 8);
}

TEST_CASE("anchors: the key is for its owner alone") {
  const TempFolder folder;
  const ManualClock clock;
  REQUIRE(opened(folder, clock)->close());
  const auto mode = std::filesystem::status(folder.paths().key).permissions();
  CHECK((mode & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("journal: an anchor that falls due while nobody calls is written all the same") {
  const TempFolder folder;
  ManualClock clock;
  std::promise<void> anchored;
  JournalOptions options;
  options.on_anchor = [&](std::string_view) { anchored.set_value(); };
  const auto journal = opened(folder, clock, std::move(options));
  REQUIRE(append_now(*journal, read_record("req_1")));
  clock.advance_seconds(60);
  anchored.get_future().wait();
  CHECK(verified(folder).anchored_seq == 1);
}

TEST_CASE("journal: the write-ahead log is copied back when it grows") {
  const TempFolder folder;
  const ManualClock clock;
  JournalOptions options;
  options.chain.checkpoint_pages = 50;
  options.chain.checkpoint_commits = 1'000'000;
  const auto journal = opened(folder, clock, std::move(options));
  for (int i = 0; i < 200; ++i) {
    REQUIRE(append_now(*journal, read_record(fmt::format("req_{}", i))));
  }
  REQUIRE(append_now(*journal, read_record("req_last")));
  CHECK(journal->stats().checkpoints > 0);
  CHECK(std::filesystem::file_size(folder.paths().journal.string() + "-wal") < 200 * 4'096);
}

TEST_CASE("journal: gathering waits for more and loses nothing") {
  const TempFolder folder;
  const ManualClock clock;
  JournalOptions options;
  options.gather_us_max = 2'000;
  options.group_records_max = 4;
  const auto journal = opened(folder, clock, std::move(options));
  std::atomic<int> durable = 0;
  for (int i = 0; i < 40; ++i) {
    journal->append(read_record(fmt::format("req_{}", i)),
                    [&](const Status& status) { durable += status.has_value() ? 1 : 0; });
  }
  REQUIRE(journal->close());
  CHECK(durable == 40);
  CHECK(journal->stats().largest_group <= 4);
}

TEST_CASE("journal: what was open at the end of the last process is settled or handed over") {
  const TempFolder folder;
  const ManualClock clock;
  {
    const auto journal = opened(folder, clock);
    REQUIRE(append_now(*journal, begun_record("req_read", {Event::CredentialValid})));
    REQUIRE(append_now(*journal,
                       begun_record("req_running", {Event::CredentialValid, Event::ArgumentsValid,
                                                    Event::Allow, Event::StartRead})));
    REQUIRE(append_now(*journal, intent_record("req_opaque", EffectClass::Opaque)));
    REQUIRE(append_now(*journal, intent_record("req_atomic", EffectClass::Atomic)));
    REQUIRE(append_now(*journal, read_record("req_done")));
  }
  const auto journal = opened(folder, clock);
  REQUIRE(journal->unsettled().size() == 1);
  CHECK(journal->unsettled()[0].envelope.env_id == "req_atomic");
  CHECK(journal->unsettled()[0].act == RecoveryAct::ReadEffectKey);
  auto reader = JournalReader::open(folder.paths().journal);
  REQUIRE(reader);
  const auto counts = reader->count_by_state();
  REQUIRE(counts);
  CHECK(*counts ==
        std::map<State, std::int64_t>{
            {State::Executing, 1}, {State::InDoubt, 1}, {State::Completed, 1}, {State::Failed, 2}});
  const auto records = reader->find("req_running");
  REQUIRE(records);
  REQUIRE(records->size() == 2);
  const StoredRecord& last = records->back();
  CHECK(last.record.fields.reason == "interrupted");
  CHECK(last.record.steps == std::vector{Event::StopRead});
  CHECK(last.boot_epoch == 2);
  CHECK(reader->find("req_unknown")->empty());
  CHECK(verified(folder).ok());
  CHECK(verified(folder).open_envelopes == 2);
}

TEST_CASE("journal: starts without a clean end are counted, and the fourth gives up") {
  const TempFolder folder;
  const ManualClock clock;
  RandomIds ids;
  REQUIRE(append_now(*opened(folder, clock), intent_record("req_1", EffectClass::Atomic)));
  // A writer that goes without finish() leaves what a crash leaves.
  for (int crash = 0; crash < kRecoveriesMax; ++crash) {
    const auto writer = ChainWriter::open(folder.path(), {}, {}, clock, ids);
    REQUIRE(writer);
    REQUIRE((*writer)->unsettled().size() == 1);
    CHECK((*writer)->unsettled()[0].act == RecoveryAct::ReadEffectKey);
  }
  {
    const auto journal = opened(folder, clock);
    CHECK(journal->unsettled().empty());
  }
  auto reader = JournalReader::open(folder.paths().journal);
  REQUIRE(reader);
  const auto records = reader->find("req_1");
  REQUIRE(records);
  CHECK(records->back().record.after.state == State::InDoubt);
  CHECK(records->back().record.fields.reason == "quarantined");
  CHECK(verified(folder).ok());
}

TEST_CASE("journal: clean ends do not count against an envelope") {
  const TempFolder folder;
  const ManualClock clock;
  REQUIRE(append_now(*opened(folder, clock), intent_record("req_1", EffectClass::Atomic)));
  for (int start = 0; start < 2 * kRecoveriesMax; ++start) {
    const auto journal = opened(folder, clock);
    REQUIRE(journal->unsettled().size() == 1);
  }
}

TEST_CASE("reader: it works beside the writer and changes nothing") {
  const TempFolder folder;
  const ManualClock clock;
  const auto journal = opened(folder, clock);
  auto reader = JournalReader::open(folder.paths().journal);
  REQUIRE(reader);
  CHECK(reader->tail(5)->empty());
  for (int i = 0; i < 10; ++i) {
    REQUIRE(append_now(*journal, read_record(fmt::format("req_{}", i))));
  }
  const auto records = reader->tail(3);
  REQUIRE(records);
  REQUIRE(records->size() == 3);
  CHECK((*records)[0].seq == 8);
  CHECK((*records)[2].record == read_record("req_9"));
  CHECK(reader->tail(0)->empty());
  CHECK(reader->tail(-1)->empty());
  CHECK(verified(folder).records == 10);
}

TEST_CASE("reader: a folder without a journal says so") {
  const TempFolder folder;
  const auto reader = JournalReader::open(folder.paths().journal);
  REQUIRE_FALSE(reader);
  CHECK(reader.error().code == Code::NotFound);
}

}  // namespace martgate::envelope
