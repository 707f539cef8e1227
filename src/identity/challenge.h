// What a client reads when its credential is missing or not enough: WWW-Authenticate (RFC 6750
// section 3, RFC 9728 section 5.1) and the resource's metadata (RFC 9728 section 2).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/url.h"

namespace martgate::identity {

struct Challenge {
  std::string_view error;           // empty: nothing was shown, so nothing was wrong with it
  std::string description;          // for the developer of the client
  std::vector<std::string> scopes;  // what a credential for this request needs
};

inline constexpr std::string_view kInvalidRequest = "invalid_request";
inline constexpr std::string_view kInvalidToken = "invalid_token";
inline constexpr std::string_view kInsufficientScope = "insufficient_scope";

// The value of WWW-Authenticate. `metadata_url` may be empty: then there is no issuer to ask.
// Whatever the texts hold, the value stays one field of printable ASCII.
[[nodiscard]] std::string www_authenticate(const Challenge& challenge,
                                           std::string_view metadata_url);

// This server as a resource.
struct Resource {
  HttpUrl url;  // canonical: what clients connect to and tokens are made for
  std::string name;
  std::vector<std::string> issuers;
  std::vector<std::string> scopes_supported;
};

inline constexpr std::string_view kMetadataPath = "/.well-known/oauth-protected-resource";

// kMetadataPath with the resource's own path behind it (RFC 9728 section 3.1).
[[nodiscard]] std::string metadata_path(const HttpUrl& resource);
[[nodiscard]] std::string metadata_url(const HttpUrl& resource);
[[nodiscard]] std::string metadata_json(const Resource& resource);

}  // namespace martgate::identity
