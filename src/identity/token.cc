#include "identity/token.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/text.h"
#include "identity/key_set.h"
#include "json/parse.h"

namespace martgate::identity {
namespace {

constexpr ParseLimits kHeaderLimits{
    .bytes_max = 2'048, .depth_max = 4, .members_max = 32, .elements_max = 64};
constexpr ParseLimits kClaimsLimits{
    .bytes_max = kTokenBytesMax, .depth_max = 16, .members_max = 256, .elements_max = 2'048};

// Members that change what the signature means or where its key comes from. `x5t` is a mere
// thumbprint and is passed over like everything else that is not understood.
constexpr std::array<const char*, 8> kRefused{"crit", "b64", "zip", "enc",
                                              "jwk",  "jku", "x5c", "x5u"};

tl::unexpected<Error> malformed(std::string message) {
  return fail(Code::InvalidArgument, std::move(message), {}, "token_malformed");
}

tl::unexpected<Error> bad_header(std::string message) {
  return fail(Code::InvalidArgument, std::move(message), {}, "token_header");
}

Result<Json> object_of(std::string_view part, std::string_view what, const ParseLimits& limits) {
  const auto bytes = decode_base64url(part);
  if (!bytes) return malformed(fmt::format("the token's {} is not base64url", what));
  auto value = parse_ijson(*bytes, limits);
  if (!value || !value->is_object())
    return malformed(fmt::format("the token's {} is no I-JSON object", what));
  return value;
}

// A media type without its "application/" (RFC 7515 section 4.1.9); case does not count.
std::string type_of(std::string_view typ) {
  std::string type = lower_ascii(typ);
  constexpr std::string_view kPrefix = "application/";
  if (type.starts_with(kPrefix)) type.erase(0, kPrefix.size());
  return type;
}

}  // namespace

std::string_view Token::issuer() const {
  const auto member = claims->find("iss");
  const auto* text = member == claims->end() ? nullptr : member->get_ptr<const std::string*>();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

Result<Token> parse_token(std::string_view text) {
  if (text.size() > kTokenBytesMax)
    return malformed(fmt::format("the token is longer than {} bytes", kTokenBytesMax));
  const auto parts = split(text, '.');
  if (parts.size() != 3) return malformed("the token has not three parts");
  const auto header = object_of(parts[0], "header", kHeaderLimits);
  if (!header) return tl::unexpected(header.error());

  Token token;
  for (const char* name : kRefused) {
    if (header->contains(name)) return bad_header(fmt::format("a header with {}", name));
  }
  const auto text_of = [&](const char* name) -> const std::string* {
    const auto member = header->find(name);
    return member == header->end() ? nullptr : member->get_ptr<const std::string*>();
  };
  const std::string* algorithm = text_of("alg");
  if (algorithm == nullptr) return bad_header("a header without alg");
  token.algorithm = *algorithm;
  if (header->contains("typ")) {
    const std::string* type = text_of("typ");
    if (type == nullptr) return bad_header("a typ that is no string");
    token.type = type_of(*type);
  }
  if (header->contains("kid")) {
    const std::string* kid = text_of("kid");
    if (kid == nullptr || kid->size() > kKeyIdBytesMax)
      return bad_header(fmt::format("a kid that is no string of at most {} bytes", kKeyIdBytesMax));
    token.kid = *kid;
  }

  auto claims = object_of(parts[1], "payload", kClaimsLimits);
  if (!claims) return tl::unexpected(claims.error());
  auto signature = decode_base64url(parts[2]);
  if (!signature || signature->empty()) return malformed("the token's signature is not base64url");
  token.claims = std::make_shared<const Json>(std::move(*claims));
  token.signature = std::move(*signature);
  token.signing_input = text.substr(0, parts[0].size() + 1 + parts[1].size());
  return token;
}

}  // namespace martgate::identity
