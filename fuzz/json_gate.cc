// The JSON gate: what it accepts is what any other parser reads, within every limit, with one
// canonical form; what it refuses has one of its reasons.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "input.h"
#include "json/canonical.h"
#include "json/parse.h"

using namespace martgate;

namespace {

struct Measure {
  std::size_t depth = 0;
  std::size_t elements = 0;
  std::size_t members = 0;      // of the largest object
  std::size_t members_all = 0;  // of all objects
  std::size_t string_bytes = 0;
};

void measure(const Json& value, std::size_t depth, Measure& found) {
  ++found.elements;
  if (value.is_string()) {
    found.string_bytes = std::max(found.string_bytes, value.get_ref<const std::string&>().size());
  }
  if (!value.is_structured()) return;
  found.depth = std::max(found.depth, depth + 1);
  if (value.is_object()) {
    found.members = std::max(found.members, value.size());
    found.members_all += value.size();
  }
  for (const auto& [key, member] : value.items()) {
    if (value.is_object()) found.string_bytes = std::max(found.string_bytes, key.size());
    measure(member, depth + 1, found);
  }
}

// What the library alone reads, and how many keys it met: a key twice makes them more than members.
Json read_by_the_library(std::string_view text, std::size_t& keys) {
  return Json::parse(text, [&keys](int /*depth*/, Json::parse_event_t event, Json& /*value*/) {
    if (event == Json::parse_event_t::key) ++keys;
    return true;
  });
}

void check_text(std::string_view text, const ParseLimits& limits) {
  const auto parsed = parse_ijson(text, limits);
  if (!parsed) {
    static constexpr std::array<std::string_view, 6> kReasons{
        "json_syntax", "json_depth", "json_duplicate_key", "json_number", "json_utf8", "json_size"};
    const Error& error = parsed.error();
    MARTGATE_CHECK(error.code == Code::InvalidArgument);
    MARTGATE_CHECK(std::find(kReasons.begin(), kReasons.end(), error.reason) != kReasons.end());
    MARTGATE_CHECK(is_utf8(error.message));
    MARTGATE_CHECK(error.message.find_first_of("\r\n") == std::string::npos);
    return;
  }
  MARTGATE_CHECK(text.size() <= limits.bytes_max && is_utf8(text));
  Measure found;
  measure(*parsed, 0, found);
  MARTGATE_CHECK(found.depth <= limits.depth_max);
  MARTGATE_CHECK(found.elements <= limits.elements_max);
  MARTGATE_CHECK(found.members <= limits.members_max);
  MARTGATE_CHECK(found.string_bytes <= limits.string_bytes_max);
  std::size_t keys = 0;
  MARTGATE_CHECK(read_by_the_library(text, keys) == *parsed);
  MARTGATE_CHECK(keys == found.members_all);
  const std::string canonical = canonical_json(*parsed);
  // Doubles may be longer in their canonical form than as they were sent.
  const auto again = parse_ijson(canonical, {.number_bytes_max = 64});
  MARTGATE_CHECK(again.has_value());
  MARTGATE_CHECK(canonical_json(*again) == canonical);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  check_text(input.rest(), {});
  // The same without its first bytes, under limits that those bytes choose.
  ParseLimits narrow;
  narrow.bytes_max = input.byte();
  narrow.depth_max = input.byte() % 8;
  narrow.string_bytes_max = input.byte() % 16;
  narrow.members_max = input.byte() % 8;
  narrow.elements_max = input.byte() % 32;
  narrow.number_bytes_max = input.byte() % 16;
  check_text(input.rest(), narrow);
  return 0;
}
