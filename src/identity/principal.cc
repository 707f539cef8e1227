#include "identity/principal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace martgate::identity {
namespace {

constexpr std::array kKinds{Kind::Person, Kind::Agent, Kind::Service};
constexpr std::size_t kTenantBytesMax = 64;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::Person:
      return "person";
    case Kind::Agent:
      return "agent";
    case Kind::Service:
      return "service";
  }
  return "agent";
}

std::optional<Kind> kind_named(std::string_view name) {
  const auto* const found =
      std::ranges::find(kKinds, name, [](Kind kind) { return name_of(kind); });
  if (found == kKinds.end()) return std::nullopt;
  return *found;
}

bool is_subject_name(std::string_view name) {
  return !name.empty() && name.size() <= kSubjectBytesMax &&
         std::ranges::all_of(name, [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_tenant_name(std::string_view name) {
  return !name.empty() && name.size() <= kTenantBytesMax && is_alphanumeric(name.front()) &&
         std::ranges::all_of(
             name, [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

std::string to_text(const Subject& subject) {
  if (subject.issuer == kLocalIssuer && subject.name == kLocalName) return std::string(kLocalName);
  return fmt::format("{}@{}", subject.name, subject.issuer);
}

Principal local_principal() {
  Principal principal;
  principal.subject = {std::string(kLocalName), std::string(kLocalIssuer)};
  return principal;
}

Result<Principal> launched_as(std::string_view text) {
  Principal principal = local_principal();
  std::string_view name = text;
  if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    const auto kind = kind_named(text.substr(0, colon));
    if (!kind) {
      return fail(Code::InvalidArgument,
                  fmt::format("\"{}\" is no kind of principal", shown(text.substr(0, colon), 40)),
                  {"accepted: person:NAME, agent:NAME, service:NAME, or NAME, which is an agent"});
    }
    principal.kind = *kind;
    name = text.substr(colon + 1);
  }
  if (!is_subject_name(name)) {
    return fail(Code::InvalidArgument,
                fmt::format("\"{}\" cannot name a principal", shown(name, 80)),
                {fmt::format("accepted: 1 to {} visible ASCII characters without a blank",
                             kSubjectBytesMax)});
  }
  principal.subject.name = name;
  return principal;
}

}  // namespace martgate::identity
