// Which era a message belongs to, decided from the message itself: one endpoint and one pipe serve
// both. Headers are only cross-checked against the body.
#pragma once

#include <cstdint>
#include <span>

namespace martgate::mcp {

enum class Transport : std::uint8_t { Http, Stdio };

enum class Shape : std::uint8_t {
  Request,  // any method but the next three
  Initialize,
  Ping,
  Discover,
  Notification,
  Response,
  Batch,
};

// A claim is the presence of a protocol version in `params._meta`, whatever its value; of a batch:
// in any of its messages.
enum class Claim : std::uint8_t { Absent, Present };

// What the MCP-Protocol-Version header names. Stdio has no headers: Absent.
enum class VersionHeader : std::uint8_t { Absent, Legacy, Modern, Unknown };

// The legacy session the message belongs to: by its header (HTTP), or that of the process (stdio).
enum class SessionSight : std::uint8_t { Absent, Unknown, Known, KnownWithBatches };

struct Sighting {
  Transport transport;
  Shape shape;
  Claim claim;
  VersionHeader header;
  SessionSight session;
};

enum class Route : std::uint8_t {
  Modern,         // the checks of 2026-07-28, then its methods
  ModernNotice,   // taken, never answered
  Handshake,      // initialize: begins a legacy session
  Session,        // a request of a legacy session
  SessionNotice,  // a notification or response of one: taken, never answered
  SessionBatch,   // 2025-03-26 only
  EarlyPing,      // stdio, before the handshake
  // Refusals.
  BatchRefused,
  InitializeUnderModernHeader,
  MetaMissing,
  SessionMissing,
  SessionUnknown,
  VersionHeaderRefused,
  NotInitialized,
};

// Pure. Every sighting has a route.
[[nodiscard]] Route classify(const Sighting& sighting);

// The decision as data: the first row that admits a sighting gives its route. Each set is a mask
// with one bit per enumerator.
struct RouteRow {
  unsigned transports;
  unsigned shapes;
  unsigned claims;
  unsigned headers;
  unsigned sessions;
  Route route;
};
[[nodiscard]] std::span<const RouteRow> route_rows();
[[nodiscard]] bool admits(const RouteRow& row, const Sighting& sighting);

}  // namespace martgate::mcp
