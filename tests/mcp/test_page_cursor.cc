#include <doctest/doctest.h>

#include <string>

#include "mcp/page_cursor.h"

namespace martgate::mcp {

TEST_CASE("page_cursor: a cursor of another list, key or spelling is refused") {
  const MacKey key = random_mac_key();
  const std::string cursor = seal_cursor(key, "tools/list", "query_metrics");
  for (const std::string& text : {std::string(), std::string("."), cursor + "A", cursor.substr(1),
                                  "A" + cursor, cursor.substr(0, cursor.find('.')), cursor + ".",
                                  cursor + "=", seal_cursor(key, "prompts/list", "query_metrics"),
                                  seal_cursor(random_mac_key(), "tools/list", "query_metrics"),
                                  std::string(10'000, 'A') + ".AAAA"}) {
    const auto opened = open_cursor(key, "tools/list", text);
    REQUIRE_MESSAGE(!opened, text);
    CHECK(opened.error().code == Code::InvalidArgument);
  }
  // The border between list and key cannot be moved.
  CHECK_FALSE(open_cursor(key, "tools/list2", seal_cursor(key, "tools/list", "2x")));
}

TEST_CASE("page_cursor: the last key comes back, whatever its bytes") {
  const MacKey key = random_mac_key();
  for (const std::string item : {"query_metrics", "", "martgate://metric/naïve", "a.b\n"}) {
    const std::string cursor = seal_cursor(key, "resources/list", item);
    CHECK_FALSE(cursor.empty());
    const auto opened = open_cursor(key, "resources/list", cursor);
    REQUIRE(opened);
    CHECK(*opened == item);
  }
}

}  // namespace martgate::mcp
