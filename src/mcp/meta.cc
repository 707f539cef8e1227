#include "mcp/meta.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "mcp/message.h"
#include "mcp/wire.h"

namespace martgate::mcp {
namespace {

const Json* member(const Json& object, std::string_view key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

// The `_meta` object, or null when there is none of that type.
const Json* meta_of(const Json* params) {
  if (params == nullptr) return nullptr;
  const Json* meta = member(*params, "_meta");
  return meta != nullptr && meta->is_object() ? meta : nullptr;
}

bool is_implementation(const Json& info) {
  if (!info.is_object()) return false;
  const Json* name = member(info, "name");
  const Json* version = member(info, "version");
  return name != nullptr && name->is_string() && version != nullptr && version->is_string();
}

bool is_log_level(const Json& level) {
  return level.is_string() && log_level_named(level.get_ref<const std::string&>()).has_value();
}

struct Rule {
  std::string_view key;
  bool is_required;
  bool (*accepts)(const Json&);
  std::string_view wanted;
};

constexpr std::array kRules{
    Rule{meta_key::kProtocolVersion, true, [](const Json& v) { return v.is_string(); }, "a string"},
    Rule{meta_key::kClientCapabilities, true, [](const Json& v) { return v.is_object(); },
         "an object"},
    Rule{meta_key::kClientInfo, false, is_implementation,
         "an object with the strings name and version"},
    Rule{meta_key::kLogLevel, false, is_log_level, "a log level"},
    Rule{meta_key::kProgressToken, false, [](const Json& v) { return id_text_of(v).has_value(); },
         "a string or an integer"},
};

std::optional<std::string> missing_keys(const Json* meta) {
  std::vector<std::string> missing;
  for (const Rule& rule : kRules) {
    if (rule.is_required && (meta == nullptr || member(*meta, rule.key) == nullptr)) {
      missing.emplace_back(rule.key);
    }
  }
  if (missing.empty()) return std::nullopt;
  return fmt::format("params._meta needs {}", join(missing, " and "));
}

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_all_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

bool has_claim(const Json* params) {
  const Json* meta = meta_of(params);
  return meta != nullptr && meta->contains(meta_key::kProtocolVersion);
}

RpcResult<Meta> read_meta(const Json* params) {
  const Json* meta = meta_of(params);
  if (auto missing = missing_keys(meta)) return tl::unexpected(invalid_meta(std::move(*missing)));
  for (const Rule& rule : kRules) {
    const Json* value = member(*meta, rule.key);
    if (value != nullptr && !rule.accepts(*value)) {
      return tl::unexpected(
          invalid_meta(fmt::format("params._meta[\"{}\"] must be {}", rule.key, rule.wanted)));
    }
  }
  return Meta{member(*meta, meta_key::kProtocolVersion)->get<std::string>()};
}

std::string progress_token_of(const Json* params) {
  const Json* meta = meta_of(params);
  const Json* token = meta == nullptr ? nullptr : member(*meta, meta_key::kProgressToken);
  return token == nullptr ? std::string() : id_text_of(*token).value_or("");
}

std::optional<LogLevel> log_level_of(const Json* params) {
  const Json* meta = meta_of(params);
  const Json* level = meta == nullptr ? nullptr : member(*meta, meta_key::kLogLevel);
  if (level == nullptr || !level->is_string()) return std::nullopt;
  return log_level_named(level->get_ref<const std::string&>());
}

const Json* client_capabilities_of(const Json* params) {
  const Json* meta = meta_of(params);
  return meta == nullptr ? nullptr : member(*meta, meta_key::kClientCapabilities);
}

std::string trace_id_of(const Json* params) {
  const Json* meta = meta_of(params);
  const Json* value = meta == nullptr ? nullptr : member(*meta, meta_key::kTraceParent);
  if (value == nullptr || !value->is_string()) return {};

  // version "-" trace-id "-" parent-id "-" flags; later versions may append "-" and more.
  const std::string_view text = value->get_ref<const std::string&>();
  const std::vector<std::string_view> parts = split(text, '-');
  constexpr std::array<std::size_t, 4> kSizes{2, 32, 16, 2};
  if (parts.size() < kSizes.size()) return {};
  for (std::size_t i = 0; i < kSizes.size(); ++i) {
    if (parts[i].size() != kSizes[i] || !is_lower_hex(parts[i])) return {};
  }
  const bool is_first_version = parts[0] == "00";
  if (parts[0] == "ff" || (is_first_version && parts.size() != kSizes.size())) return {};
  if (is_all_zero(parts[1]) || is_all_zero(parts[2])) return {};
  return std::string(parts[1]);
}

}  // namespace martgate::mcp
