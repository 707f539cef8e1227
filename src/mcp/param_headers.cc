#include "mcp/param_headers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.h"
#include "mcp/http_head.h"

namespace martgate::mcp {
namespace {

constexpr double kIntegerMax = 9'007'199'254'740'991;  // 2^53 - 1

// Keywords whose value is data, in which our keyword is a key like any other.
constexpr std::array<std::string_view, 4> kDataKeywords{"const", "default", "enum", "examples"};
// Keywords whose value maps names to schemas.
constexpr std::array<std::string_view, 4> kSchemaMaps{"$defs", "definitions", "dependentSchemas",
                                                      "patternProperties"};

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

class Reader {
 public:
  // `is_reachable`: from the root through "properties" only.
  Status read(const Json& schema, bool is_reachable) {
    if (schema.is_array()) {
      for (const Json& element : schema) {
        if (auto done = read(element, false); !done) return done;
      }
      return {};
    }
    if (!schema.is_object()) return {};
    for (const auto& [keyword, value] : schema.items()) {
      if (auto done = read_keyword(schema, keyword, value, is_reachable); !done) return done;
    }
    return {};
  }

  std::vector<ParamHeader> take() { return std::move(headers_); }

 private:
  Status read_keyword(const Json& schema, const std::string& keyword, const Json& value,
                      bool is_reachable) {
    if (keyword == kParamHeaderKeyword) return read_annotation(schema, value, is_reachable);
    if (std::ranges::find(kDataKeywords, keyword) != kDataKeywords.end()) return {};
    const bool is_properties = keyword == "properties";
    if (is_properties || std::ranges::find(kSchemaMaps, keyword) != kSchemaMaps.end()) {
      if (!value.is_object()) return {};
      for (const auto& [name, property] : value.items()) {
        path_.push_back(name);
        if (auto done = read(property, is_reachable && is_properties); !done) return done;
        path_.pop_back();
      }
      return {};
    }
    return read(value, false);
  }

  Status read_annotation(const Json& schema, const Json& value, bool is_reachable) {
    if (!is_reachable || path_.empty()) {
      return refused("stands where only \"properties\" may lead from the root");
    }
    if (!value.is_string() || !is_token(value.get_ref<const std::string&>())) {
      return refused("is not a token of HTTP");
    }
    const auto type = schema.find("type");
    const bool is_simple =
        type != schema.end() && (*type == "string" || *type == "integer" || *type == "boolean");
    if (!is_simple) return refused("needs the type string, integer or boolean");
    ParamHeader header{std::string(kParamHeaderPrefix) + value.get<std::string>(), path_};
    const std::string lower = lower_ascii(header.name);
    if (std::ranges::any_of(headers_,
                            [&](const auto& other) { return lower_ascii(other.name) == lower; })) {
      return refused("names a header that another property has");
    }
    headers_.push_back(std::move(header));
    return {};
  }

  [[nodiscard]] tl::unexpected<Error> refused(std::string_view cause) const {
    return fail(Code::InvalidArgument,
                fmt::format("{} of property \"{}\" {}", kParamHeaderKeyword,
                            shown(join(path_, ".")), cause),
                {}, "bad_param_header");
  }

  std::vector<std::string> path_;
  std::vector<ParamHeader> headers_;
};

// Null when the argument is absent or null.
const Json* argument_at(const Json* arguments, std::span<const std::string> path) {
  const Json* value = arguments;
  for (const std::string& key : path) {
    if (value == nullptr || !value->is_object()) return nullptr;
    const auto found = value->find(key);
    value = found == value->end() ? nullptr : &*found;
  }
  return value == nullptr || value->is_null() ? nullptr : value;
}

bool is_number(std::string_view text, double wanted) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc() && end == text.data() + text.size() && value == wanted;
}

bool says(std::string_view header, const Json& argument) {
  if (argument.is_string()) return header == argument.get_ref<const std::string&>();
  if (argument.is_boolean()) return header == (argument.get<bool>() ? "true" : "false");
  if (!argument.is_number()) return false;
  const auto wanted = argument.get<double>();
  return std::abs(wanted) <= kIntegerMax && is_number(header, wanted);
}

}  // namespace

Result<std::vector<ParamHeader>> param_headers_of(const Json& input_schema) {
  Reader reader;
  if (auto done = reader.read(input_schema, true); !done) return tl::unexpected(done.error());
  return reader.take();
}

RpcResult<void> check_param_headers(std::span<const ParamHeader> headers, const Json* arguments,
                                    std::span<const HeaderField> fields) {
  for (const ParamHeader& header : headers) {
    const Json* argument = argument_at(arguments, header.path);
    if (argument == nullptr) continue;
    const std::string body_value =
        argument->is_string() ? argument->get<std::string>() : argument->dump();
    const std::string name = lower_ascii(header.name);
    const HeaderField* found = nullptr;
    for (const HeaderField& field : fields) {
      if (lower_ascii(field.first) != name) continue;
      if (found != nullptr) return tl::unexpected(malformed_header(header.name, "stands twice"));
      found = &field;
    }
    if (found == nullptr) {
      return tl::unexpected(header_mismatch(header.name, nullptr, body_value));
    }
    const RpcResult<std::string> value = decoded_value(header.name, found->second);
    if (!value) return tl::unexpected(value.error());
    if (!says(*value, *argument)) {
      const std::string_view shown_value = *value;
      return tl::unexpected(header_mismatch(header.name, &shown_value, body_value));
    }
  }
  return {};
}

}  // namespace martgate::mcp
