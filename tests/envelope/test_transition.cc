#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/random.h"
#include "envelope/transition.h"

namespace martgate::envelope {
namespace {

const std::filesystem::path kDocs = std::filesystem::path(MARTGATE_SOURCE_DIR) / "docs/envelope.md";

struct Walk {
  EffectClass effect_class;
  std::vector<Event> events;
  State state;
  Effect effect;
};

// Lives as people would tell them. Together they take every row.
const std::vector<Walk>& walks() {
  using enum Event;
  static const std::vector<Event> ready{CredentialValid, ArgumentsValid, Allow};
  const auto after = [](std::vector<Event> begin, const std::vector<Event>& rest) {
    begin.insert(begin.end(), rest.begin(), rest.end());
    return begin;
  };
  static const std::vector<Event> read = after(ready, {StartRead, RowsRead});
  static const std::vector<Event> asked = after(ready, {AskApproval});
  static const std::vector<Event> approved = after(asked, {CountYes, ReachQuorum});
  static const std::vector<Event> intent = after(ready, {StartEffect});
  static const std::vector<Event> doubt = after(intent, {TryAgain, NoteCancel, LoseTrack});
  static const std::vector<Walk> all{
      {EffectClass::None, {Abandon}, State::Failed, Effect::None},
      {EffectClass::None, {CredentialValid, Abandon}, State::Failed, Effect::None},
      {EffectClass::None, {CredentialValid, ArgumentsInvalid}, State::Failed, Effect::None},
      {EffectClass::None, {CredentialValid, ArgumentsValid, Abandon}, State::Failed, Effect::None},
      {EffectClass::None, {CredentialValid, ArgumentsValid, Deny}, State::Denied, Effect::None},
      {EffectClass::None, after(ready, {Abandon}), State::Failed, Effect::None},
      {EffectClass::None, after(ready, {StartRead, StopRead}), State::Failed, Effect::None},
      {EffectClass::None, after(read, {Withhold}), State::Failed, Effect::None},
      {EffectClass::None, after(read, {Cite, Withhold}), State::Failed, Effect::None},
      {EffectClass::None, after(read, {Cite, Price, Withhold}), State::Failed, Effect::None},
      {EffectClass::None, after(read, {Cite, Price, Finish}), State::Completed, Effect::None},
      {EffectClass::Atomic, after(asked, {ApproverSaysNo}), State::Denied, Effect::None},
      {EffectClass::Atomic, after(asked, {Lapse}), State::Expired, Effect::None},
      {EffectClass::Atomic, after(asked, {Abandon}), State::Failed, Effect::None},
      {EffectClass::Keyed, after(approved, {ApproverSaysNo}), State::Denied, Effect::None},
      {EffectClass::Keyed, after(approved, {Lapse}), State::Expired, Effect::None},
      {EffectClass::Keyed, after(approved, {FindStale}), State::Denied, Effect::None},
      {EffectClass::Keyed, after(approved, {AskAgain, Lapse}), State::Expired, Effect::None},
      {EffectClass::Keyed, after(approved, {Abandon}), State::Failed, Effect::None},
      {EffectClass::Atomic, after(approved, {StartEffect, OutcomeApplied, Cite, Price, Finish}),
       State::Completed, Effect::Applied},
      {EffectClass::Atomic, after(intent, {OutcomeNotApplied}), State::Failed, Effect::NotApplied},
      {EffectClass::Opaque, doubt, State::InDoubt, Effect::Unknown},
      {EffectClass::Opaque, after(doubt, {ResolveApplied, Withhold}), State::Failed,
       Effect::Applied},
      {EffectClass::Opaque, after(doubt, {ResolveNotApplied}), State::Failed, Effect::NotApplied},
  };
  return all;
}

std::string told(const Walk& walk) {
  std::string text(name_of(walk.effect_class));
  for (const Event event : walk.events) text += fmt::format(" {}", name_of(event));
  return text;
}

// Replaces or compares what stands between two lines of docs/envelope.md.
void check_docs_block(std::string_view begin, std::string_view end, const std::string& wanted) {
  auto page = read_file(kDocs);
  REQUIRE(page);
  const std::size_t from = page->find(begin);
  REQUIRE(from != std::string::npos);
  const std::size_t inside = from + begin.size();
  const std::size_t to = page->find(end, inside);
  REQUIRE(to != std::string::npos);
  if (std::getenv("MARTGATE_UPDATE_GOLDENS") != nullptr) {
    page->replace(inside, to - inside, wanted);
    REQUIRE(replace_file(kDocs, *page));
    return;
  }
  CHECK(page->substr(inside, to - inside) == wanted);
}

}  // namespace

TEST_CASE("step: a pair without a row is refused, in every state") {
  int refused = 0;
  for (std::size_t s = 0; s < kStateCount; ++s) {
    for (std::size_t e = 0; e < kEventCount; ++e) {
      const auto state = static_cast<State>(s);
      const auto event = static_cast<Event>(e);
      const auto row = step(state, event);
      if (find_row(state, event)) {
        REQUIRE(row);
        CHECK(row->from == state);
        continue;
      }
      ++refused;
      REQUIRE_FALSE(row);
      CHECK(row.error().code == Code::FailedPrecondition);
      CHECK(row.error().reason == "illegal_step");
    }
  }
  CHECK(refused + kRows.size() == kStateCount * kEventCount);
}

TEST_CASE("step: nothing leads out of a terminal state") {
  for (const State state : {State::Completed, State::Failed, State::Denied, State::Expired}) {
    CHECK(is_terminal(state));
    for (std::size_t e = 0; e < kEventCount; ++e) CHECK_FALSE(step(state, static_cast<Event>(e)));
  }
  CHECK_FALSE(is_terminal(State::InDoubt));
}

TEST_CASE("step: an approval that arrives after it lapsed is refused") {
  const auto lapsed = step(State::AwaitingApproval, Event::Lapse);
  REQUIRE(lapsed);
  CHECK_FALSE(step(lapsed->to, Event::ReachQuorum));
}

TEST_CASE("advance: an effect never runs as a read, and a read never has an intent") {
  Life life{State::Authorized, EffectClass::Keyed, Effect::None, 3};
  CHECK_FALSE(advance(life, Event::StartRead));
  life.effect_class = EffectClass::None;
  for (const Event event : {Event::StartEffect, Event::AskApproval}) {
    const auto refused = advance(life, event);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason == "illegal_step");
  }
}

