#include "json/schema_compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <compare>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "json/number.h"
#include "json/schema_index.h"
#include "json/schema_node.h"
#include "json/schema_words.h"

namespace martgate {
namespace {

constexpr std::string_view kInvalid = "schema_invalid";

template <class Part>
Part& part_of(std::unique_ptr<Part>& slot) {
  if (!slot) slot = std::make_unique<Part>();
  return *slot;
}

// Counts may be written 2.0; what is beyond any size in memory is as good as no limit.
std::size_t count_of(const Json& value) {
  if (value.is_number_unsigned()) return value.get<std::size_t>();
  if (value.is_number_integer()) return static_cast<std::size_t>(value.get<std::int64_t>());
  const auto number = value.get<double>();
  return number < 0x1p63 ? static_cast<std::size_t>(number)
                         : std::numeric_limits<std::size_t>::max();
}

bool is_count(const Json& value) {
  return is_integer(value) && std::is_gteq(compare_numbers(value, 0));
}

class Compiler {
 public:
  Compiler(const SchemaLibrary& library, Dialect dialect) : index_(library, dialect) {}

  Result<std::unique_ptr<const SchemaProgram>> compile(const Json& document,
                                                       const std::string& base_uri) {
    if (const Status added = index_.add_document(document, base_uri); !added) {
      return tl::unexpected(added.error());
    }
    program_->root = node_at(document);
    fill_all();
    if (error_) return tl::unexpected(std::move(*error_));
    program_->resources = index_.take_resources();
    return std::unique_ptr<const SchemaProgram>(std::move(program_));
  }

 private:
  struct Pending {
    SchemaNode* node;
    const SchemaPlace* place;
  };

  // Nodes are filled from a list, so that neither depth nor cycles of references matter.
  void fill_all() {
    for (;;) {
      for (auto& anchor : index_.take_dynamic_anchors()) {
        anchor.resource->dynamic_anchors.emplace_back(anchor.name, node_at(*anchor.value));
      }
      if (pending_.empty() || error_) return;
      const Pending next = pending_.back();
      pending_.pop_back();
      fill(*next.node, *next.place);
    }
  }

  const SchemaNode* node_at(const Json& value) {
    const auto known = nodes_.find(&value);
    if (known != nodes_.end()) return known->second;
    const SchemaPlace* const place = index_.place_of(value);
    MARTGATE_CHECK(place != nullptr);
    SchemaNode* const node = program_->nodes.emplace_back(std::make_unique<SchemaNode>()).get();
    node->location = place->location();
    node->resource = place->resource;
    nodes_.emplace(&value, node);
    pending_.push_back({node, place});
    return node;
  }

  void refuse(std::string message, std::string_view reason = kInvalid) {
    if (!error_) error_ = Error{Code::InvalidArgument, std::move(message), {}, reason};
  }

  void refuse_value(std::string_view keyword, std::string_view wanted) {
    refuse(fmt::format("{}/{} must be {}", place_->location(), keyword, wanted));
  }

  void fill(SchemaNode& node, const SchemaPlace& place) {
    place_ = &place;
    if (place.value->is_boolean()) {
      node.verdict =
          place.value->get<bool>() ? SchemaNode::Verdict::Always : SchemaNode::Verdict::Never;
      return;
    }
    if (!place.value->is_object()) {
      return refuse(fmt::format("{} must be a schema: an object, true or false", place.location()));
    }
    schema_ = place.value;
    read_references(node);
    if (place.dialect.has_applicator) {
      read_in_place(node);
      read_object_applicators(node);
      read_array_applicators(node);
    }
    if (place.dialect.has_unevaluated) read_unevaluated(node);
    if (place.dialect.has_validation) {
      read_value(node);
      read_numbers(node);
      read_object_limits(node);
      read_array_limits(node);
    }
    read_format(node);
  }

  // The value of a keyword, or null when it is absent.
  const Json* keyword(std::string_view name) const {
    const auto found = schema_->find(name);
    return found == schema_->end() ? nullptr : &*found;
  }

  const Json* keyword(std::string_view name, bool (*is_right)(const Json&),
                      std::string_view wanted) {
    const Json* const value = keyword(name);
    if (value == nullptr || is_right(*value)) return value;
    refuse_value(name, wanted);
    return nullptr;
  }

