#include "ingest/connect/signature.h"

#include <fmt/format.h>

#include <chrono>
#include <vector>

#include "base/base64.h"
#include "base/mac.h"
#include "base/text.h"
#include "ingest/connect/growing.h"

namespace martgate::ingest {
namespace {

using catalog::Signature;

// Digits only, so that what is signed has one spelling.
std::optional<WallTime> read_seconds(std::string_view text) {
  constexpr std::size_t kDigitsMax = 11;  // until the year 5138
  if (text.empty() || text.size() > kDigitsMax) return std::nullopt;
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return WallTime(std::chrono::seconds(*read_integer(text)));
}

bool is_near(WallTime at, WallTime now, std::int64_t tolerance_s) {
  const std::chrono::seconds tolerance(tolerance_s);
  return at >= now - tolerance && at <= now + tolerance;
}

std::string written(Signature::Encoding encoding, const Digest& digest) {
  if (encoding == Signature::Encoding::Hex) return to_hex(digest);
  return base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// No early end: how long it takes says nothing about which secret or signature came near.
bool is_signed(Signature::Encoding encoding, std::span<const std::string> secrets,
               std::span<const std::string> candidates, std::string_view message) {
  bool is_good = false;
  for (const std::string& secret : secrets) {
    const std::string wanted = written(encoding, hmac_sha256(std::string_view(secret), message));
    for (const std::string& candidate : candidates) {
      const bool is_equal = equal_secrets(wanted, candidate);
      is_good = is_good || is_equal;
    }
  }
  return is_good;
}

Signed check_timestamped(const Signature& signature, std::span<const std::string> secrets,
                         std::string_view field, std::string_view body, WallTime now) {
  std::string time;
  std::vector<std::string> candidates;
  for (const std::string_view part : split(field, ',')) {
    const std::string_view entry = trim(part);
    if (entry.starts_with("t=")) {
      if (!time.empty()) return Signed::Malformed;
      time = entry.substr(2);
    } else if (entry.starts_with("v1=")) {
      candidates.push_back(lower_ascii(entry.substr(3)));
    }
  }
  const auto at = read_seconds(time);
  if (!at || candidates.empty()) return Signed::Malformed;
  if (!is_near(*at, now, signature.tolerance_s)) return Signed::Stale;
  const std::string message = fmt::format("{}.{}", time, body);
  return is_signed(Signature::Encoding::Hex, secrets, candidates, message) ? Signed::Good
                                                                           : Signed::Wrong;
}

// One pass over the template, so that a body which holds "{id}" stays as it is.
std::string filled(std::string_view pattern, std::string_view time, std::string_view id,
                   std::string_view body) {
  std::string text;
  while (!pattern.empty()) {
    const std::size_t brace = std::min(pattern.find('{'), pattern.size());
    text.append(pattern.substr(0, brace));
    pattern.remove_prefix(brace);
    for (const auto& [word, value] :
         {std::pair{std::string_view("{body}"), body}, {"{timestamp}", time}, {"{id}", id}}) {
      if (!pattern.starts_with(word)) continue;
      text.append(value);
      pattern.remove_prefix(word.size());
      break;
    }
  }
  return text;
}

Signed check_plain(const Signature& signature, std::span<const std::string> secrets,
                   const HeaderLookup& header, std::string_view field, std::string_view id,
                   std::string_view body, WallTime now) {
  std::string_view time;
  if (!signature.timestamp_header.empty()) {
    const auto sent = header(signature.timestamp_header);
    if (!sent) return Signed::Missing;
    time = trim(*sent);
    const auto at = read_seconds(time);
    if (!at) return Signed::Malformed;
    if (!is_near(*at, now, signature.tolerance_s)) return Signed::Stale;
  }
  std::vector<std::string> candidates;
  for (const std::string_view part : split(field, ' ')) {
    if (!part.starts_with(signature.prefix)) continue;
    const std::string_view digest = part.substr(signature.prefix.size());
    candidates.push_back(signature.encoding == Signature::Encoding::Hex ? lower_ascii(digest)
                                                                        : std::string(digest));
  }
  if (candidates.empty()) return Signed::Malformed;
  const std::string message = filled(signature.signed_text, time, id, body);
  return is_signed(signature.encoding, secrets, candidates, message) ? Signed::Good : Signed::Wrong;
}

}  // namespace

std::string_view name_of(Signed verdict) {
  switch (verdict) {
    case Signed::Good:
      return "good";
    case Signed::Missing:
      return "missing";
    case Signed::Malformed:
      return "malformed";
    case Signed::Stale:
      return "stale";
    case Signed::Wrong:
      return "wrong";
  }
  return "";
}

Signed check_signature(const Signature& signature, std::span<const std::string> secrets,
                       const HeaderLookup& header, std::string_view id, std::string_view body,
                       WallTime now) {
  const auto field = header(signature.header);
  if (!field || trim(*field).empty()) return Signed::Missing;
  if (signature.scheme == Signature::Scheme::Timestamped)
    return check_timestamped(signature, secrets, trim(*field), body, now);
  return check_plain(signature, secrets, header, trim(*field), id, body, now);
}

}  // namespace martgate::ingest
