#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "mcp/fake_offer.h"
#include "mcp/limits.h"

namespace martgate::mcp {
namespace {

using nlohmann::json;

std::shared_ptr<KeptReply> get(OfferBench& bench, const std::string& session,
                               const std::string& last_event_id = "") {
  OfferBench::Headers headers = {{"Mcp-Session-Id", session}, {"Accept", "text/event-stream"}};
  if (!last_event_id.empty()) headers.emplace("Last-Event-ID", last_event_id);
  return bench.http("GET", "", headers);
}

const Change kTools{Change::Kind::Tools};

}  // namespace

TEST_CASE("session streams: GET needs a session of the caller, and an Accept that fits") {
  OfferBench bench;
  const std::string session = bench.session("2025-06-18", json::object());
  CHECK(bench.http("GET", "", {})->answer().status == 400);
  CHECK(get(bench, "session_nobody")->answer().status == 404);
  CHECK(bench.http("GET", "", {{"Mcp-Session-Id", session}, {"Accept", "application/json"}})
            ->answer()
            .status == 406);
  CHECK(
      bench.http("GET", "", {{"Mcp-Session-Id", session}, {"MCP-Protocol-Version", "1999-01-01"}})
          ->answer()
          .status == 400);
  bench.caller.principal = "eve";
  CHECK(get(bench, session)->answer().status == 404);
  bench.caller.principal = "local";
  CHECK(get(bench, session)->is_stream());
}

TEST_CASE("session streams: a session has one, until its client leaves it") {
  OfferBench bench;
  const std::string session = bench.session("2025-11-25", json::object());
  const auto first = get(bench, session);
  const auto second = get(bench, session);
  CHECK(second->answer().status == 409);
  CHECK_FALSE(second->is_stream());
  first->disconnect();
  CHECK(get(bench, session)->is_stream());
  const std::string other = bench.session("2025-11-25", json::object());
  CHECK(get(bench, other)->is_stream());
}

TEST_CASE("session streams: only 2025-11-25 is primed") {
  OfferBench bench;
  CHECK(get(bench, bench.session("2025-11-25", json::object()))->events() ==
        "id: 0-0\nretry: 500\ndata: \n\n");
  for (const char* revision : {"2025-06-18", "2025-03-26"}) {
    CHECK(get(bench, bench.session(revision, json::object()))->events() == ": \n\n");
  }
}

TEST_CASE("session streams: what came while nobody listened is there after resuming, once") {
  OfferBench bench;
  const std::string session = bench.session("2025-11-25", json::object());
  bench.offer.hub.publish(kTools);  // nobody ever listened: dropped
  const auto first = get(bench, session);
  bench.offer.hub.publish(kTools);
  CHECK(first->events().find("id: 0-1\n") != std::string::npos);
  first->disconnect();
  bench.offer.hub.publish(kTools);
  bench.offer.hub.publish({Change::Kind::Prompts});

  const auto resumed = get(bench, session, "0-1");
  REQUIRE(resumed->is_stream());
  CHECK(resumed->messages().size() == 2);
  CHECK(resumed->events().starts_with("event: message\nid: 0-2\n"));
  CHECK(message_of(*resumed, 1).at("method") == "notifications/prompts/list_changed");
  bench.offer.hub.publish(kTools);
  CHECK(resumed->messages().size() == 3);

  // Resuming takes the place of a connection whose end was not noticed.
  const auto again = get(bench, session, "0-4");
  CHECK(resumed->is_closed());
  bench.offer.hub.publish(kTools);
  CHECK(resumed->messages().size() == 3);
  CHECK(again->messages().size() == 1);
}

TEST_CASE("session streams: an event that is unknown, forgotten or another session's is refused") {
  OfferBench bench;
  const std::string session = bench.session("2025-11-25", json::object());
  get(bench, session)->disconnect();
  for (const char* id : {"", "0", "0-", "-1", "0-1", "1-0", "0-0x", "x-0", "0--1",
                         "99999999999999999999-0", "0-99999999999999999999"}) {
    if (*id == '\0') continue;
    CAPTURE(id);
    CHECK(get(bench, session, id)->answer().status == 400);
  }
  CHECK(get(bench, session, "0-0")->is_stream());
}

TEST_CASE("session streams: what is kept for a client that stays away is bounded, without a gap") {
  OfferBench bench;
  bench.offer.add_tool("talk", [](const auto&, const auto& exchange) {
    const std::string data = json(std::string(kReplayBytesMax / 4, 'x')).dump();
    for (int i = 0; i < 8; ++i) exchange->log(LogLevel::Error, "", data);
    exchange->finish(said("done"));
  });
  const std::string session = bench.session("2025-06-18", json::object());
  const auto reply = bench.legacy(session, "tools/call", {{"name", "talk"}});
  CHECK(reply->messages().size() == 9);
  CHECK(get(bench, session, "1-0")->answer().status == 400);
  CHECK(get(bench, session, "1-4")->answer().status == 400);
  const auto resumed = get(bench, session, "1-6");
  REQUIRE(resumed->is_stream());
  CHECK(resumed->messages().size() == 3);
  CHECK(resumed->is_closed());  // it was complete
}

TEST_CASE("session streams: a handler may let the connection go and answer on a later one") {
  OfferBench bench;
  std::shared_ptr<Exchange> held;
  bench.offer.add_tool("later", [&](const auto&, const auto& exchange) {
    exchange->suspend_stream();
    held = exchange;
  });
  const std::string session = bench.session("2025-11-25", json::object());
  const auto reply = bench.legacy(session, "tools/call", {{"name", "later"}}, "q");
  CHECK(reply->events() == "id: 1-0\nretry: 500\ndata: \n\n");
  CHECK(reply->is_closed());
  CHECK_FALSE(held->cancelled().stop_requested());
  const auto early = get(bench, session, "1-0");
  CHECK_FALSE(early->is_closed());
  early->disconnect();
  held->finish(said("done"));
  const auto resumed = get(bench, session, "1-0");
  REQUIRE(resumed->messages().size() == 1);
  CHECK(message_of(*resumed, 0).at("id") == "q");
  CHECK(resumed->is_closed());
  CHECK(early->messages().empty());
}

TEST_CASE("session streams: letting go does nothing where no client would come back") {
  OfferBench bench;
  bench.offer.add_tool("later", [&](const auto&, const auto& exchange) {
    exchange->suspend_stream();
    exchange->finish(said("done"));
  });
  CHECK_FALSE(bench.modern("tools/call", {{"name", "later"}})->is_stream());
  const std::string session = bench.session("2025-06-18", json::object());
  CHECK_FALSE(bench.legacy(session, "tools/call", {{"name", "later"}})->is_stream());
}

TEST_CASE("session streams: a session that listens is not idle; ended, its stream is closed") {
  OfferBench bench;
  bench.options.sessions.session_idle_ms_max = 1'000;
  const std::string listening = bench.session("2025-11-25", json::object());
  const std::string idle = bench.session("2025-11-25", json::object());
  const auto stream = get(bench, listening);
  bench.clock.advance_ms(1'001);
  bench.server().beat();
  CHECK_FALSE(stream->is_closed());
  CHECK(bench.legacy(idle, "ping", json::object())->answer().status == 404);
  CHECK(bench.legacy(listening, "ping", json::object())->answer().status == 200);
  CHECK(bench.http("DELETE", "", {{"Mcp-Session-Id", listening}})->answer().status == 204);
  CHECK(stream->is_closed());
  CHECK(get(bench, listening)->answer().status == 404);
}

TEST_CASE(
    "session streams: the session's own stream ends with the credential it was opened under") {
  OfferBench bench;
  const std::string session = bench.session("2025-11-25", json::object());
  bench.caller.authenticated_until = WallTime(std::chrono::milliseconds(1'000));
  const auto stream = get(bench, session);
  bench.server().beat();
  CHECK_FALSE(stream->is_closed());
  bench.clock.advance_ms(1'000);
  bench.server().beat();
  CHECK(stream->is_closed());
}

TEST_CASE("session streams: shutting down closes them") {
  OfferBench bench;
  const std::string session = bench.session("2025-11-25", json::object());
  const auto stream = get(bench, session);
  bench.server().shut_down();
  CHECK(stream->is_closed());
}

}  // namespace martgate::mcp
