#include "mcp/methods.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "mcp/legacy.h"
#include "mcp/modern.h"
#include "mcp/tools.h"
#include "mcp/wire.h"

namespace martgate::mcp {
namespace {

// initialize is not here: it makes the session that requests are served in.
constexpr std::array kMethods{
    Method{method::kDiscover, false, true, {}, discover},
    Method{method::kPing, true, false, {}, ping},
    Method{method::kToolsList, true, true, {}, list_tools},
    Method{method::kToolsCall, true, true, "name", call_tool},
};

}  // namespace

Request::Request() = default;
Request::Request(Request&&) noexcept = default;
Request& Request::operator=(Request&&) noexcept = default;
Request::~Request() = default;

const Method* find_method(std::string_view name, Era era) {
  const auto found = std::ranges::find_if(kMethods, [&](const Method& method) {
    return method.name == name && (era == Era::Modern ? method.in_modern : method.in_legacy);
  });
  return found == kMethods.end() ? nullptr : &*found;
}

void write_capabilities(JsonWriter& writer) {
  writer.begin_object().key("tools").begin_object().end_object().end_object();
}

}  // namespace martgate::mcp
