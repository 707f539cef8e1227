#include "ingest/connect/secrets.h"

#include <cstdlib>

#include "base/text.h"

namespace martgate::ingest {

std::optional<std::string> environment_secret(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

std::string scrubbed(std::string_view text, std::string_view secret, std::size_t bytes_max) {
  std::string clean(trim(text));
  if (!secret.empty()) {
    for (std::size_t at = clean.find(secret); at != std::string::npos;
         at = clean.find(secret, at)) {
      clean.replace(at, secret.size(), "***");
      at += 3;
    }
  }
  // One line: messages of servers come in several.
  for (char& c : clean) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  return shown(clean, bytes_max);
}

}  // namespace martgate::ingest
