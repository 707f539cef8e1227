// Values of protocol headers: plain ones are themselves, base64 ones have one spelling, and an
// argument is equal to its header or refused.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/base64.h"
#include "base/check.h"
#include "base/text.h"
#include "input.h"
#include "json/parse.h"
#include "mcp/http_head.h"
#include "mcp/param_headers.h"

using namespace martgate;

namespace {

constexpr std::string_view kPrefix = "=?base64?";
constexpr std::string_view kSuffix = "?=";

std::string encoded(std::string_view bytes) {
  return std::string(kPrefix) + base64(bytes) + std::string(kSuffix);
}

void check_value(std::string_view value) {
  const auto decoded = mcp::decoded_value("Mcp-Name", value);
  if (!decoded) {
    MARTGATE_CHECK(decoded.error().code == -32020 && decoded.error().http_status == 400);
    MARTGATE_CHECK(decoded.error().data.empty() || parse_ijson(decoded.error().data).has_value());
    return;
  }
  MARTGATE_CHECK(is_utf8(*decoded));
  if (*decoded != value) MARTGATE_CHECK(value == encoded(*decoded));
  MARTGATE_CHECK(std::all_of(value.begin(), value.end(),
                             [](char c) { return c == '\t' || (c >= 0x20 && c < 0x7F); }));
}

// A field of every type; the input gives arguments and header lines.
void check_params(std::string_view arguments_text, fuzz::Input lines) {
  static const auto kHeaders = mcp::param_headers_of(*parse_ijson(R"({"type":"object","properties":{
    "region":{"type":"string","x-mcp-header":"Region"},
    "count":{"type":"integer","x-mcp-header":"Count"},
    "deep":{"type":"object","properties":{"dry":{"type":"boolean","x-mcp-header":"Dry"}}}}})"));
  MARTGATE_CHECK(kHeaders.has_value() && kHeaders->size() == 3);
  const auto arguments = parse_ijson(arguments_text);
  if (!arguments) return;
  std::vector<mcp::HeaderField> fields;
  while (!lines.is_empty()) {
    fuzz::Input line = lines;
    const std::string_view whole = lines.until('\n');
    const std::string_view name = line.until(':');
    if (name.size() < whole.size()) fields.emplace_back(name, whole.substr(name.size() + 1));
  }
  const auto checked = mcp::check_param_headers(*kHeaders, &*arguments, fields);
  if (!checked) {
    MARTGATE_CHECK(checked.error().code == -32020);
    return;
  }
  const auto region = arguments->is_object() ? arguments->find("region") : arguments->end();
  if (region == arguments->end() || !region->is_string()) return;
  // It passed, so exactly one field of that name says exactly this.
  std::size_t count = 0;
  for (const auto& [name, value] : fields) {
    if (lower_ascii(name) != "mcp-param-region") continue;
    ++count;
    const auto decoded = mcp::decoded_value(name, value);
    MARTGATE_CHECK(decoded && *decoded == region->get<std::string>());
  }
  MARTGATE_CHECK(count == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::string_view all = input.rest();
  check_value(all);
  check_value(encoded(all));
  check_value(std::string(kPrefix) + std::string(all) + std::string(kSuffix));
  // Whatever is UTF-8 can be sent, and arrives as it was.
  if (is_utf8(all)) {
    const auto decoded = mcp::decoded_value("Mcp-Name", encoded(all));
    MARTGATE_CHECK(decoded && *decoded == all);
  }
  static_cast<void>(mcp::is_json_type(all));
  const std::string_view accept[] = {all};
  const bool takes_json = mcp::accepts(accept, "application/json");
  MARTGATE_CHECK(!takes_json || all.find('*') != all.npos ||
                 lower_ascii(all).find("application/json") != std::string::npos);
  static_cast<void>(mcp::version_header_of(all));
  const std::string_view arguments = input.until('\n');
  check_params(arguments, input);
  return 0;
}
