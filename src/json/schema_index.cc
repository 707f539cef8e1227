#include "json/schema_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "json/meta_schemas.h"
#include "json/pointer.h"
#include "json/uri.h"

namespace martgate {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kInvalid = "schema_invalid";
constexpr std::string_view kRef = "schema_ref";
constexpr std::string_view kDialect = "schema_dialect";

// Where subschemas stand, by the shape of the keyword's value. Values of other keywords (enum,
// const, examples) may look like schemas and are not.
constexpr std::array kSingle{"items"sv,
                             "contains"sv,
                             "not"sv,
                             "additionalProperties"sv,
                             "if"sv,
                             "then"sv,
                             "else"sv,
                             "propertyNames"sv,
                             "contentSchema"sv,
                             "unevaluatedItems"sv,
                             "unevaluatedProperties"sv};
constexpr std::array kLists{"allOf"sv, "anyOf"sv, "oneOf"sv, "prefixItems"sv};
constexpr std::array kMaps{"properties"sv, "patternProperties"sv, "dependentSchemas"sv, "$defs"sv,
                           "definitions"sv};

constexpr std::string_view kVocabularies = "https://json-schema.org/draft/2020-12/vocab/";
constexpr std::array kKnownVocabularies{"core"sv,       "applicator"sv,      "unevaluated"sv,
                                        "validation"sv, "meta-data"sv,       "format-annotation"sv,
                                        "content"sv,    "format-assertion"sv};

struct Child {
  const Json* value;
  std::string path;
};

void append_children(const Json::object_t& schema, std::vector<Child>& out) {
  for (const auto& [keyword, value] : schema) {
    const std::string path = "/" + escaped_token(keyword);
    if (std::ranges::find(kSingle, keyword) != kSingle.end()) {
      out.push_back({&value, path});
    } else if (value.is_array() && std::ranges::find(kLists, keyword) != kLists.end()) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        out.push_back({&value[i], fmt::format("{}/{}", path, i)});
      }
    } else if (value.is_object() && std::ranges::find(kMaps, keyword) != kMaps.end()) {
      for (const auto& [name, child] : value.get_ref<const Json::object_t&>()) {
        out.push_back({&child, path + "/" + escaped_token(name)});
      }
    }
  }
}

const std::string* string_member(const Json& schema, std::string_view keyword) {
  if (!schema.is_object()) return nullptr;
  const auto found = schema.find(keyword);
  return found != schema.end() && found->is_string() ? &found->get_ref<const std::string&>()
                                                     : nullptr;
}

// The member or item one pointer token names, or null.
const Json* child_named(const Json& parent, const std::string& token) {
  if (parent.is_object()) {
    const auto found = parent.find(token);
    return found == parent.end() ? nullptr : &*found;
  }
  std::size_t index = 0;
  const char* const end = token.data() + token.size();
  const auto [stop, error] = std::from_chars(token.data(), end, index);
  const bool is_index =
      error == std::errc() && stop == end && (token[0] != '0' || token.size() == 1);
  return parent.is_array() && is_index && index < parent.size() ? &parent[index] : nullptr;
}

}  // namespace

Status SchemaIndex::add_document(const Json& document, const std::string& base_uri) {
  SchemaPlace root;
  root.value = &document;
  root.dialect = dialect_;
  return walk(document, root, base_uri);
}

// Without recursion, so that no document is too deep for it. `start` without a resource is the
// root of a document.
Status SchemaIndex::walk(const Json& root, SchemaPlace start, std::string_view base_uri) {
  std::vector<SchemaPlace> open{std::move(start)};
  while (!open.empty()) {
    SchemaPlace place = std::move(open.back());
    open.pop_back();
    const bool is_root = place.value == &root && place.resource == nullptr;
    if (is_root || string_member(*place.value, "$id") != nullptr) {
      if (Status opened = open_resource(place, is_root ? base_uri : place.resource->uri); !opened) {
        return opened;
      }
    }
    if (place.value->is_object()) {
      if (Status added = add_anchors(place); !added) return added;
      std::vector<Child> children;
      append_children(place.value->get_ref<const Json::object_t&>(), children);
      for (Child& child : children) {
        open.push_back({child.value, place.resource, place.dialect, place.pointer + child.path});
      }
    }
    const Json* const value = place.value;
    places_.insert_or_assign(value, std::move(place));
  }
  return {};
}

