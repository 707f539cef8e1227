#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "mcp/sessions.h"

namespace martgate::mcp {
namespace {

class HandClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return {}; }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return at_ms_ * 1'000'000; }
  void advance_ms(std::int64_t ms) { at_ms_ += ms; }

 private:
  std::int64_t at_ms_ = 0;
};

const gate::Caller kAnna{"anna", "north"};
const gate::Caller kBen{"ben", "north"};
const gate::Caller kAnnaElsewhere{"anna", "south"};

std::string begun(Sessions& sessions, Revision revision, const gate::Caller& caller) {
  return sessions.begin(std::make_shared<Session>(revision, caller, ClientCapabilities{}));
}

}  // namespace

TEST_CASE("sessions: nobody but the caller who began a session finds or ends it") {
  HandClock clock;
  SeededIds ids(1);
  Sessions sessions(clock, ids, {});
  const std::string id = begun(sessions, Revision::V2025_06_18, kAnna);
  CHECK_FALSE(sessions.find(id, kBen));
  CHECK_FALSE(sessions.find(id, kAnnaElsewhere));
  CHECK_FALSE(sessions.end(id, kBen));
  CHECK_FALSE(sessions.find("", kAnna));
  CHECK_FALSE(sessions.find(id + "0", kAnna));
  REQUIRE(sessions.find(id, kAnna));
  CHECK(sessions.find(id, kAnna)->revision() == Revision::V2025_06_18);
}

TEST_CASE("sessions: an ended session is not found again") {
  HandClock clock;
  SeededIds ids(1);
  Sessions sessions(clock, ids, {});
  const std::string id = begun(sessions, Revision::V2025_11_25, kAnna);
  CHECK(sessions.end(id, kAnna));
  CHECK_FALSE(sessions.find(id, kAnna));
  CHECK_FALSE(sessions.end(id, kAnna));
}

TEST_CASE("sessions: one that nobody uses for longer than the limit is forgotten") {
  HandClock clock;
  SeededIds ids(1);
  Sessions sessions(clock, ids, {.sessions_max = 10, .session_idle_ms_max = 1'000});
  const std::string used = begun(sessions, Revision::V2025_11_25, kAnna);
  const std::string idle = begun(sessions, Revision::V2025_11_25, kAnna);
  clock.advance_ms(1'000);
  CHECK(sessions.find(used, kAnna));
  clock.advance_ms(1);
  CHECK_FALSE(sessions.find(idle, kAnna));
  clock.advance_ms(999);
  CHECK(sessions.find(used, kAnna));
}

TEST_CASE("sessions: another caller's question does not keep a session alive") {
  HandClock clock;
  SeededIds ids(1);
  Sessions sessions(clock, ids, {.sessions_max = 10, .session_idle_ms_max = 1'000});
  const std::string id = begun(sessions, Revision::V2025_11_25, kAnna);
  clock.advance_ms(1'000);
  CHECK_FALSE(sessions.find(id, kBen));
  clock.advance_ms(1);
  CHECK_FALSE(sessions.find(id, kAnna));
}

TEST_CASE("sessions: at the cap the one that was idle longest makes room") {
  HandClock clock;
  SeededIds ids(1);
  Sessions sessions(clock, ids, {.sessions_max = 2, .session_idle_ms_max = 1'000});
  const std::string first = begun(sessions, Revision::V2025_11_25, kAnna);
  const std::string second = begun(sessions, Revision::V2025_11_25, kAnna);
  CHECK(sessions.find(first, kAnna));
  const std::string third = begun(sessions, Revision::V2025_11_25, kBen);
  CHECK_FALSE(sessions.find(second, kAnna));
  CHECK(sessions.find(first, kAnna));
  CHECK(sessions.find(third, kBen));
}

TEST_CASE("sessions: ids are visible ASCII with 128 random bits, and never the same") {
  HandClock clock;
  RandomIds ids;
  Sessions sessions(clock, ids, {});
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string id = begun(sessions, Revision::V2025_11_25, kAnna);
    CHECK(id.size() == std::string_view("session_").size() + 32);
    CHECK(std::ranges::all_of(id, [](char c) { return c >= 0x21 && c <= 0x7E; }));
    CHECK(seen.insert(id).second);
  }
}

}  // namespace martgate::mcp
