// requestState and cursors: they come back only as they left, to whom they were given, for the same
// request, in time.
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/mac.h"
#include "input.h"
#include "json/canonical.h"
#include "json/parse.h"
#include "mcp/page_cursor.h"
#include "mcp/request_state.h"

using namespace martgate;
using namespace martgate::mcp;

namespace {

constexpr WallTime kNow{std::chrono::milliseconds{1'800'000'000'000}};

MacKey key_of(std::uint8_t fill) {
  MacKey key;
  key.fill(fill);
  return key;
}

StateSubject subject_of(std::string_view method, std::string_view owner) {
  return {method, "query_metrics", digest_of_arguments(nullptr), std::string(owner)};
}

// What a forger may do to bytes that he holds: replace, insert, drop, repeat.
std::string tampered(std::string text, fuzz::Input& input) {
  if (text.empty()) return text;
  const std::size_t at = (input.byte() * 256U + input.byte()) % text.size();
  const auto byte = static_cast<char>(input.byte());
  switch (input.byte() % 4) {
    case 0:
      text[at] = byte;
      break;
    case 1:
      text.insert(at, 1, byte);
      break;
    case 2:
      text.erase(at, 1U + static_cast<unsigned char>(byte) % 8U);
      break;
    default:
      text += text.substr(at);
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const MacKey key = key_of(7);
  const StateSubject subject = subject_of("tools/call", "default/alice");
  // Under a key that seals nothing here: what a run compares, the fuzzer learns.
  MARTGATE_CHECK(!open_state(key_of(9), subject, input.rest(), kNow));
  MARTGATE_CHECK(!open_cursor(key_of(9), "tools", input.rest()));

  fuzz::Input forgery = input;
  for (int skipped = 0; skipped < 4; ++skipped) input.byte();
  const std::string item(input.rest());
  const std::string cursor = seal_cursor(key, "tools", item);
  const auto reopened = open_cursor(key, "tools", cursor);
  MARTGATE_CHECK(reopened && *reopened == item);
  MARTGATE_CHECK(!open_cursor(key, "prompts", cursor));
  MARTGATE_CHECK(!open_cursor(key_of(8), "tools", cursor));
  fuzz::Input cursor_forgery = forgery;
  if (const std::string forged = tampered(cursor, cursor_forgery); forged != cursor) {
    MARTGATE_CHECK(!open_cursor(key, "tools", forged));
  }

  const auto remembered = parse_ijson(input.rest());
  if (!remembered) return 0;
  const auto sealed = seal_state(key, subject, *remembered, kNow);
  if (!sealed) return 0;
  MARTGATE_CHECK(sealed->size() <= kRequestStateBytesMax);
  const auto opened = open_state(key, subject, *sealed, kNow);
  MARTGATE_CHECK(opened && canonical_json(*opened) == canonical_json(*remembered));
  MARTGATE_CHECK(!open_state(key_of(8), subject, *sealed, kNow));
  MARTGATE_CHECK(!open_state(key, subject_of("prompts/get", "default/alice"), *sealed, kNow));
  MARTGATE_CHECK(!open_state(key, subject_of("tools/call", "default/mallory"), *sealed, kNow));
  const auto later = kNow + std::chrono::milliseconds(kRequestStateLifetimeMs + 1);
  MARTGATE_CHECK(!open_state(key, subject, *sealed, later));
  if (const std::string forged = tampered(*sealed, forgery); forged != *sealed) {
    MARTGATE_CHECK(!open_state(key, subject, forged, kNow));
  }
  return 0;
}
