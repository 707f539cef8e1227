#include "build/raw_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/json_writer.h"

namespace martgate::build {
namespace {

using store::Value;

std::int64_t int_of(const Value& value) {
  const auto* number = std::get_if<std::int64_t>(&value);
  return number == nullptr ? 0 : *number;
}

std::string text_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? std::string() : *text;
}

}  // namespace

Status read_raw_contents(store::Connection& connection, std::vector<engine::LoadedTable>& tables) {
  for (engine::LoadedTable& table : tables) {
    const Value values[] = {table.raw_name};
    const auto live = connection.query(
        "SELECT load_id, sha256, row_count, quarantined, loaded_at_ms FROM raw._martgate_loads"
        " WHERE raw_table = ? AND live = 1 ORDER BY load_id",
        values);
    if (!live) return tl::unexpected(with_context(live.error(), "raw store"));
    std::string text;
    JsonWriter json(text);
    json.begin_array();
    std::int64_t last = 0;  // 0: nothing was loaded
    for (std::size_t i = 0; i < live->row_count(); ++i) {
      const auto row = live->row(i);
      json.integer(int_of(row[0])).string(text_of(row[1])).integer(int_of(row[2]));
      json.integer(int_of(row[3]));
      last = std::max(last, int_of(row[4]));
    }
    json.end_array();
    const std::int64_t expected =
        table.last_loaded_at ? table.last_loaded_at->time_since_epoch().count() : 0;
    std::string content = sha256_hex(text);
    const bool is_other = !table.content.empty() && table.content != content;
    if (std::cmp_not_equal(live->row_count(), table.loads) || last != expected || is_other) {
      return fail(Code::Unavailable,
                  fmt::format("raw table {} changed while the build began", table.raw_name),
                  {"build again"}, "raw_changed");
    }
    table.content = std::move(content);
  }
  return {};
}

}  // namespace martgate::build
