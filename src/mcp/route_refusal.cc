#include "mcp/route_refusal.h"

#include <fmt/format.h>

#include "base/check.h"
#include "mcp/meta.h"
#include "mcp/wire.h"

namespace martgate::mcp {

RouteRefusal refusal_of(Route route, const Body& body) {
  switch (route) {
    case Route::BatchRefused:
      return {invalid_request("a batch is taken in a session of 2025-03-26 only")};
    case Route::InitializeUnderModernHeader:
      return {malformed_header(header::kProtocolVersion,
                               "names a revision without initialize: send server/discover, or ask "
                               "for a revision with a handshake"),
              true};
    case Route::MetaMissing: {
      const RpcResult<Meta> meta = read_meta(body.messages.front().params.get());
      MARTGATE_CHECK(!meta);  // without a claim there is no version
      return {meta.error(), true};
    }
    case Route::SessionMissing:
      return {invalid_request(fmt::format(
          "header {} is missing: send initialize first, or the `_meta` of {} with every request",
          header::kSessionId, name_of(kNewestModern)))};
    case Route::SessionUnknown:
      return {invalid_request("unknown or ended session: send initialize again", 404)};
    case Route::VersionHeaderRefused:
      return {invalid_request(fmt::format("header {} names a revision that is not served here",
                                          header::kProtocolVersion))};
    case Route::NotInitialized:
      return {invalid_request("not initialized: send initialize first"), true};
    case Route::Modern:
    case Route::ModernNotice:
    case Route::Handshake:
    case Route::Session:
    case Route::SessionNotice:
    case Route::SessionBatch:
    case Route::EarlyPing:
      break;
  }
  MARTGATE_CHECK(false);
}

}  // namespace martgate::mcp