  const Json* string_keyword(std::string_view name) {
    return keyword(
        name, [](const Json& value) { return value.is_string(); }, "a string");
  }
  const Json* object_keyword(std::string_view name) {
    return keyword(
        name, [](const Json& value) { return value.is_object(); }, "an object");
  }
  const Json* list_keyword(std::string_view name) {
    return keyword(
        name, [](const Json& value) { return value.is_array(); }, "a list");
  }
  const Json* number_keyword(std::string_view name) {
    return keyword(
        name, [](const Json& value) { return value.is_number(); }, "a number");
  }
  std::optional<std::size_t> count_keyword(std::string_view name) {
    const Json* const value = keyword(name, is_count, "a count of 0 or more");
    return value == nullptr ? std::nullopt : std::optional(count_of(*value));
  }

  std::vector<std::string> strings(std::string_view name, const Json& list) {
    std::vector<std::string> out;
    if (!list.is_array()) refuse_value(name, "a list of strings");
    for (const Json& item : list) {
      if (!item.is_string()) {
        refuse_value(name, "a list of strings");
        break;
      }
      out.push_back(item.get<std::string>());
    }
    return out;
  }

  std::optional<Pattern> pattern(std::string_view name, const std::string& source) {
    auto compiled = Pattern::compile(source);
    if (compiled) return std::move(*compiled);
    if (!error_)
      error_ = with_context(compiled.error(), fmt::format("{}/{}", place_->location(), name));
    return std::nullopt;
  }

  // --- core

  void read_references(SchemaNode& node) {
    if (const Json* const reference = string_keyword("$ref")) {
      const auto target = index_.resolve(*place_, reference->get_ref<const std::string&>());
      if (!target) return refuse(target.error());
      part_of(node.in_place).ref = node_at(*target->place->value);
    }
    if (const Json* const reference = string_keyword("$dynamicRef")) {
      const auto target = index_.resolve(*place_, reference->get_ref<const std::string&>());
      if (!target) return refuse(target.error());
      part_of(node.in_place).dynamic_ref = node_at(*target->place->value);
      node.in_place->dynamic_anchor = target->dynamic_anchor;
    }
  }

  void refuse(const Error& error) {
    if (!error_) error_ = error;
  }

  // --- applicators

  const SchemaNode* subschema(std::string_view name) {
    const Json* const value = keyword(name);
    return value == nullptr ? nullptr : node_at(*value);
  }

  std::vector<const SchemaNode*> subschemas(std::string_view name) {
    std::vector<const SchemaNode*> nodes;
    if (const Json* const list = list_keyword(name)) {
      for (const Json& item : *list) nodes.push_back(node_at(item));
    }
    return nodes;
  }

  bool has_any(std::initializer_list<std::string_view> names) const {
    return std::ranges::any_of(names, [&](auto name) { return keyword(name) != nullptr; });
  }

  void read_in_place(SchemaNode& node) {
    if (!has_any({"allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas"})) return;
    InPlaceRules& rules = part_of(node.in_place);
    rules.all_of = subschemas("allOf");
    rules.any_of = subschemas("anyOf");
    rules.one_of = subschemas("oneOf");
    rules.negated = subschema("not");
    rules.condition = subschema("if");
    if (rules.condition != nullptr) {
      rules.then_branch = subschema("then");
      rules.else_branch = subschema("else");
    }
    if (const Json* const dependents = object_keyword("dependentSchemas")) {
      for (const auto& [name, schema] : dependents->items()) {
        rules.dependent_schemas.emplace_back(name, node_at(schema));
      }
    }
  }

  void read_object_applicators(SchemaNode& node) {
    if (!has_any({"properties", "patternProperties", "additionalProperties", "propertyNames"}))
      return;
    ObjectRules& rules = part_of(node.object);
    if (const Json* const properties = object_keyword("properties")) {
      for (const auto& [name, schema] : properties->items()) {
        rules.properties.push_back({name, node_at(schema)});
      }
    }
    if (const Json* const patterns = object_keyword("patternProperties")) {
      for (const auto& [source, schema] : patterns->items()) {
        auto compiled = pattern("patternProperties", source);
        if (!compiled) return;
        rules.pattern_properties.push_back({std::move(*compiled), node_at(schema)});
      }
    }
    rules.additional = subschema("additionalProperties");
    rules.names = subschema("propertyNames");
  }

  void read_array_applicators(SchemaNode& node) {
    if (!has_any({"prefixItems", "items", "contains"})) return;
    ArrayRules& rules = part_of(node.array);
    rules.prefix = subschemas("prefixItems");
    rules.items = subschema("items");
    rules.contains = subschema("contains");
  }

