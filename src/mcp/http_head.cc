#include "mcp/http_head.h"

#include <algorithm>
#include <string>

#include "base/base64.h"
#include "base/text.h"
#include "mcp/revision.h"

namespace martgate::mcp {
namespace {

constexpr std::string_view kBase64Prefix = "=?base64?";
constexpr std::string_view kBase64Suffix = "?=";

bool is_plain(std::string_view value) {
  return std::ranges::all_of(value, [](char c) { return c == '\t' || (c >= 0x20 && c <= 0x7E); });
}

// "text/html;q=0.5" in its parts: the type in lower case, and whether its weight is above zero.
bool range_admits(std::string_view range, std::string_view media_type) {
  const std::vector<std::string_view> parts = split(range, ';');
  for (const std::string_view part : std::span(parts).subspan(1)) {
    const std::string parameter = lower_ascii(trim(part));
    if (parameter.starts_with("q=0") && parameter.find_first_not_of("0.", 2) == std::string::npos) {
      return false;
    }
  }
  const std::string type = lower_ascii(trim(parts.front()));
  if (type == "*/*" || type == media_type) return true;
  const std::string_view main_type = media_type.substr(0, media_type.find('/') + 1);
  return type.starts_with(main_type) && type.substr(main_type.size()) == "*";
}

}  // namespace

bool is_json_type(std::string_view content_type) {
  return lower_ascii(trim(content_type.substr(0, content_type.find(';')))) == "application/json";
}

bool accepts(std::span<const std::string_view> accept, std::string_view media_type) {
  if (accept.empty()) return true;
  for (const std::string_view field : accept) {
    for (const std::string_view range : split(field, ',')) {
      if (range_admits(range, media_type)) return true;
    }
  }
  return false;
}

VersionHeader version_header_of(std::optional<std::string_view> value) {
  if (!value) return VersionHeader::Absent;
  if (names_modern_revision(*value)) return VersionHeader::Modern;
  return revision_named(*value) ? VersionHeader::Legacy : VersionHeader::Unknown;
}

RpcResult<std::string> decoded_value(std::string_view header, std::string_view value) {
  if (!is_plain(value)) {
    return tl::unexpected(malformed_header(header, "holds bytes that need the base64 form"));
  }
  const bool is_encoded = value.size() >= kBase64Prefix.size() + kBase64Suffix.size() &&
                          value.starts_with(kBase64Prefix) && value.ends_with(kBase64Suffix);
  if (!is_encoded) return std::string(value);

  value.remove_prefix(kBase64Prefix.size());
  value.remove_suffix(kBase64Suffix.size());
  std::optional<std::string> bytes = decode_base64(value);
  if (!bytes) return tl::unexpected(malformed_header(header, "is not canonical base64"));
  if (!is_utf8(*bytes)) {
    return tl::unexpected(malformed_header(header, "decodes to bytes that are not UTF-8"));
  }
  return std::move(*bytes);
}

}  // namespace martgate::mcp