Status SchemaIndex::open_resource(SchemaPlace& place, std::string_view base_uri) {
  std::string uri(split_fragment(base_uri).document);
  if (const std::string* const id = string_member(*place.value, "$id")) {
    uri = std::string(split_fragment(resolve_uri(uri, *id)).document);
  }
  auto entry = std::make_unique<Entry>();
  resources_.push_back(std::make_unique<SchemaResource>());
  entry->root = place.value;
  entry->resource = resources_.back().get();
  entry->resource->uri = uri;
  if (!by_uri_.try_emplace(uri, entry.get()).second) {
    return fail(Code::InvalidArgument, fmt::format("two schemas have the $id {}", shown(uri)), {},
                kInvalid);
  }
  by_uri_.try_emplace(std::string(base_uri), entry.get());
  place.resource = entry->resource;
  place.pointer.clear();
  entries_.emplace(entry->resource, std::move(entry));
  if (const std::string* const schema = string_member(*place.value, "$schema")) {
    const auto dialect = dialect_named(*schema, place);
    if (!dialect) return tl::unexpected(dialect.error());
    place.dialect = *dialect;
  }
  return {};
}

Status SchemaIndex::add_anchors(const SchemaPlace& place) {
  Entry& entry = *entries_.at(place.resource);
  for (const std::string_view keyword : {"$anchor"sv, "$dynamicAnchor"sv}) {
    const std::string* const name = string_member(*place.value, keyword);
    if (name == nullptr) continue;
    const bool is_dynamic = keyword == "$dynamicAnchor";
    const auto [anchor, is_new] = entry.anchors.try_emplace(*name, Anchor{place.value, is_dynamic});
    if (!is_new && anchor->second.value != place.value) {
      return fail(
          Code::InvalidArgument,
          fmt::format("{}: another schema has the anchor {}", place.location(), shown(*name)), {},
          kInvalid);
    }
    anchor->second.is_dynamic |= is_dynamic;
    if (is_dynamic) dynamic_anchors_.push_back({place.resource, *name, place.value});
  }
  return {};
}

Result<Dialect> SchemaIndex::dialect_named(const std::string& uri, const SchemaPlace& place) const {
  const Json* const meta = library_.find(split_fragment(uri).document);
  if (meta == nullptr) {
    return fail(Code::InvalidArgument,
                fmt::format("{}/$schema: unknown dialect {}", place.location(), shown(uri)),
                {fmt::format("write {}", kMetaSchemaUri)}, kDialect);
  }
  Dialect dialect = dialect_;
  const auto vocabulary = meta->is_object() ? meta->find("$vocabulary") : meta->end();
  if (vocabulary == meta->end() || !vocabulary->is_object()) return dialect;
  const auto has = [&](std::string_view name) {
    return vocabulary->contains(std::string(kVocabularies).append(name));
  };
  for (const auto& [name, is_required] : vocabulary->get_ref<const Json::object_t&>()) {
    std::string_view last = name;
    if (last.starts_with(kVocabularies)) last.remove_prefix(kVocabularies.size());
    const bool is_known = std::ranges::find(kKnownVocabularies, last) != kKnownVocabularies.end();
    if (!is_known && is_required == true) {
      return fail(Code::InvalidArgument,
                  fmt::format("{}: unknown vocabulary {}", place.location(), shown(name)), {},
                  kDialect);
    }
  }
  dialect.has_applicator = has("applicator");
  dialect.has_unevaluated = has("unevaluated");
  dialect.has_validation = has("validation");
  dialect.asserts_format = dialect_.asserts_format || has("format-assertion");
  return dialect;
}