  void read_unevaluated(SchemaNode& node) {
    if (const SchemaNode* const rest = subschema("unevaluatedProperties")) {
      part_of(node.object).unevaluated = rest;
    }
    if (const SchemaNode* const rest = subschema("unevaluatedItems")) {
      part_of(node.array).unevaluated = rest;
    }
  }

  // --- validation and format

  void read_value(SchemaNode& node) {
    if (const Json* const type = keyword("type")) {
      std::uint8_t& types = part_of(node.value).types;
      const std::vector<std::string> names =
          type->is_string() ? std::vector{type->get<std::string>()} : strings("type", *type);
      for (const std::string& name : names) {
        const std::uint8_t bits = type_bits_named(name);
        if (bits == 0) refuse_value("type", "one of " + join(names_of_types(0xFF), ", "));
        types |= bits;
      }
    }
    if (const Json* const list = list_keyword("enum")) {
      part_of(node.value).enumeration = list->get_ref<const Json::array_t&>();
    }
    if (const Json* const constant = keyword("const")) part_of(node.value).constant = *constant;
    if (const Json* const source = string_keyword("pattern")) {
      part_of(node.value).pattern = pattern("pattern", source->get_ref<const std::string&>());
    }
    if (const auto count = count_keyword("minLength")) part_of(node.value).length_min = count;
    if (const auto count = count_keyword("maxLength")) part_of(node.value).length_max = count;
  }

  void read_numbers(SchemaNode& node) {
    const auto read = [&](std::string_view name, std::optional<Json> ValueRules::*slot) {
      if (const Json* const number = number_keyword(name)) part_of(node.value).*slot = *number;
    };
    read("minimum", &ValueRules::minimum);
    read("maximum", &ValueRules::maximum);
    read("exclusiveMinimum", &ValueRules::exclusive_minimum);
    read("exclusiveMaximum", &ValueRules::exclusive_maximum);
    read("multipleOf", &ValueRules::multiple_of);
    if (node.value && node.value->multiple_of &&
        std::is_lteq(compare_numbers(*node.value->multiple_of, 0))) {
      refuse_value("multipleOf", "a number above 0");
    }
  }

  void read_object_limits(SchemaNode& node) {
    if (const Json* const required = keyword("required")) {
      part_of(node.object).required = strings("required", *required);
    }
    if (const Json* const dependents = object_keyword("dependentRequired")) {
      for (const auto& [name, required] : dependents->items()) {
        part_of(node.object)
            .dependent_required.push_back({name, strings("dependentRequired", required)});
      }
    }
    if (const auto count = count_keyword("minProperties")) part_of(node.object).members_min = count;
    if (const auto count = count_keyword("maxProperties")) part_of(node.object).members_max = count;
  }

  void read_array_limits(SchemaNode& node) {
    if (const auto count = count_keyword("minItems")) part_of(node.array).items_min = count;
    if (const auto count = count_keyword("maxItems")) part_of(node.array).items_max = count;
    if (const auto count = count_keyword("minContains")) part_of(node.array).contains_min = count;
    if (const auto count = count_keyword("maxContains")) part_of(node.array).contains_max = count;
    const Json* const unique = keyword(
        "uniqueItems", [](const Json& value) { return value.is_boolean(); }, "true or false");
    if (unique != nullptr && unique->get<bool>()) part_of(node.array).is_unique = true;
  }

  void read_format(SchemaNode& node) {
    if (!place_->dialect.asserts_format) return;
    if (const Json* const name = string_keyword("format")) {
      if (const auto format = format_named(name->get_ref<const std::string&>())) {
        part_of(node.value).format = format;
      }
    }
  }

  SchemaIndex index_;
  std::unique_ptr<SchemaProgram> program_ = std::make_unique<SchemaProgram>();
  std::unordered_map<const Json*, SchemaNode*> nodes_;
  std::vector<Pending> pending_;
  const SchemaPlace* place_ = nullptr;  // of the schema that is being read
  const Json* schema_ = nullptr;
  std::optional<Error> error_;  // the first
};

}  // namespace

Result<std::unique_ptr<const SchemaProgram>> compile_schema(const Json& document,
                                                            const SchemaLibrary& library,
                                                            const SchemaOptions& options) {
  Dialect dialect;
  dialect.asserts_format = options.formats == SchemaOptions::Formats::Assert;
  return Compiler(library, dialect).compile(document, options.base_uri);
}

}  // namespace martgate
