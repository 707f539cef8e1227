#include "identity/scopes.h"

#include <algorithm>
#include <set>

namespace martgate::identity {

std::vector<std::string> with_implied(const std::vector<std::string>& scopes,
                                      const ScopeRules& rules) {
  std::set<std::string> held;
  std::vector<std::string> waiting = scopes;
  while (!waiting.empty()) {
    const std::string scope = std::move(waiting.back());
    waiting.pop_back();
    if (!held.insert(scope).second) continue;
    if (const auto narrower = rules.implied.find(scope); narrower != rules.implied.end())
      waiting.insert(waiting.end(), narrower->second.begin(), narrower->second.end());
  }
  return {held.begin(), held.end()};
}

std::vector<std::string> scopes_for(std::string_view tool, const ScopeRules& rules) {
  std::set<std::string> needed(rules.required.begin(), rules.required.end());
  if (const auto more = rules.tools.find(tool); more != rules.tools.end())
    needed.insert(more->second.begin(), more->second.end());
  return {needed.begin(), needed.end()};
}

bool holds_all(const std::vector<std::string>& held, const std::vector<std::string>& needed) {
  return std::ranges::includes(held, needed);
}

}  // namespace martgate::identity
