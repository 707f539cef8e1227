// Pages of a list: what a cursor points at, and where the page ends.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "mcp/call.h"

namespace martgate::mcp {

struct Page {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string next_cursor;  // empty on the last page
};

// The page that the call's `cursor` asks for, of a list with unique keys in a fixed order. A cursor
// is good for the method and the caller it was made for.
// Errors: invalid params for a cursor that is none of ours, or whose place in the list is gone.
[[nodiscard]] RpcResult<Page> page_of(Call& call, std::size_t count,
                                      const std::function<std::string_view(std::size_t)>& key_at);

// How long a client may keep a page; every page depends on the caller.
inline constexpr std::int64_t kListTtlMs = 60'000;

// {"<member>":[…],"nextCursor":…}: the answer to a list method, or its refusal.
template <class Items, class KeyOf, class Write>
void answer_list(Call& call, std::string_view member, const Items& items, const KeyOf& key_of,
                 const Write& write) {
  const RpcResult<Page> page = page_of(
      call, items.size(), [&](std::size_t at) -> std::string_view { return key_of(items[at]); });
  if (!page) return call.refuse(page.error());
  ResultMessage message(call.frame(), 1'024);
  JsonWriter& writer = message.members();
  writer.key(member).begin_array();
  for (std::size_t at = page->begin; at < page->end; ++at) write(writer, items[at]);
  writer.end_array();
  if (!page->next_cursor.empty()) writer.field("nextCursor", page->next_cursor);
  message.cache_hint(kListTtlMs, CacheScope::Private);
  call.answer(std::move(message).finish());
}

}  // namespace martgate::mcp
