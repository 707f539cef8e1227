#include "mcp/era.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace martgate::mcp {
namespace {

template <class... Enumerators>
constexpr unsigned in(Enumerators... values) {
  return ((1U << static_cast<unsigned>(values)) | ...);
}

constexpr unsigned kAny = ~0U;
constexpr unsigned kHttp = in(Transport::Http);
constexpr unsigned kStdio = in(Transport::Stdio);
constexpr unsigned kRequests = in(Shape::Request, Shape::Ping, Shape::Discover);
constexpr unsigned kClaimed = in(Claim::Present);
constexpr unsigned kNoSession = in(SessionSight::Absent, SessionSight::Unknown);
constexpr unsigned kModernHeader = in(VersionHeader::Modern);
constexpr unsigned kBatchHeader = in(VersionHeader::Absent, VersionHeader::Legacy);

// Source: 2026-07-28, basic/versioning (Backward Compatibility) and both transports' pages.
constexpr std::array kRows{
    // transports, shapes, claims, headers, sessions
    RouteRow{kAny, in(Shape::Batch), in(Claim::Absent), kBatchHeader,
             in(SessionSight::KnownWithBatches), Route::SessionBatch},
    RouteRow{kHttp, in(Shape::Batch), in(Claim::Absent), kBatchHeader, in(SessionSight::Unknown),
             Route::SessionUnknown},
    RouteRow{kAny, in(Shape::Batch), kAny, kAny, kAny, Route::BatchRefused},

    // A claim decides alone: a malformed one is refused by the modern checks, never served as
    // legacy.
    RouteRow{kAny, kRequests | in(Shape::Initialize), kClaimed, kAny, kAny, Route::Modern},
    RouteRow{kAny, in(Shape::Notification), kClaimed, kAny, kAny, Route::ModernNotice},

    // Without a claim, under a header that names a modern revision.
    RouteRow{kHttp, in(Shape::Initialize), kAny, kModernHeader, kAny,
             Route::InitializeUnderModernHeader},
    RouteRow{kHttp, kRequests, kAny, kModernHeader, kAny, Route::MetaMissing},
    RouteRow{kHttp, in(Shape::Notification), kAny, kModernHeader, kAny, Route::ModernNotice},

    RouteRow{kAny, in(Shape::Initialize), kAny, kAny, kAny, Route::Handshake},

    RouteRow{kHttp, kAny, kAny, kAny, in(SessionSight::Absent), Route::SessionMissing},
    RouteRow{kHttp, kAny, kAny, kAny, in(SessionSight::Unknown), Route::SessionUnknown},
    RouteRow{kHttp, kAny, kAny, in(VersionHeader::Unknown), kAny, Route::VersionHeaderRefused},

    RouteRow{kStdio, in(Shape::Ping), kAny, kAny, kNoSession, Route::EarlyPing},
    RouteRow{kStdio, in(Shape::Discover), kAny, kAny, kNoSession, Route::MetaMissing},
    RouteRow{kStdio, in(Shape::Request), kAny, kAny, kNoSession, Route::NotInitialized},

    RouteRow{kAny, in(Shape::Notification, Shape::Response), kAny, kAny, kAny,
             Route::SessionNotice},
    RouteRow{kAny, kRequests, kAny, kAny, kAny, Route::Session},
};

template <class Enumerator>
constexpr bool holds(unsigned set, Enumerator value) {
  return (set & in(value)) != 0;
}

}  // namespace

std::span<const RouteRow> route_rows() {
  return kRows;
}

bool admits(const RouteRow& row, const Sighting& sighting) {
  return holds(row.transports, sighting.transport) && holds(row.shapes, sighting.shape) &&
         holds(row.claims, sighting.claim) && holds(row.headers, sighting.header) &&
         holds(row.sessions, sighting.session);
}

Route classify(const Sighting& sighting) {
  const auto row = std::ranges::find_if(
      kRows, [&](const RouteRow& candidate) { return admits(candidate, sighting); });
  MARTGATE_CHECK(row != kRows.end());
  return row->route;
}

}  // namespace martgate::mcp
