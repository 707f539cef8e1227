// Children that are killed, limited or left without room, and what the next start finds.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <set>
#include <thread>

#include "base/random.h"
#include "envelope/journal_reader.h"
#include "support.h"

namespace martgate::envelope {
namespace {

// Runs `body` in a child that ends when it returns; the child writes to the descriptor it is given.
class Child {
 public:
  template <class Body>
  explicit Child(Body body) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::close(ends[0]);
      body(ends[1]);
      ::_exit(0);
    }
    ::close(ends[1]);
    read_end_ = ends[0];
  }
  ~Child() {
    if (!waited_) {
      ::kill(pid_, SIGKILL);
      wait();
    }
    ::close(read_end_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] std::optional<std::uint32_t> read_number() const {
    std::uint32_t number = 0;
    // Writes of four bytes to a pipe are whole, so reads are too (PIPE_BUF, pipe(7)).
    return ::read(read_end_, &number, sizeof number) == sizeof number ? std::optional(number)
                                                                      : std::nullopt;
  }
  void kill_now() { ::kill(pid_, SIGKILL); }
  void wait() {
    int status = 0;
    REQUIRE(::waitpid(pid_, &status, 0) == pid_);
    waited_ = true;
  }

 private:
  pid_t pid_ = -1;
  int read_end_ = -1;
  bool waited_ = false;
};

void tell(int fd, std::uint32_t number) {
  if (::write(fd, &number, sizeof number) != sizeof number) ::_exit(3);
}

std::string id_of(int round, std::uint32_t number) {
  return fmt::format("req_{}_{}", round, number);
}

// In a child nothing may report to the test's own output.
Record plain_read_record(std::string env_id) {
  Record record = first_record(std::move(env_id), EffectClass::None);
  for (const Event event : read_life()) {
    if (!take(record, event)) ::_exit(4);
  }
  record.fields = some_fields();
  return record;
}

std::unique_ptr<Journal> open_in_child(const TempFolder& folder, const Clock& clock,
                                       JournalOptions options) {
  RandomIds ids;
  auto journal = Journal::open(folder.path(), std::move(options), clock, ids);
  if (!journal) ::_exit(5);
  return std::move(*journal);
}

}  // namespace

TEST_CASE("crash: two processes cannot hold one journal") {
  const TempFolder folder;
  const SystemClock clock;
  RandomIds ids;
  Child child([&](int out) {
    const auto journal = open_in_child(folder, clock, {});
    tell(out, 1);
    ::pause();
  });
  REQUIRE(child.read_number() == 1U);
  const auto refused = Journal::open(folder.path(), {}, clock, ids);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "journal_locked");
  child.kill_now();
  child.wait();
  CHECK(Journal::open(folder.path(), {}, clock, ids));
}

TEST_CASE("crash: every acknowledged record is there after a kill, and the chain is whole") {
  const std::uint64_t seed = std::random_device{}();
  MESSAGE("seed " << seed);
  CAPTURE(seed);
  Random random(seed);
  const TempFolder folder;
  const SystemClock clock;
  std::set<std::string> acknowledged;
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    Child child([&](int out) {
      JournalOptions options;
      options.chain.anchor_records = 20;
      options.chain.checkpoint_pages = 30;
      const auto journal = open_in_child(folder, clock, std::move(options));
      std::vector<std::jthread> threads;
      for (std::uint32_t t = 0; t < 3; ++t) {
        threads.emplace_back([&, t] {
          // Each thread waits for its answer, so that groups are small and kills fall everywhere.
          for (std::uint32_t number = t;; number += 3) {
            std::promise<bool> answered;
            auto answer = answered.get_future();
            journal->append(plain_read_record(id_of(round, number)), [&](const Status& status) {
              if (status) tell(out, number);
              answered.set_value(status.has_value());
            });
            if (!answer.get()) ::_exit(6);
          }
        });
      }
      threads.clear();
    });
    const std::uint64_t wanted = 1 + random.below(150);
    for (std::uint64_t i = 0; i < wanted; ++i) {
      const auto number = child.read_number();
      REQUIRE(number);
      acknowledged.insert(id_of(round, *number));
    }
    // A little more work, so that the kill does not always follow an acknowledgement.
    for (std::uint64_t spin = random.below(200'000); spin > 0; --spin) {
      static_cast<void>(random.bits());
    }
    child.kill_now();
    child.wait();
    while (const auto number = child.read_number()) acknowledged.insert(id_of(round, *number));

    CHECK(verified(folder).ok());
    REQUIRE(opened(folder, clock)->close());
    const auto report = verified(folder);
    CHECK(report.ok());
    auto reader = JournalReader::open(folder.paths().journal);
    REQUIRE(reader);
    const auto records = reader->tail(1'000'000);
    REQUIRE(records);
    std::set<std::string> found;
    for (const StoredRecord& stored : *records) found.insert(stored.record.env_id);
    CHECK(found.size() == records->size());
    std::size_t lost = 0;
    for (const std::string& id : acknowledged) lost += found.contains(id) ? 0 : 1;
    CHECK(lost == 0);
  }
}

TEST_CASE("crash: when the disk refuses a write, the journal stops for good and says so") {
  enum Report : std::uint32_t { kFatal = 1'000'001, kUnknown, kOther, kLateUnknown, kCloseFailed };
  const TempFolder folder;
  const SystemClock clock;
  std::set<std::uint32_t> acknowledged;
  std::vector<std::uint32_t> reports;
  {
    Child child([&](int out) {
      ::signal(SIGXFSZ, SIG_IGN);
      JournalOptions options;
      options.on_fatal = [out](const Error& error) {
        tell(out, error.reason == "journal_unknown" ? kFatal : kOther);
      };
      const auto journal = open_in_child(folder, clock, std::move(options));
      const rlimit limit{200'000, 200'000};  // no file may grow beyond: the WAL soon wants to
      if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(7);
      bool failed = false;
      for (std::uint32_t number = 0; !failed && number < 10'000; ++number) {
        std::promise<Status> answered;
        auto answer = answered.get_future();
        journal->append(plain_read_record(id_of(0, number)),
                        [&](Status status) { answered.set_value(std::move(status)); });
        const Status status = answer.get();
        failed = !status;
        if (status)
          tell(out, number);
        else
          tell(out, status.error().reason == "journal_unknown" ? kUnknown : kOther);
      }
      journal->append(plain_read_record("req_late"), [&](const Status& status) {
        tell(out, !status && status.error().reason == "journal_unknown" ? kLateUnknown : kOther);
      });
      if (!journal->close()) tell(out, kCloseFailed);
    });
    while (const auto number = child.read_number()) {
      if (*number >= kFatal)
        reports.push_back(*number);
      else
        acknowledged.insert(*number);
    }
    child.wait();
  }
  CHECK(reports == std::vector<std::uint32_t>{kFatal, kUnknown, kLateUnknown, kCloseFailed});
  CHECK_FALSE(acknowledged.empty());

  REQUIRE(opened(folder, clock)->close());
  CHECK(verified(folder).ok());
  auto reader = JournalReader::open(folder.paths().journal);
  REQUIRE(reader);
  for (const std::uint32_t number : acknowledged) {
    CHECK(reader->find(id_of(0, number))->size() == 1);
  }
  CHECK(reader->find("req_late")->empty());
}

}  // namespace martgate::envelope
