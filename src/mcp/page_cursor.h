// Cursors of lists: the last key of a page, opaque to the client and good for its own list only.
#pragma once

#include <string>
#include <string_view>

#include "base/mac.h"
#include "base/result.h"

namespace martgate::mcp {

// <base64url of the key>.<base64url of 16 bytes of HMAC over the list's name and the key>
// A key may be empty; a cursor never is. It stays good while the key of the process stays, also
// when items come and go: the next page begins behind the last key.
[[nodiscard]] std::string seal_cursor(const MacKey& key, std::string_view list,
                                      std::string_view last_item);

// The last item's key. Errors: InvalidArgument for anything that seal_cursor() did not return for
// this list.
[[nodiscard]] Result<std::string> open_cursor(const MacKey& key, std::string_view list,
                                              std::string_view cursor);

}  // namespace martgate::mcp
