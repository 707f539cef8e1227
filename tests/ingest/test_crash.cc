// kill -9 at random moments of ingest. MARTGATE_KILL_ROUNDS (default 12) kills in one test;
// MARTGATE_KILL_SEED replays a run.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>

#include "base/random.h"
#include "ingest/fixture.h"
#include "ingest/quarantine.h"

using namespace martgate;
using namespace martgate::ingest;

namespace {

constexpr int kRoundsDefault = 12;
constexpr int kFiles = 4;
constexpr int kRowsMax = 4'000;

std::uint64_t number_from_environment(const char* name, std::uint64_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

// What each file holds: ids that files share, and rows that break the contract.
struct Extract {
  std::map<int, int> good;  // id -> how often
  int bad = 0;
};

Extract write_extract(Shop& shop, int file, Random& random) {
  Extract extract;
  std::string text = "id,email,amount\n";
  const int count = 1 + static_cast<int>(random.below(kRowsMax));
  const int first = static_cast<int>(random.below(kRowsMax));
  for (int i = 0; i < count; ++i) {
    if (random.below(50) == 0) {
      text += fmt::format(",no id,{}\n", i);
      ++extract.bad;
      continue;
    }
    const int id = first + static_cast<int>(random.below(static_cast<std::uint64_t>(count)));
    text += fmt::format("{},x,5\n", id);
    ++extract.good[id];
  }
  shop.write(fmt::format("orders-{}.csv", file), text);
  return extract;
}

// Runs ingest in a child and kills it after `delay`, if it still runs then.
bool killed_after(Shop& shop, std::chrono::nanoseconds delay) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto done = ingest::ingest(shop.project, shop.project.settings.state_folder, shop.clock);
    ::_exit(done ? 0 : 1);
  }
  const timespec wait{delay.count() / 1'000'000'000, delay.count() % 1'000'000'000};
  ::nanosleep(&wait, nullptr);  // the moment of the kill is the subject here
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status);
}

bool has_store(const Shop& shop) {
  return std::filesystem::exists(raw_store_path(shop.project.settings.state_folder)) &&
         shop.values("SELECT count(*) FROM sqlite_schema WHERE name = 'shop_orders'") == "1";
}

// Whatever was committed is whole: counts and rows agree for every load.
void check_loads_are_whole(const Shop& shop) {
  CHECK(shop.values("PRAGMA integrity_check") == "ok");
  CHECK(shop.values(
            "SELECT count(*) FROM _martgate_loads AS l WHERE row_count <>"
            " (SELECT count(*) FROM shop_orders__rows WHERE _load_id = l.load_id)"
            " OR repeated <>"
            " (SELECT count(*) FROM _martgate_repeats AS s WHERE s.load_id = l.load_id)"
            " OR quarantined <>"
            " (SELECT count(*) FROM _martgate_quarantine AS q WHERE q.load_id = l.load_id)") ==
        "0");
  CHECK(shop.values("SELECT count(*) FROM shop_orders__rows WHERE _load_id NOT IN"
                    " (SELECT load_id FROM _martgate_loads)") == "0");
  CHECK(shop.values("SELECT count(*) FROM (SELECT path FROM _martgate_loads WHERE live = 1"
                    " GROUP BY path HAVING count(*) > 1)") == "0");
}

}  // namespace

TEST_CASE("ingest: kill -9 at random moments neither loses nor doubles a row") {
  const std::uint64_t rounds = number_from_environment("MARTGATE_KILL_ROUNDS", kRoundsDefault);
  const std::uint64_t seed = number_from_environment("MARTGATE_KILL_SEED", 20261121);
  MESSAGE("seed " << seed << ", " << rounds << " kills");
  Random random(seed);
  Shop shop;
  shop.table().volume.is_checked = false;
  std::array<Extract, kFiles> extracts;
  for (int file = 0; file < kFiles; ++file) {
    extracts[static_cast<std::size_t>(file)] = write_extract(shop, file, random);
  }
  std::uint64_t killed = 0;
  auto longest = std::chrono::nanoseconds(std::chrono::milliseconds(60));
  for (std::uint64_t round = 0; round < rounds; ++round) {
    CAPTURE(round);
    const auto delay =
        std::chrono::nanoseconds(random.below(static_cast<std::uint64_t>(longest.count())));
    killed += killed_after(shop, delay) ? 1 : 0;
    if (has_store(shop)) check_loads_are_whole(shop);
    // Most kills meet a store that another kill left; sometimes a run ends and files change.
    if (random.below(3) != 0) continue;
    const auto begun = std::chrono::steady_clock::now();
    shop.ingest_all();
    longest = std::max<std::chrono::nanoseconds>(
        std::chrono::milliseconds(5),
        std::min<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begun,
                                           std::chrono::milliseconds(400)));
    check_loads_are_whole(shop);
    // Each id as often as the file that holds it most often: an oracle that knows no hashes.
    std::map<int, int> expected;
    std::int64_t rows = 0;
    int bad = 0;
    for (const Extract& extract : extracts) {
      bad += extract.bad;
      for (const auto& [id, count] : extract.good) expected[id] = std::max(expected[id], count);
    }
    for (const auto& [id, count] : expected) rows += count;
    CHECK(shop.values("SELECT count(*) FROM shop_orders") == std::to_string(rows));
    CHECK(shop.values("SELECT count(DISTINCT id) FROM shop_orders") ==
          std::to_string(expected.size()));
    CHECK(shop.values("SELECT count(*) FROM _martgate_quarantine AS q"
                      " JOIN _martgate_loads USING (load_id) WHERE live = 1") ==
          std::to_string(bad));
    const auto file = static_cast<int>(random.below(kFiles));
    extracts[static_cast<std::size_t>(file)] = write_extract(shop, file, random);
    if (random.below(10) == 0) {
      std::filesystem::remove_all(shop.project.settings.state_folder);
    }
  }
  MESSAGE(killed << " of " << rounds << " runs were killed, the others had ended");
  CHECK(killed > 0);
}
