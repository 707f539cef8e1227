// Which Host and Origin headers are served: whole names compared exactly, against DNS rebinding and
// requests that a foreign web page sends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace martgate::http {

struct Authority {
  std::string host;                   // lower case, one trailing dot removed, IPv6 in brackets
  std::optional<std::uint16_t> port;  // as written
};

// "name", "name:8080", "[::1]:8080". Nothing for user information, blanks, an empty port, foreign
// bytes.
[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text);

class HostRules {
 public:
  // hosts    "name" admits any port, "name:8443" that port alone.
  // origins  "https://name" and "https://name:8443" admit exactly that (80 and 443 are implied by
  //          their schemes), "http://name:*" any port.
  // Errors   InvalidArgument: an entry that no header could equal.
  [[nodiscard]] static Result<HostRules> from(const std::vector<std::string>& hosts,
                                              const std::vector<std::string>& origins);
  // localhost, 127.0.0.1 and [::1] with any port; the same as http and https origins.
  [[nodiscard]] static HostRules loopback();
  // The same and these. Errors: as from().
  [[nodiscard]] static Result<HostRules> loopback_and(const std::vector<std::string>& hosts,
                                                      const std::vector<std::string>& origins);

  [[nodiscard]] bool admits_host(std::string_view header) const;
  // "null" and whatever does not parse is refused. A request without Origin does not ask here: it
  // does not come from a page.
  [[nodiscard]] bool admits_origin(std::string_view header) const;

 private:
  struct HostRule {
    std::string host;
    std::optional<std::uint16_t> port;  // nothing: any
  };
  struct OriginRule {
    std::string scheme;
    std::string host;
    std::optional<std::uint16_t> port;  // the effective one; nothing: any
  };

  std::vector<HostRule> hosts_;
  std::vector<OriginRule> origins_;
};

}  // namespace martgate::http
