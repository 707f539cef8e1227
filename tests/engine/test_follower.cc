#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "base/files.h"
#include "base/random.h"
#include "engine/snapshot_follower.h"
#include "engine/snapshot_lease.h"
#include "store/connection.h"
#include "temp_folder.h"

using namespace martgate;
using namespace martgate::engine;

namespace {

constexpr int kRows = 200;

// A snapshot whose every row holds the same number, which is also in its id.
std::string id_of(int number) {
  return "snap_" + std::to_string(1'000 + number);
}

class Marts {
 public:
  Marts() { std::filesystem::create_directories(state() / "marts"); }
  [[nodiscard]] const std::filesystem::path& state() const { return folder_.path(); }

  void publish(int number) {
    const auto path = snapshot_path(state(), id_of(number));
    auto file = store::Connection::open_writable(path, store::Durability::Build);
    REQUIRE(file);
    REQUIRE(file->execute("CREATE TABLE numbers(n INTEGER) STRICT"));
    for (int i = 0; i < kRows; ++i) {
      const store::Value values[] = {std::int64_t{number}};
      REQUIRE(file->query("INSERT INTO numbers VALUES (?)", values));
    }
    SnapshotFacts facts;
    facts.id = id_of(number);
    facts.models = {{"numbers", "marts", "", kRows}};
    REQUIRE(write_facts(*file, facts));
    REQUIRE(replace_file(state() / "marts" / "current", id_of(number) + "\n"));
  }
  // Removes a snapshot that nobody reads; true when it is gone.
  bool remove(int number) {
    const auto path = snapshot_path(state(), id_of(number));
    const auto claim = SnapshotLease::claim(path);
    return claim && std::filesystem::remove(path);
  }

 private:
  TempFolder folder_;
};

const Query kAll{"SELECT min(n), max(n), count(*) FROM numbers", {}};

}  // namespace

TEST_CASE("follower: without a snapshot it does not start") {
  const Marts marts;
  const SystemClock clock;
  const auto follower = SnapshotFollower::start(marts.state(), clock);
  REQUIRE_FALSE(follower);
  CHECK(follower.error().reason == "no_snapshot");
}

TEST_CASE("follower: a current that names nothing keeps the old one") {
  Marts marts;
  const SystemClock clock;
  marts.publish(1);
  const auto follower = SnapshotFollower::start(marts.state(), clock);
  REQUIRE(follower);
  REQUIRE(replace_file(marts.state() / "marts" / "current", "snap_none\n"));
  CHECK_FALSE((*follower)->look());
  CHECK((*follower)->mart()->facts().id == id_of(1));
  CHECK((*follower)->mart()->run(kAll, {}));
}

TEST_CASE("follower: a published snapshot is noticed without being asked, and told") {
  Marts marts;
  const SystemClock clock;
  marts.publish(1);
  const auto follower = SnapshotFollower::start(marts.state(), clock);
  REQUIRE(follower);
  std::mutex mutex;
  std::condition_variable told;
  std::string now;
  const int subscription = (*follower)->subscribe([&](const SnapshotFacts& facts) {
    const std::lock_guard lock(mutex);
    now = facts.id;
    told.notify_all();
  });
  const auto before = (*follower)->mart();
  marts.publish(2);
  {
    std::unique_lock lock(mutex);
    REQUIRE(told.wait_for(lock, std::chrono::seconds(20), [&] { return now == id_of(2); }));
  }
  CHECK((*follower)->mart()->facts().id == id_of(2));
  // A call that began before still reads the old one, whose file stays as long.
  CHECK_FALSE(marts.remove(1));
  const auto answer = before->run(kAll, {});
  REQUIRE(answer);
  CHECK(answer->rows.at(0, 1) == store::Value(std::int64_t{1}));
  (*follower)->unsubscribe(subscription);
  marts.publish(3);
  REQUIRE((*follower)->look());
  CHECK(now == id_of(2));
}

TEST_CASE("follower: under load, every answer is of one snapshot and old ones are closed") {
  constexpr int kPublished = 60;
  constexpr int kReaders = 4;
  Marts marts;
  const SystemClock clock;
  marts.publish(0);
  auto follower = SnapshotFollower::start(marts.state(), clock);
  REQUIRE(follower);
  std::atomic<bool> is_over = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> failed = 0;
  std::atomic<int> answered = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.emplace_back([&] {
      while (!is_over) {
        const auto mart = (*follower)->mart();
        // Two queries of one call, with publishing going on in between.
        for (int query = 0; query < 2; ++query) {
          const auto answer = mart->run(kAll, {});
          if (!answer) {
            ++failed;
            continue;
          }
          const auto number = std::get<std::int64_t>(answer->rows.at(0, 0));
          const bool is_whole = answer->rows.at(0, 1) == answer->rows.at(0, 0) &&
                                answer->rows.at(0, 2) == store::Value(std::int64_t{kRows}) &&
                                mart->facts().id == id_of(static_cast<int>(number));
          if (!is_whole) ++wrong;
          ++answered;
        }
      }
    });
  }
  for (int number = 1; number <= kPublished; ++number) {
    marts.publish(number);
    for (int old = 0; old < number; ++old) static_cast<void>(marts.remove(old));
  }
  REQUIRE((*follower)->look());
  is_over = true;
  for (std::thread& reader : readers) reader.join();
  MESSAGE(answered.load() << " answers over " << kPublished << " snapshots");
  CHECK(wrong == 0);
  CHECK(failed == 0);
  CHECK(answered > kPublished);
  CHECK((*follower)->mart()->facts().id == id_of(kPublished));
  for (int old = 0; old < kPublished; ++old) static_cast<void>(marts.remove(old));
  for (int old = 0; old < kPublished; ++old) {
    CHECK_FALSE(std::filesystem::exists(snapshot_path(marts.state(), id_of(old))));
  }
  follower->reset();
  CHECK(marts.remove(kPublished));
}