Result<SchemaIndex::Entry*> SchemaIndex::entry_named(const std::string& uri,
                                                     const SchemaPlace& from,
                                                     const std::string& reference) {
  if (const auto found = by_uri_.find(uri); found != by_uri_.end()) return found->second;
  const Json* const document = library_.find(uri);
  if (document == nullptr) {
    std::vector<std::string> known = library_.uris();
    for (const auto& [name, entry] : by_uri_) {
      if (!name.empty()) known.push_back(name);
    }
    std::vector<std::string> hints = nearest(uri, known);
    for (std::string& hint : hints) hint.insert(0, "did you mean ");
    return fail(
        Code::InvalidArgument,
        fmt::format("{}: reference {} names no known document", from.location(), shown(reference)),
        std::move(hints), kRef);
  }
  // The library may know one document by two names.
  if (place_of(*document) == nullptr) {
    if (const Status added = add_document(*document, uri); !added) {
      return tl::unexpected(added.error());
    }
  }
  Entry* const entry = entries_.at(place_of(*document)->resource).get();
  by_uri_.try_emplace(uri, entry);
  return entry;
}

Result<const SchemaPlace*> SchemaIndex::place_at(const Entry& entry, std::string_view pointer,
                                                 const SchemaPlace& from,
                                                 const std::string& reference) {
  const Json* value = entry.root;
  SchemaPlace nearest_place = *place_of(*value);
  pointer.remove_prefix(1);
  for (const std::string_view escaped : split(pointer, '/')) {
    const Json* const child = child_named(*value, unescaped_token(escaped));
    if (child == nullptr) {
      return fail(
          Code::InvalidArgument,
          fmt::format("{}: reference {} points at nothing", from.location(), shown(reference)), {},
          kRef);
    }
    value = child;
    nearest_place.pointer.append("/").append(escaped);
    if (const SchemaPlace* const known = place_of(*value)) nearest_place = *known;
  }
  if (const SchemaPlace* const known = place_of(*value)) return known;
  // Inside a keyword nobody defined: a schema from now on, since something refers to it.
  nearest_place.value = value;
  if (const Status walked = walk(*entry.root, nearest_place, nearest_place.resource->uri);
      !walked) {
    return tl::unexpected(walked.error());
  }
  return place_of(*value);
}

Result<SchemaIndex::Target> SchemaIndex::resolve(const SchemaPlace& from,
                                                 const std::string& reference) {
  const std::string absolute = resolve_uri(from.resource->uri, reference);
  const SplitUri parts = split_fragment(absolute);
  const auto entry = entry_named(std::string(parts.document), from, reference);
  if (!entry) return tl::unexpected(entry.error());
  const std::string fragment = percent_decoded(parts.fragment);
  if (fragment.empty()) return Target{place_of(*(*entry)->root), {}};
  if (fragment.starts_with('/')) {
    const auto place = place_at(**entry, fragment, from, reference);
    if (!place) return tl::unexpected(place.error());
    return Target{*place, {}};
  }
  const auto anchor = (*entry)->anchors.find(fragment);
  if (anchor == (*entry)->anchors.end()) {
    std::vector<std::string> known;
    for (const auto& [name, value] : (*entry)->anchors) known.push_back(name);
    return fail(Code::InvalidArgument,
                fmt::format("{}: reference {} names no anchor", from.location(), shown(reference)),
                name_hints(fragment, known), kRef);
  }
  return Target{place_of(*anchor->second.value), anchor->second.is_dynamic ? fragment : ""};
}

const SchemaPlace* SchemaIndex::place_of(const Json& value) const {
  const auto found = places_.find(&value);
  return found == places_.end() ? nullptr : &found->second;
}

std::vector<SchemaIndex::DynamicAnchor> SchemaIndex::take_dynamic_anchors() {
  return std::exchange(dynamic_anchors_, {});
}

std::vector<std::unique_ptr<SchemaResource>> SchemaIndex::take_resources() {
  return std::move(resources_);
}

}  // namespace martgate
