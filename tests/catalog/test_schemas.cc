#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/text.h"
#include "catalog/schemas.h"

using namespace martgate;
using namespace martgate::catalog;

namespace {

// Every object of a schema that lists properties says what becomes of the others.
void check_strict(const nlohmann::json& schema, const std::string& place) {
  if (schema.is_object()) {
    const bool lists_members =
        schema.contains("properties") && schema.value("type", nlohmann::json()) == "object";
    CAPTURE(place);
    if (lists_members && !place.ends_with("/arguments")) {
      CHECK(schema.value("additionalProperties", true) == false);
    }
    for (const auto& [key, member] : schema.items()) check_strict(member, place + "/" + key);
  } else if (schema.is_array()) {
    for (const auto& item : schema) check_strict(item, place);
  }
}

}  // namespace

TEST_CASE("schemas: an unknown path is empty and refused with near names") {
  CHECK(embedded_schema("catalog/metrik.schema.json").empty());
  const auto library = embedded_schema_library();
  REQUIRE(library);
  const auto schema = compile_embedded_schema(*library, "catalog/metrik.schema.json");
  REQUIRE_FALSE(schema);
  CHECK(to_text(schema.error()).find("did you mean catalog/metric.schema.json") !=
        std::string::npos);
}

TEST_CASE("schemas: all of them satisfy the 2020-12 meta-schema and resolve their references") {
  const auto library = embedded_schema_library();
  REQUIRE(library);
  for (const EmbeddedFile& file : embedded_schemas()) {
    const auto schema = compile_embedded_schema(*library, file.path);
    INFO(file.path);
    if (!schema) FAIL_CHECK(to_text(schema.error()));
  }
  for (const char* kind : {"project", "source", "model", "metric", "questions", "tool"}) {
    CHECK_FALSE(embedded_schema(std::string("catalog/") + kind + ".schema.json").empty());
  }
}

TEST_CASE("schemas: no object of a catalog file takes unknown keys") {
  for (const EmbeddedFile& file : embedded_schemas()) {
    if (!file.path.starts_with("catalog/")) continue;
    check_strict(nlohmann::json::parse(file.text), std::string(file.path));
  }
}

TEST_CASE("schemas: what is built in is what lies in the repository") {
  for (const EmbeddedFile& file : embedded_schemas()) {
    INFO(file.path);
    std::ifstream stream(std::string(MARTGATE_SOURCE_DIR "/schemas/") + std::string(file.path));
    std::stringstream text;
    text << stream.rdbuf();
    CHECK(text.str() == file.text);
  }
}
