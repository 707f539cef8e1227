#include "identity/challenge.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/text.h"

namespace martgate::identity {
namespace {

// Printable ASCII without quote and backslash: what RFC 6750 section 3 admits in a value, and what
// needs no escape in a quoted string (RFC 9110 section 5.6.4).
std::string quotable(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    const bool is_plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
    safe.push_back(is_plain ? c : '\'');
  }
  return safe;
}

std::string_view without_slash(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace

std::string www_authenticate(const Challenge& challenge, std::string_view metadata_url) {
  std::string value = "Bearer";
  char before = ' ';
  const auto add = [&](std::string_view name, std::string_view text) {
    if (text.empty()) return;
    value += fmt::format("{}{}=\"{}\"", before == ' ' ? " " : ", ", name, quotable(text));
    before = ',';
  };
  add("error", challenge.error);
  add("error_description", challenge.description);
  add("resource_metadata", metadata_url);
  add("scope", join(challenge.scopes, " "));
  return value;
}

std::string metadata_path(const HttpUrl& resource) {
  return fmt::format("{}{}", kMetadataPath, without_slash(resource.path));
}

std::string metadata_url(const HttpUrl& resource) {
  return resource.origin() + metadata_path(resource);
}

std::string metadata_json(const Resource& resource) {
  std::string text;
  JsonWriter json(text);
  const auto list = [&](const char* name, const std::vector<std::string>& words) {
    json.key(name).begin_array();
    for (const std::string& word : words) json.string(word);
    json.end_array();
  };
  json.begin_object().field("resource", resource.url.canonical());
  list("authorization_servers", resource.issuers);
  if (!resource.scopes_supported.empty()) list("scopes_supported", resource.scopes_supported);
  list("bearer_methods_supported", {"header"});
  json.field("resource_name", resource.name).end_object();
  return text;
}

}  // namespace martgate::identity
