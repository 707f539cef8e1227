#include "mcp/page_cursor.h"

#include <cstddef>

#include "base/base64.h"

namespace martgate::mcp {
namespace {

// Keeps these signatures apart from any other use of the key.
constexpr std::string_view kPurpose("martgate-cursor-v1\0", 19);
constexpr std::size_t kMacBytes = 16;
constexpr std::size_t kCursorBytesMax = 4'096;

std::string mac_of(const MacKey& key, std::string_view list, std::string_view last_item) {
  std::string message(kPurpose);
  message.append(list).push_back('\0');  // no list has a NUL in its name
  message.append(last_item);
  const Digest mac = hmac_sha256(key, message);
  return {mac.begin(), mac.begin() + kMacBytes};
}

}  // namespace

std::string seal_cursor(const MacKey& key, std::string_view list, std::string_view last_item) {
  return base64url(last_item) + "." + base64url(mac_of(key, list, last_item));
}

Result<std::string> open_cursor(const MacKey& key, std::string_view list, std::string_view cursor) {
  const auto refused = [] {
    return fail(Code::InvalidArgument, "unknown cursor",
                {"leave the cursor out to begin with the first page"}, "unknown_cursor");
  };
  const std::size_t dot = cursor.find('.');
  if (dot == std::string_view::npos || cursor.size() > kCursorBytesMax) return refused();
  auto last_item = decode_base64url(cursor.substr(0, dot));
  const auto mac = decode_base64url(cursor.substr(dot + 1));
  if (!last_item || !mac || !equal_secrets(*mac, mac_of(key, list, *last_item))) return refused();
  return std::move(*last_item);
}

}  // namespace martgate::mcp
