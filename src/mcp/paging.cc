#include "mcp/paging.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "mcp/owner.h"
#include "mcp/page_cursor.h"

namespace martgate::mcp {

RpcResult<Page> page_of(Call& call, std::size_t count,
                        const std::function<std::string_view(std::size_t)>& key_at) {
  const MacKey& key = call.service().options.key;
  const auto list_of = [&call] { return std::string(call.method()) + owner_text(call.caller()); };
  Page page;
  const Json* params = call.params();
  if (params != nullptr && params->contains("cursor")) {
    const Json& cursor = params->at("cursor");
    if (!cursor.is_string()) {
      return tl::unexpected(invalid_params("params.cursor must be a string"));
    }
    const Result<std::string> last =
        open_cursor(key, list_of(), cursor.get_ref<const std::string&>());
    if (!last) return tl::unexpected(to_rpc(last.error()));
    while (page.begin < count && key_at(page.begin) != *last) ++page.begin;
    if (page.begin == count) {
      return tl::unexpected(invalid_params("the list has changed: ask again without a cursor"));
    }
    ++page.begin;
  }
  page.end = std::min(count, page.begin + call.service().options.page_items_max);
  if (page.end < count) page.next_cursor = seal_cursor(key, list_of(), key_at(page.end - 1));
  return page;
}

}  // namespace martgate::mcp
