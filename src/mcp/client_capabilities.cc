#include "mcp/client_capabilities.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace martgate::mcp {
namespace {

const Json* object_at(const Json& parent, const char* key) {
  const auto found = parent.find(key);
  return found != parent.end() && found->is_object() ? &*found : nullptr;
}

}  // namespace

bool ClientCapabilities::has_extension(std::string_view id) const {
  return std::ranges::binary_search(extensions, id);
}

ClientCapabilities read_client_capabilities(const Json* capabilities) {
  ClientCapabilities read;
  if (capabilities == nullptr || !capabilities->is_object() || capabilities->empty()) return read;
  if (const Json* elicitation = object_at(*capabilities, "elicitation")) {
    read.elicits_url = object_at(*elicitation, "url") != nullptr;
    read.elicits_form = object_at(*elicitation, "form") != nullptr || !read.elicits_url;
  }
  if (const Json* sampling = object_at(*capabilities, "sampling")) {
    read.samples = true;
    read.samples_with_tools = object_at(*sampling, "tools") != nullptr;
  }
  read.lists_roots = object_at(*capabilities, "roots") != nullptr;
  if (const Json* extensions = object_at(*capabilities, "extensions")) {
    for (const auto& [id, settings] : extensions->items()) {
      if (settings.is_object()) read.extensions.push_back(id);  // members are sorted by key
    }
  }
  return read;
}

}  // namespace martgate::mcp
