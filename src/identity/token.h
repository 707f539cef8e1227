// A signed access token as its bytes say it: split, decoded, its header judged. Nothing is true
// yet.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/json_fwd.h"

namespace martgate::identity {

inline constexpr std::size_t kTokenBytesMax = 8UL * 1024;

// Compact JWS (RFC 7515 section 7.1).
struct Token {
  std::string signing_input;  // "header.payload" as sent
  std::string algorithm;      // what the header names; compared with the issuer's, never obeyed
  std::string type;           // "at+jwt": lower case, without "application/"
  std::optional<std::string> kid;
  std::string signature;
  std::shared_ptr<const Json> claims;  // an object; shared, so that a token can be copied

  // The claim `iss`, by which the issuer's rules are found; empty when it is no string.
  [[nodiscard]] std::string_view issuer() const;
};

// Errors: InvalidArgument, with one of the reasons
//   token_malformed  not three parts of strict base64url, not I-JSON (a member twice included)
//   token_header     `alg` or `typ` missing or no string; `crit`, or a key or a place of keys in
//                    the header: jwk, jku, x5c, x5u (RFC 8725 sections 3.5, 3.10)
[[nodiscard]] Result<Token> parse_token(std::string_view text);

}  // namespace martgate::identity
