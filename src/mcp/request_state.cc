#include "mcp/request_state.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/base64.h"
#include "base/digest.h"
#include "json/canonical.h"
#include "json/parse.h"

namespace martgate::mcp {
namespace {

constexpr std::string_view kVersion = "v1.";
// Keeps these signatures apart from any other use of the key.
constexpr std::string_view kPurpose("martgate-request-state-v1\0", 26);

tl::unexpected<Error> refused() {
  return fail(Code::InvalidArgument, "requestState is not one of this request",
              {"send the request again without requestState and inputResponses"}, "request_state");
}

std::string mac_of(const MacKey& key, std::string_view signed_part) {
  const Digest mac = hmac_sha256(key, std::string(kPurpose).append(signed_part));
  return {mac.begin(), mac.end()};
}

bool has_text(const Json& payload, const char* member, std::string_view wanted) {
  const auto found = payload.find(member);
  return found != payload.end() && found->is_string() &&
         found->get_ref<const std::string&>() == wanted;
}

// The payload of a state that this key has signed.
std::optional<Json> genuine_payload(const MacKey& key, std::string_view state) {
  if (state.size() > kRequestStateBytesMax || !state.starts_with(kVersion)) return std::nullopt;
  const std::size_t dot = state.find('.', kVersion.size());
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view signed_part = state.substr(0, dot);
  // A further dot is no digit of base64url and fails here.
  const auto mac = decode_base64url(state.substr(dot + 1));
  if (!mac || !equal_secrets(*mac, mac_of(key, signed_part))) return std::nullopt;

  const auto text = decode_base64url(signed_part.substr(kVersion.size()));
  if (!text) return std::nullopt;
  Result<Json> payload = parse_ijson(*text);
  if (!payload || !payload->is_object()) return std::nullopt;
  return std::move(*payload);
}

}  // namespace

std::string digest_of_arguments(const Json* arguments) {
  const bool is_empty = arguments == nullptr || arguments->is_null();
  return sha256_hex(is_empty ? "{}" : canonical_json(*arguments));
}

Result<std::string> seal_state(const MacKey& key, const StateSubject& subject, const Json& data,
                               WallTime now) {
  const Json payload = {
      {"m", subject.method},
      {"n", subject.name},
      {"a", subject.arguments},
      {"sub", subject.owner},
      {"exp", now.time_since_epoch().count() + kRequestStateLifetimeMs},
      {"d", data},
  };
  std::string state(kVersion);
  state += base64url(canonical_json(payload));
  const std::string mac = base64url(mac_of(key, state));
  state.append(".").append(mac);
  if (state.size() > kRequestStateBytesMax) {
    return fail(Code::ResourceExhausted,
                fmt::format("a requestState of {} bytes, at most {} are allowed", state.size(),
                            kRequestStateBytesMax));
  }
  return state;
}

Result<Json> open_state(const MacKey& key, const StateSubject& subject, std::string_view state,
                        WallTime now) {
  auto payload = genuine_payload(key, state);
  if (!payload) return refused();
  const bool is_of_subject =
      has_text(*payload, "m", subject.method) && has_text(*payload, "n", subject.name) &&
      has_text(*payload, "a", subject.arguments) && has_text(*payload, "sub", subject.owner);
  if (!is_of_subject) return refused();

  const auto expires = payload->find("exp");
  const auto data = payload->find("d");
  if (expires == payload->end() || !expires->is_number_integer() || data == payload->end()) {
    return refused();
  }
  if (expires->get<std::int64_t>() <= now.time_since_epoch().count()) {
    return fail(Code::InvalidArgument, "requestState has expired",
                {"send the request again without requestState and inputResponses"},
                "request_state_expired");
  }
  return std::move(*data);
}

}  // namespace martgate::mcp
