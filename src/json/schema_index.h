// Which schema stands where: resources by $id, anchors, and what a reference points at.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "json/schema.h"
#include "json/schema_node.h"

namespace martgate {

// Which vocabularies apply, as declared by the meta-schema that $schema names.
struct Dialect {
  bool has_applicator = true;
  bool has_unevaluated = true;
  bool has_validation = true;
  bool asserts_format = false;
};

struct SchemaPlace {
  const Json* value = nullptr;
  SchemaResource* resource = nullptr;
  Dialect dialect;
  std::string pointer;  // from the root of the resource

  [[nodiscard]] std::string location() const { return resource->uri + "#" + pointer; }
};

// Works on documents that outlive it; used while compiling only.
class SchemaIndex {
 public:
  SchemaIndex(const SchemaLibrary& library, Dialect dialect)
      : library_(library), dialect_(dialect) {}

  // Errors: InvalidArgument, reasons "schema_invalid" and "schema_dialect".
  [[nodiscard]] Status add_document(const Json& document, const std::string& base_uri);

  struct Target {
    const SchemaPlace* place = nullptr;
    std::string dynamic_anchor;  // the fragment, when it names a $dynamicAnchor
  };
  // Reads documents from the library as they are named. Errors: as above, and "schema_ref".
  [[nodiscard]] Result<Target> resolve(const SchemaPlace& from, const std::string& reference);

  [[nodiscard]] const SchemaPlace* place_of(const Json& value) const;

  struct DynamicAnchor {
    SchemaResource* resource = nullptr;
    std::string name;
    const Json* value = nullptr;
  };
  // Those found since the last call.
  [[nodiscard]] std::vector<DynamicAnchor> take_dynamic_anchors();
  [[nodiscard]] std::vector<std::unique_ptr<SchemaResource>> take_resources();

 private:
  struct Anchor {
    const Json* value = nullptr;
    bool is_dynamic = false;
  };
  struct Entry {
    const Json* root = nullptr;
    SchemaResource* resource = nullptr;
    std::map<std::string, Anchor, std::less<>> anchors;
  };

  [[nodiscard]] Status walk(const Json& root, SchemaPlace start, std::string_view base_uri);
  [[nodiscard]] Status open_resource(SchemaPlace& place, std::string_view base_uri);
  [[nodiscard]] Status add_anchors(const SchemaPlace& place);
  [[nodiscard]] Result<Dialect> dialect_named(const std::string& uri,
                                              const SchemaPlace& place) const;
  [[nodiscard]] Result<Entry*> entry_named(const std::string& uri, const SchemaPlace& from,
                                           const std::string& reference);
  [[nodiscard]] Result<const SchemaPlace*> place_at(const Entry& entry, std::string_view pointer,
                                                    const SchemaPlace& from,
                                                    const std::string& reference);

  const SchemaLibrary& library_;
  Dialect dialect_;
  std::vector<std::unique_ptr<SchemaResource>> resources_;
  std::map<std::string, Entry*, std::less<>> by_uri_;
  std::unordered_map<const SchemaResource*, std::unique_ptr<Entry>> entries_;
  std::unordered_map<const Json*, SchemaPlace> places_;
  std::vector<DynamicAnchor> dynamic_anchors_;
};

}  // namespace martgate
