// Which scopes a credential needs for what, and which it has.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace martgate::identity {

struct ScopeRules {
  std::vector<std::string> supported;  // what a client may ask its issuer for
  std::vector<std::string> required;   // of every request
  std::map<std::string, std::vector<std::string>, std::less<>> tools;    // beside `required`
  std::map<std::string, std::vector<std::string>, std::less<>> implied;  // broad -> narrow
};

// `scopes` and all they imply, sorted, each once; a circle of implications ends.
[[nodiscard]] std::vector<std::string> with_implied(const std::vector<std::string>& scopes,
                                                    const ScopeRules& rules);

// All that a call of the tool needs at once; of any other request when the name is empty.
[[nodiscard]] std::vector<std::string> scopes_for(std::string_view tool, const ScopeRules& rules);

// Both sorted.
[[nodiscard]] bool holds_all(const std::vector<std::string>& held,
                             const std::vector<std::string>& needed);

}  // namespace martgate::identity
