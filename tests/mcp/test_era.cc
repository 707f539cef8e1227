#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "mcp/era.h"
#include "mcp/http_head.h"

namespace martgate::mcp {
namespace {

std::vector<Sighting> every_sighting() {
  std::vector<Sighting> all;
  for (const Transport transport : {Transport::Http, Transport::Stdio}) {
    for (const Shape shape : {Shape::Request, Shape::Initialize, Shape::Ping, Shape::Discover,
                              Shape::Notification, Shape::Response, Shape::Batch}) {
      for (const Claim claim : {Claim::Absent, Claim::Present}) {
        for (const VersionHeader header : {VersionHeader::Absent, VersionHeader::Legacy,
                                           VersionHeader::Modern, VersionHeader::Unknown}) {
          for (const SessionSight session : {SessionSight::Absent, SessionSight::Unknown,
                                             SessionSight::Known, SessionSight::KnownWithBatches}) {
            all.push_back({transport, shape, claim, header, session});
          }
        }
      }
    }
  }
  return all;
}

bool is_request(Shape shape) {
  return shape == Shape::Request || shape == Shape::Initialize || shape == Shape::Ping ||
         shape == Shape::Discover;
}

// What a legacy message gets from its session, over HTTP.
Route by_http_session(const Sighting& s, Route served) {
  if (s.session == SessionSight::Absent) return Route::SessionMissing;
  if (s.session == SessionSight::Unknown) return Route::SessionUnknown;
  return s.header == VersionHeader::Unknown ? Route::VersionHeaderRefused : served;
}

Route expected_http(const Sighting& s) {
  const bool is_modern_header = s.header == VersionHeader::Modern;
  switch (s.shape) {
    case Shape::Batch:
      if (s.claim == Claim::Present || is_modern_header || s.header == VersionHeader::Unknown) {
        return Route::BatchRefused;
      }
      if (s.session == SessionSight::Unknown) return Route::SessionUnknown;
      return s.session == SessionSight::KnownWithBatches ? Route::SessionBatch
                                                         : Route::BatchRefused;
    case Shape::Response:
      return by_http_session(s, Route::SessionNotice);
    case Shape::Notification:
      if (s.claim == Claim::Present || is_modern_header) return Route::ModernNotice;
      return by_http_session(s, Route::SessionNotice);
    case Shape::Initialize:
      if (s.claim == Claim::Present) return Route::Modern;
      return is_modern_header ? Route::InitializeUnderModernHeader : Route::Handshake;
    case Shape::Request:
    case Shape::Ping:
    case Shape::Discover:
      if (s.claim == Claim::Present) return Route::Modern;
      return is_modern_header ? Route::MetaMissing : by_http_session(s, Route::Session);
  }
  return Route::BatchRefused;
}

Route expected_stdio(const Sighting& s) {
  const bool has_session =
      s.session == SessionSight::Known || s.session == SessionSight::KnownWithBatches;
  switch (s.shape) {
    case Shape::Batch:
      return s.claim == Claim::Absent && s.session == SessionSight::KnownWithBatches
                 ? Route::SessionBatch
                 : Route::BatchRefused;
    case Shape::Response:
      return Route::SessionNotice;
    case Shape::Notification:
      return s.claim == Claim::Present ? Route::ModernNotice : Route::SessionNotice;
    case Shape::Initialize:
      return s.claim == Claim::Present ? Route::Modern : Route::Handshake;
    case Shape::Ping:
      if (s.claim == Claim::Present) return Route::Modern;
      return has_session ? Route::Session : Route::EarlyPing;
    case Shape::Discover:
      if (s.claim == Claim::Present) return Route::Modern;
      return has_session ? Route::Session : Route::MetaMissing;
    case Shape::Request:
      if (s.claim == Claim::Present) return Route::Modern;
      return has_session ? Route::Session : Route::NotInitialized;
  }
  return Route::BatchRefused;
}

}  // namespace

TEST_CASE("era: a request with a claim never reaches a legacy method, whatever else it carries") {
  for (const Sighting& s : every_sighting()) {
    if (s.claim == Claim::Present && is_request(s.shape)) CHECK(classify(s) == Route::Modern);
  }
}

TEST_CASE("era: a message without a claim never reaches a modern method") {
  for (const Sighting& s : every_sighting()) {
    if (s.claim == Claim::Absent) CHECK(classify(s) != Route::Modern);
  }
}

TEST_CASE("era: over HTTP nothing but initialize is served by a session that is not known") {
  for (const Sighting& s : every_sighting()) {
    const bool is_known =
        s.session == SessionSight::Known || s.session == SessionSight::KnownWithBatches;
    if (s.transport != Transport::Http || is_known) continue;
    const Route route = classify(s);
    CHECK(route != Route::Session);
    CHECK(route != Route::SessionNotice);
    CHECK(route != Route::SessionBatch);
  }
}

TEST_CASE("era: every combination takes the route the rules give it") {
  for (const Sighting& s : every_sighting()) {
    // A pipe has no headers and no session ids.
    if (s.transport == Transport::Stdio && s.header != VersionHeader::Absent) continue;
    CAPTURE(static_cast<int>(s.transport));
    CAPTURE(static_cast<int>(s.shape));
    CAPTURE(static_cast<int>(s.claim));
    CAPTURE(static_cast<int>(s.header));
    CAPTURE(static_cast<int>(s.session));
    CHECK(classify(s) == (s.transport == Transport::Http ? expected_http(s) : expected_stdio(s)));
  }
}

TEST_CASE("era: every row of the table is the first to admit something") {
  const auto rows = route_rows();
  std::vector<bool> is_taken(rows.size());
  for (const Sighting& s : every_sighting()) {
    const auto row =
        std::ranges::find_if(rows, [&](const RouteRow& candidate) { return admits(candidate, s); });
    REQUIRE(row != rows.end());
    is_taken[static_cast<std::size_t>(row - rows.begin())] = true;
  }
  for (std::size_t row = 0; row < rows.size(); ++row) {
    CAPTURE(row);
    CHECK(is_taken[row]);
  }
}

TEST_CASE("era: a header is modern when it is a date from the first modern revision on") {
  CHECK(version_header_of(std::nullopt) == VersionHeader::Absent);
  CHECK(version_header_of("2025-03-26") == VersionHeader::Legacy);
  CHECK(version_header_of("2025-11-25") == VersionHeader::Legacy);
  CHECK(version_header_of("2026-07-28") == VersionHeader::Modern);
  CHECK(version_header_of("2027-01-01") == VersionHeader::Modern);
  CHECK(version_header_of("2024-11-05") == VersionHeader::Unknown);
  CHECK(version_header_of("2026-07-27") == VersionHeader::Unknown);
  CHECK(version_header_of("v999.0.0") == VersionHeader::Unknown);
  CHECK(version_header_of("9999-99-9x") == VersionHeader::Unknown);
  CHECK(version_header_of("") == VersionHeader::Unknown);
}

}  // namespace martgate::mcp
