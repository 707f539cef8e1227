// Builds that are killed, and builds that run out of space: what was published stays, and the next
// build is clean. MARTGATE_CRASH_RUNS=250 makes the long run, MARTGATE_SEED another one.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "base/random.h"
#include "build/fixture.h"

using namespace martgate;
using namespace martgate::build;

namespace {

constexpr int kRows = 2'000;

std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string many_rows() {
  std::string rows;
  for (int i = 0; i < kRows; ++i) rows += std::to_string(i) + ",anna,1.5,2026-01-31\n";
  return rows;
}

// Whatever happened, `current` names a complete snapshot.
void check_current(const Shop& shop) {
  const auto id = engine::current_snapshot(shop.state());
  REQUIRE(id);
  const auto facts = engine::read_facts(engine::snapshot_path(shop.state(), *id));
  REQUIRE(facts);
  CHECK(facts->id == *id);
  CHECK(engine::snapshot_id(*facts) == *id);
  CHECK(shop.values("SELECT count(*) FROM orders") == std::to_string(kRows));
  CHECK(shop.values("PRAGMA integrity_check") == "ok");
}

void check_clean(Shop& shop) {
  shop.touch();
  const std::string last = shop.build_all({.force = true}).facts.id;
  for (const std::string& file : shop.files()) {
    CHECK((file == "current" || file == "history.jsonl" || file.ends_with(".db")));
  }
  CHECK(*engine::current_snapshot(shop.state()) == last);
}

}  // namespace

TEST_CASE("build: killed at any moment, current names a complete snapshot and leftovers go") {
  const std::uint64_t seed = number_in("MARTGATE_SEED", 76);
  const std::uint64_t runs = number_in("MARTGATE_CRASH_RUNS", 40);
  constexpr std::uint64_t kMicrosecondsMax = 120'000;
  MESSAGE("seed " << seed << ", " << runs << " runs");
  Random random(seed);
  Shop shop;
  shop.ingest_csv(many_rows());
  shop.build_all();
  std::uint64_t killed = 0;
  for (std::uint64_t run = 0; run < runs; ++run) {
    const auto delay = static_cast<suseconds_t>(1 + random.below(kMicrosecondsMax));
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      // SIGALRM ends the process where it stands.
      const itimerval timer{{0, 0}, {0, delay}};
      ::setitimer(ITIMER_REAL, &timer, nullptr);
      const SystemClock clock;
      for (;;) {
        shop.touch();
        static_cast<void>(build::build(shop.project, shop.loaded(), clock, {.force = true}));
      }
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status)) ++killed;
    check_current(shop);
  }
  CHECK(killed == runs);
  check_clean(shop);
}

TEST_CASE("build: without space for its files a build says so and changes nothing") {
  Shop shop;
  shop.ingest_csv(many_rows());
  const std::string before = shop.build_all().facts.id;
  int refused = 0;
  int published = 0;
  // From no byte at all to plenty; a file that would grow beyond the limit cannot.
  for (rlim_t bytes = 0; bytes <= 4U << 20U; bytes = bytes == 0 ? 512 : bytes * 2) {
    CAPTURE(bytes);
    shop.touch();
    const auto loaded = shop.loaded();
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{bytes, bytes};
      ::setrlimit(RLIMIT_FSIZE, &limit);
      const SystemClock clock;
      const auto report = build::build(shop.project, loaded, clock, {.force = true, .workers = 2});
      ::_exit(!report ? 1 : report->is_published ? 2 : 3);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK((WEXITSTATUS(status) == 1 || WEXITSTATUS(status) == 2));
    ++(WEXITSTATUS(status) == 1 ? refused : published);
    check_current(shop);
    if (published == 0) CHECK(*engine::current_snapshot(shop.state()) == before);
  }
  CHECK(refused > 3);
  CHECK(published > 0);
  check_clean(shop);
}
