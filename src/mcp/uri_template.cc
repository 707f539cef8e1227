#include "mcp/uri_template.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "mcp/resource_uri.h"

namespace martgate::mcp {
namespace {

bool is_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// The value that `text` of a URI stands for under an operator.
std::optional<std::string> value_of(std::string_view text, char op) {
  if (text.empty()) return std::nullopt;
  if (op == 0 && text.find_first_of("/?#") != std::string_view::npos) return std::nullopt;
  auto value = percent_decode(text);
  if (!value || !is_utf8(*value) || has_dot_segment(*value)) return std::nullopt;
  const bool has_control = std::ranges::any_of(
      *value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; });
  if (has_control) return std::nullopt;
  return value;
}

}  // namespace

Result<UriTemplate> UriTemplate::parse(std::string_view text) {
  const auto refused = [](std::size_t at, std::string_view message) {
    return fail(Code::InvalidArgument, fmt::format("URI template, byte {}: {}", at, message),
                {"write {name}, {+name} or {#name}"}, "bad_uri_template");
  };
  UriTemplate made;
  made.text_ = text;
  std::size_t at = 0;
  for (;;) {
    const std::size_t open = text.find_first_of("{}", at);
    Part part;
    part.literal = text.substr(at, open == std::string_view::npos ? open : open - at);
    if (open == std::string_view::npos) {
      made.parts_.push_back(std::move(part));
      return made;
    }
    if (text[open] == '}') return refused(open, "\"}\" without \"{\"");
    if (part.literal.empty() && !made.parts_.empty()) {
      return refused(open, "two expressions without a literal between them");
    }
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) return refused(open, "\"{\" without \"}\"");
    std::string_view inside = text.substr(open + 1, close - open - 1);
    if (inside.starts_with('+') || inside.starts_with('#')) {
      part.op = inside.front();
      inside.remove_prefix(1);
    }
    if (!is_name(inside)) return refused(open, "an expression that is not of level 1 or 2");
    part.name = inside;
    if (std::ranges::any_of(made.parts_, [&](const Part& p) { return p.name == part.name; })) {
      return refused(open, "a name that stands twice");
    }
    made.parts_.push_back(std::move(part));
    at = close + 1;
  }
}

std::optional<UriTemplate::Values> UriTemplate::match(std::string_view uri) const {
  Values values;
  if (!uri.starts_with(parts_.front().literal)) return std::nullopt;
  uri.remove_prefix(parts_.front().literal.size());
  for (std::size_t i = 0; i + 1 < parts_.size(); ++i) {
    const Part& part = parts_[i];
    const std::string& behind = parts_[i + 1].literal;
    if (part.op == '#') {
      if (!uri.starts_with('#')) return std::nullopt;
      uri.remove_prefix(1);
    }
    std::size_t end = 0;
    if (i + 2 == parts_.size()) {
      if (!uri.ends_with(behind)) return std::nullopt;
      end = uri.size() - behind.size();
    } else {
      end = uri.find(behind);
      if (end == std::string_view::npos) return std::nullopt;
    }
    auto value = value_of(uri.substr(0, end), part.op);
    if (!value) return std::nullopt;
    values.emplace(part.name, std::move(*value));
    uri.remove_prefix(end + behind.size());
  }
  if (!uri.empty()) return std::nullopt;
  return values;
}

std::string UriTemplate::expand(const Values& values) const {
  std::string uri;
  for (const Part& part : parts_) {
    uri += part.literal;
    const auto value = values.find(part.name);
    if (part.name.empty() || value == values.end()) continue;
    if (part.op == '#') uri.push_back('#');
    uri += percent_encode(value->second, part.op == 0 ? Keep::Unreserved : Keep::Reserved);
  }
  return uri;
}

std::vector<std::string> UriTemplate::names() const {
  std::vector<std::string> names;
  for (const Part& part : parts_) {
    if (!part.name.empty()) names.push_back(part.name);
  }
  return names;
}

}  // namespace martgate::mcp
