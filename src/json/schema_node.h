// A compiled schema: nodes with resolved references, ready to be evaluated. Internal to json/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "json/format.h"
#include "json/json_fwd.h"
#include "json/pattern.h"

namespace martgate {

struct SchemaNode;

// A schema with its own URI; $dynamicRef searches the resources that evaluation came through.
struct SchemaResource {
  std::string uri;
  std::vector<std::pair<std::string, const SchemaNode*>> dynamic_anchors;
};

// One bit each; `number` is set together with `integer`.
enum class TypeBit : std::uint8_t {
  Null = 1,
  Boolean = 2,
  Integer = 4,
  Number = 8,
  String = 16,
  Array = 32,
  Object = 64,
};

// Vocabulary "validation" for anything that is not a container, and "format".
struct ValueRules {
  std::uint8_t types = 0;  // TypeBits; 0 accepts any type
  std::optional<std::vector<Json>> enumeration;
  std::optional<Json> constant;
  std::optional<Json> minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of;
  std::optional<std::size_t> length_min, length_max;  // code points
  std::optional<Pattern> pattern;
  std::optional<Format> format;  // only when it is asserted
};

struct ObjectRules {
  struct Property {
    std::string name;
    const SchemaNode* node;
  };
  struct PatternProperty {
    Pattern pattern;
    const SchemaNode* node;
  };
  struct DependentRequired {
    std::string name;
    std::vector<std::string> required;
  };
  std::vector<Property> properties;  // sorted by name, as the members of an object are
  std::vector<PatternProperty> pattern_properties;
  const SchemaNode* additional = nullptr;
  const SchemaNode* names = nullptr;
  const SchemaNode* unevaluated = nullptr;
  std::vector<std::string> required;
  std::vector<DependentRequired> dependent_required;
  std::optional<std::size_t> members_min, members_max;
};

struct ArrayRules {
  std::vector<const SchemaNode*> prefix;
  const SchemaNode* items = nullptr;
  const SchemaNode* contains = nullptr;
  const SchemaNode* unevaluated = nullptr;
  std::optional<std::size_t> contains_min, contains_max, items_min, items_max;
  bool is_unique = false;
};

// Subschemas applied to the same value.
struct InPlaceRules {
  const SchemaNode* ref = nullptr;
  const SchemaNode* dynamic_ref = nullptr;  // where it points when nothing overrides it
  std::string dynamic_anchor;               // empty when nothing can
  std::vector<const SchemaNode*> all_of, any_of, one_of;
  const SchemaNode* negated = nullptr;
  const SchemaNode* condition = nullptr;
  const SchemaNode* then_branch = nullptr;
  const SchemaNode* else_branch = nullptr;
  std::vector<std::pair<std::string, const SchemaNode*>> dependent_schemas;
};

struct SchemaNode {
  enum class Verdict : std::uint8_t { ByRules, Always, Never };

  std::string location;  // "#/properties/name", with the resource's URI in front when it has one
  const SchemaResource* resource = nullptr;
  Verdict verdict = Verdict::ByRules;
  std::unique_ptr<ValueRules> value;  // a part is null when the schema has none of its keywords
  std::unique_ptr<ObjectRules> object;
  std::unique_ptr<ArrayRules> array;
  std::unique_ptr<InPlaceRules> in_place;
};

struct SchemaProgram {
  std::vector<std::unique_ptr<SchemaResource>> resources;
  std::vector<std::unique_ptr<SchemaNode>> nodes;
  const SchemaNode* root = nullptr;
};

}  // namespace martgate