TEST_CASE("advance: after the intent nothing abandons an effect") {
  const Life life{State::Executing, EffectClass::Opaque, Effect::Unknown, 4};
  for (const Event event : {Event::Abandon, Event::StopRead, Event::Withhold, Event::Lapse,
                            Event::ApproverSaysNo, Event::StartEffect}) {
    CHECK_FALSE(advance(life, event));
  }
}

TEST_CASE("fold: an intent and its outcome cannot share a record") {
  const Life life{State::Authorized, EffectClass::Atomic, Effect::None, 3};
  const std::vector<Event> together{Event::StartEffect, Event::OutcomeApplied};
  const auto refused = fold(life, together);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "illegal_step");
  CHECK(fold(life, std::vector{Event::StartEffect}));
}

TEST_CASE("table: the lives that the tests tell take every row and end where they should") {
  std::set<std::pair<State, Event>> taken;
  for (const Walk& walk : walks()) {
    CAPTURE(told(walk));
    Life life{.effect_class = walk.effect_class};
    for (const Event event : walk.events) {
      const auto next = advance(life, event);
      REQUIRE(next);
      CHECK(next->version == life.version + 1);
      taken.insert({life.state, event});
      life = *next;
    }
    CHECK(life.state == walk.state);
    CHECK(life.effect == walk.effect);
  }
  for (const Row& row : kRows) {
    CAPTURE(name_of(row.from));
    CAPTURE(name_of(row.event));
    CHECK(taken.contains({row.from, row.event}));
  }
  CHECK(taken.size() == kRows.size());
}

TEST_CASE("table: random walks keep the invariants, and their fold ends in the same place") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 2'000; ++round) {
    Life life{.effect_class = static_cast<EffectClass>(random.below(5))};
    const Life first = life;
    std::vector<std::vector<Event>> records(1);
    for (int steps = 0; steps < 60 && !is_terminal(life.state); ++steps) {
      const auto event = static_cast<Event>(random.below(kEventCount));
      const auto next = advance(life, event);
      if (!next) continue;
      records.back().push_back(event);
      if (find_row(life.state, event)->durable == Durable::BeforeNext) records.emplace_back();
      life = *next;
      const bool past_intent = life.state == State::Executing || life.state == State::InDoubt;
      CHECK((life.effect == Effect::Unknown) ==
            (past_intent && life.effect_class != EffectClass::None));
      if (life.state == State::Denied || life.state == State::Expired) {
        CHECK(life.effect == Effect::None);
      }
      if (life.effect_class == EffectClass::None) CHECK(life.effect == Effect::None);
    }
    Life folded = first;
    for (const auto& record : records) {
      const auto next = fold(folded, record);
      REQUIRE(next);
      folded = *next;
    }
    CHECK(folded == life);
  }
}

TEST_CASE("names: every state and event has its own and is found by it") {
  std::set<std::string_view> seen;
  for (std::size_t s = 0; s < kStateCount; ++s) {
    const auto state = static_cast<State>(s);
    CHECK(seen.insert(name_of(state)).second);
    CHECK(state_of(name_of(state)) == state);
  }
  for (std::size_t e = 0; e < kEventCount; ++e) {
    const auto event = static_cast<Event>(e);
    CHECK(seen.insert(name_of(event)).second);
    CHECK(event_of(name_of(event)) == event);
  }
  CHECK_FALSE(state_of("done"));
  CHECK_FALSE(event_of(""));
}

TEST_CASE("docs: the diagram in envelope.md is the table's") {
  check_docs_block("```mermaid\n", "```\n", to_mermaid());
}

TEST_CASE("docs: the rows in envelope.md are the table's") {
  std::string rows;
  for (const Row& row : kRows) {
    rows += fmt::format("| {} | {} | {} | {} | {} |\n", name_of(row.from), name_of(row.event),
                        name_of(row.to), row.lane == Lane::Any ? "" : name_of(row.lane),
                        row.durable == Durable::BeforeNext ? "ends its record" : "");
  }
  check_docs_block("| from | event | to | only for | durable |\n|---|---|---|---|---|\n", "\n## ",
                   rows);
}

TEST_CASE("docs: every state and every event is explained in envelope.md") {
  const auto page = read_file(kDocs);
  REQUIRE(page);
  for (std::size_t s = 0; s < kStateCount; ++s) {
    CHECK(page->find(fmt::format("`{}`", name_of(static_cast<State>(s)))) != std::string::npos);
  }
  for (std::size_t e = 0; e < kEventCount; ++e) {
    CHECK(page->find(fmt::format("`{}`", name_of(static_cast<Event>(e)))) != std::string::npos);
  }
}

}  // namespace martgate::envelope
