// The revisions of the protocol that are served, and what each of them can carry.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace martgate::mcp {

enum class Revision : std::uint8_t { V2025_03_26, V2025_06_18, V2025_11_25, V2026_07_28 };

// Legacy: an initialize handshake and a session. Modern: every request states what it needs.
enum class Era : std::uint8_t { Legacy, Modern };

inline constexpr std::array kRevisions{Revision::V2025_03_26, Revision::V2025_06_18,
                                       Revision::V2025_11_25, Revision::V2026_07_28};
inline constexpr Revision kNewestLegacy = Revision::V2025_11_25;
inline constexpr Revision kNewestModern = Revision::V2026_07_28;

[[nodiscard]] constexpr Era era_of(Revision revision) {
  return revision == Revision::V2026_07_28 ? Era::Modern : Era::Legacy;
}
[[nodiscard]] std::string_view name_of(Revision revision);  // "2025-06-18", static storage
[[nodiscard]] std::optional<Revision> revision_named(std::string_view name);

// A date not before the first modern revision, served here or not.
[[nodiscard]] bool names_modern_revision(std::string_view name);

// What differs on the wire of one revision.
struct Features {
  bool takes_batches;           // JSON-RPC arrays
  bool has_structured_content;  // also outputSchema, titles, resource links, `_meta` of items
  bool structures_anything;     // structuredContent need not be an object
  bool has_result_envelope;     // resultType, serverInfo in `_meta`, ttlMs and cacheScope
  bool elicits;                 // elicitation/create
  bool elicits_urls;            // and its URL mode
  bool primes_streams;          // an empty first event, from which a stream can be resumed
};
[[nodiscard]] Features features_of(Revision revision);

}  // namespace martgate::mcp
