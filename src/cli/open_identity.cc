#include "cli/open_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "gate/identity_rules.h"
#include "identity/issuer_keys.h"
#include "identity/key_store.h"

namespace martgate::cli {

bool OpenIdentity::has_credentials(WallTime now) const {
  const identity::AuthenticationRules& rules = authenticator->rules();
  return !rules.issuers.empty() || (keys != nullptr && keys->ring()->usable_count(now) > 0);
}

Result<OpenIdentity> open_identity(App& app, const catalog::Settings& settings,
                                   bool admits_anonymous) {
  OpenIdentity open;
  if (settings.auth.api_keys) {
    auto keys =
        identity::KeyWatch::start(identity::KeyStore::path_in(settings.state_folder), app.clock);
    if (!keys) return tl::unexpected(keys.error());
    open.keys = std::move(*keys);
  }
  if (!settings.auth.issuers.empty()) {
    open.fetcher = std::make_unique<identity::SystemKeyFetcher>(app.clock);
    auto issuer_keys =
        identity::IssuerKeys::start(gate::key_sources_of(settings.auth), *open.fetcher, app.clock,
                                    identity::kept_keys_folder(settings.state_folder));
    if (!issuer_keys) return tl::unexpected(issuer_keys.error());
    open.issuer_keys = std::move(*issuer_keys);
  }
  identity::AuthenticationRules rules = gate::authentication_rules_of(settings.auth);
  rules.admits_anonymous = rules.admits_anonymous && admits_anonymous;
  open.authenticator = std::make_unique<identity::Authenticator>(std::move(rules), open.keys.get(),
                                                                 open.issuer_keys.get(), app.clock);
  if (const auto resource = gate::resource_of(settings))
    open.metadata_url = identity::metadata_url(resource->url);
  return open;
}

std::optional<std::string> secret_in(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

Result<std::string> bearer_in_environment() {
  const auto key = secret_in(kKeyVariable);
  const auto token = secret_in(kTokenVariable);
  if (key && token) {
    return fail(Code::InvalidArgument,
                fmt::format("{} and {} are both set", kKeyVariable, kTokenVariable),
                {"give one of them"});
  }
  const std::string bearer = key ? *key : token.value_or("");
  const bool is_clean =
      std::ranges::all_of(bearer, [](char c) { return c > 0x20 && c < 0x7f && c != ','; });
  if (!is_clean) {
    return fail(Code::InvalidArgument,
                fmt::format("{} holds a blank or another character that no credential holds",
                            key ? kKeyVariable : kTokenVariable));
  }
  return bearer;
}

Result<gate::Caller> launched_caller(const OpenIdentity& identity, const std::string& as) {
  const auto key = secret_in(kKeyVariable);
  if (key && !as.empty()) {
    return fail(Code::InvalidArgument, "--as and MARTGATE_KEY both say who asks",
                {"give one of them"});
  }
  if (key) {
    const auto answer = identity.authenticator->authenticate(identity::BearerCredential{*key});
    if (!answer) {
      return fail(Code::PermissionDenied,
                  fmt::format("{}: {}", kKeyVariable, answer.error().challenge.description),
                  {"martgate keys list shows the keys there are"}, "bad_credential");
    }
    return gate::caller_of(*answer);
  }
  if (as.empty()) return gate::Caller{};
  auto principal = identity::launched_as(as);
  if (!principal) return tl::unexpected(with_context(principal.error(), "--as"));
  return gate::caller_of(
      {std::make_shared<const identity::Principal>(std::move(*principal)), false, std::nullopt});
}

}  // namespace martgate::cli
