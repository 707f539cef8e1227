#include "json/schema.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "json/parse.h"

namespace martgate {
namespace {

Json json(std::string_view text) {
  auto parsed = parse_ijson(text);
  REQUIRE_MESSAGE(parsed, text);
  return std::move(*parsed);
}

Schema schema(std::string_view text, const SchemaOptions& options = {}) {
  auto compiled = Schema::compile(json(text), SchemaLibrary(), options);
  REQUIRE_MESSAGE(compiled, (compiled ? "" : compiled.error().message));
  return std::move(*compiled);
}

// One line per violation: pointer, message, hints.
std::vector<std::string> faults(const Schema& schema, std::string_view instance) {
  std::vector<std::string> lines;
  for (const Violation& violation : schema.validate(json(instance))) {
    lines.push_back(to_text(violation));
  }
  CHECK(schema.accepts(json(instance)) == lines.empty());
  return lines;
}

using Lines = std::vector<std::string>;

Error compile_error(std::string_view text, const SchemaLibrary& library = SchemaLibrary()) {
  const auto compiled = Schema::compile(json(text), library);
  REQUIRE_MESSAGE(!compiled, text);
  return compiled.error();
}

constexpr std::string_view kModel = R"({
  "type": "object",
  "properties": {
    "name": {"type": "string", "pattern": "^[a-z_]+$"},
    "owner": {"type": "string", "minLength": 1},
    "grain": {"enum": ["day", "week", "month"]},
    "rows_max": {"type": "integer", "minimum": 1, "maximum": 100},
    "columns": {"type": "array", "items": {"$ref": "#/$defs/column"}, "minItems": 1}
  },
  "required": ["name", "owner"],
  "additionalProperties": false,
  "$defs": {
    "column": {
      "type": "object",
      "properties": {"name": {"type": "string"}, "tests": {"type": "array"}},
      "required": ["name"],
      "unevaluatedProperties": false
    }
  }
})";

}  // namespace

TEST_CASE("schema: an unknown key is named with its nearest neighbour and what is accepted") {
  const Schema model = schema(kModel);
  const auto violations = model.validate(json(R"({"name":"a","owner":"b","ownr":"c"})"));
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].instance_pointer == "/ownr");
  CHECK(violations[0].schema_pointer == "#/additionalProperties");
  CHECK(violations[0].keyword == "additionalProperties");
  CHECK(violations[0].message == "unknown key \"ownr\"");
  CHECK(violations[0].accepted == Lines{"columns", "grain", "name", "owner", "rows_max"});
  REQUIRE_FALSE(violations[0].hints.empty());
  CHECK(violations[0].hints[0] == "did you mean owner");
}

TEST_CASE("schema: all faults are reported at once, each at its place") {
  CHECK(faults(schema(kModel), R"({"name":"A B","rows_max":500,"columns":[{"nme":"x"},7]})") ==
        Lines{
            "missing key \"owner\"",
            "/columns/0: missing key \"name\"; is \"nme\" meant to be it",
            "/columns/0/nme: unknown key \"nme\"; did you mean name; accepted: name, tests",
            "/columns/1: must be object, found number 7",
            "/name: \"A B\" does not match ^[a-z_]+$",
            "/rows_max: 500 is not at most 100",
        });
}

TEST_CASE("schema: the number of violations is bounded and never becomes an acceptance") {
  const Schema strict = schema(R"({"additionalProperties":false})");
  const Json instance = json(R"({"a":1,"b":2,"c":3})");
  CHECK(strict.validate(instance, 2).size() == 2);
  CHECK(strict.validate(instance, 0).size() == 1);
}

TEST_CASE("schema: enum and const failures list what is accepted and the nearest") {
  CHECK(faults(schema(kModel), R"({"name":"a","owner":"b","grain":"weeks"})") ==
        Lines{"/grain: \"weeks\" is not one of the accepted values; did you mean week; "
              "accepted: day, week, month"});
  CHECK(faults(schema(R"({"const":"metric"})"), R"("metrics")") ==
        Lines{"must be \"metric\", found string \"metrics\""});
}

TEST_CASE("schema: type failures say what was found, what is wanted and how quotes matter") {
  CHECK(faults(schema(R"({"type":"string"})"), "12") ==
        Lines{"must be string, found number 12; for text, put it in quotes: \"12\""});
  CHECK(faults(schema(R"({"type":["integer","null"]})"), R"("12")") ==
        Lines{"must be null or integer, found string \"12\"; write 12 without quotes"});
  CHECK(faults(schema(R"({"type":"array"})"), R"("a")") ==
        Lines{"must be array, found string \"a\"; write a list, even of one"});
  CHECK(faults(schema(R"({"type":"integer"})"), "1.0").empty());
  CHECK(faults(schema(R"({"type":"integer"})"), "1.5") ==
        Lines{"must be integer, found number 1.5"});
}

TEST_CASE("schema: of alternatives the one whose discriminator matches is reported") {
  const Schema source = schema(R"({
    "oneOf": [
      {"properties": {"kind": {"const": "file"}, "path": {"type": "string"}},
       "required": ["kind", "path"]},
      {"properties": {"kind": {"const": "http"}, "url": {"type": "string"}, "every": {"type": "integer"}},
       "required": ["kind", "url", "every"]}
    ]})");
  CHECK(faults(source, R"({"kind":"http","path":"x"})") ==
        Lines{"missing key \"url\"", "missing key \"every\""});
  CHECK(faults(schema(R"({"oneOf":[
                 {"properties":{"kind":{"const":"a"}}},
                 {"properties":{"kind":{"const":"b"},"grain":{"enum":["day"]},"n":{"minimum":1}}}]})"),
               R"({"kind":"b","grain":"dax","n":0})") ==
        Lines{"/grain: \"dax\" is not one of the accepted values; did you mean day; accepted: day",
              "/n: 0 is not at least 1"});
  CHECK(faults(source, R"({"kind":"htp"})") ==
        Lines{"/kind: \"htp\" is not one of the accepted values; did you mean http; "
              "accepted: file, http"});
}

TEST_CASE("schema: alternatives that fail for one reason become one fault") {
  CHECK(faults(schema(R"({"anyOf":[{"type":"string"},{"type":"array"}]})"), "{}") ==
        Lines{"must be string or array, found an object with 0 keys"});
  CHECK(faults(schema(R"({"anyOf":[{"required":["file"]},{"required":["url"]}]})"), "{}") ==
        Lines{"missing key \"file\" or \"url\""});
  CHECK(faults(schema(R"({"anyOf":[{"type":"string","maxLength":2},{"type":"integer"}]})"),
               R"("abc")") == Lines{"\"abc\" has 3 characters, more than 2"});
  CHECK(faults(schema(R"({"oneOf":[{"type":"integer"},{"minimum":2},{"const":9}]})"), "3") ==
        Lines{"fits 2 of the 3 alternatives (numbers 1, 2), must fit one"});
}

TEST_CASE("schema: a wrong value under a reference is not reported as an unknown key too") {
  const Schema closed = schema(R"({
    "allOf": [{"properties": {"a": {"type": "string"}}}],
    "properties": {"b": true},
    "unevaluatedProperties": false})");
  CHECK(faults(closed, R"({"a":1,"b":2})") ==
        Lines{"/a: must be string, found number 1; for text, put it in quotes: \"1\""});
  CHECK(faults(closed, R"({"aa":1})") ==
        Lines{"/aa: unknown key \"aa\"; did you mean a; accepted: a, b"});
}

TEST_CASE("schema: references without end are an error and not a crash") {
  for (const auto* text :
       {R"({"$ref":"#"})", R"({"not":{"$ref":"#"}})", R"({"anyOf":[{"$ref":"#"}]})",
        R"({"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},
                               "if":{"$ref":"#/$defs/a"}})"}) {
    const Schema endless = schema(text);
    const auto violations = endless.validate(json("{}"));
    REQUIRE_MESSAGE(violations.size() == 1, text);
    CHECK(violations[0].keyword == "$ref");
    CHECK_FALSE(endless.accepts(json("{}")));
  }
}

TEST_CASE("schema: alternatives that multiply end with an error") {
  const Schema bomb = schema(R"({"anyOf":[{"items":{"$ref":"#"}},{"items":{"$ref":"#"}}],
                                 "type":"array"})");
  std::string deep;
  for (int i = 0; i < 60; ++i) deep += '[';
  deep += '1';
  for (int i = 0; i < 60; ++i) deep += ']';
  const auto violations = bomb.validate(json(deep));
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].keyword == "$ref");
}

TEST_CASE("schema: what is not a schema is refused with its place") {
  const Error unknown_type = compile_error(R"({"properties":{"a":{"type":"strng"}}})");
  CHECK(unknown_type.reason == "schema_invalid");
  CHECK(unknown_type.message.starts_with("#/properties/a/type: not a schema: \"strng\""));
  CHECK(unknown_type.hints.front() == "did you mean string");
  CHECK(compile_error(R"({"minLength":-1})").reason == "schema_invalid");
  CHECK(compile_error(R"({"multipleOf":0})").reason == "schema_invalid");
  CHECK(compile_error("[]").reason == "schema_invalid");
  CHECK(compile_error(R"({"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}})").reason ==
        "schema_invalid");
}

TEST_CASE("schema: references to nothing and other drafts are refused") {
  const Error dangling = compile_error(R"({"properties":{"a":{"$ref":"#/$defs/x"}}})");
  CHECK(dangling.reason == "schema_ref");
  CHECK(dangling.message == "#/properties/a: reference #/$defs/x points at nothing");
  CHECK(compile_error(R"({"$ref":"#nowhere"})").reason == "schema_ref");
  CHECK(compile_error(R"({"$ref":"https://example.com/absent"})").reason == "schema_ref");
  CHECK(compile_error(R"({"$schema":"http://json-schema.org/draft-07/schema#"})").reason ==
        "schema_dialect");
}

TEST_CASE("schema: patterns that need backtracking are refused when the schema is compiled") {
  for (const auto* pattern : {"(?=a)", "(?<!a)b", "(a)\\\\1", "(?<n>a)\\\\k<n>"}) {
    const Error error = compile_error(fmt::format(R"({{"pattern":"{}"}})", pattern));
    CHECK_MESSAGE(error.reason == "pattern", pattern);
  }
  CHECK(compile_error(R"({"patternProperties":{"(":true}})").reason == "pattern");
}

TEST_CASE("schema: a schema with a hostile pattern answers at once") {
  const Schema hostile = schema(R"({"pattern":"^(a+)+$"})");
  CHECK_FALSE(hostile.accepts(Json(std::string(200'000, 'a') + "b")));
  CHECK(hostile.accepts(Json(std::string(200'000, 'a'))));
}

TEST_CASE("schema: documents of the library answer references by their URI") {
  SchemaLibrary library;
  REQUIRE(library.add("https://example.com/name.json", json(R"({"type":"string"})")));
  REQUIRE(library.add("https://example.com/files/model.json",
                      json(R"({"$id":"https://example.com/model.json",
                               "properties":{"name":{"$ref":"name.json"}}})")));
  CHECK_FALSE(library.add("https://example.com/name.json", json("true")));
  CHECK_FALSE(library.add("name.json", json("true")));
  const auto compiled = Schema::compile(json(R"({"anyOf":[{"$ref":"https://example.com/model.json"},
                        {"$ref":"https://example.com/files/model.json"}]})"),
                                        library);
  REQUIRE(compiled);
  CHECK(compiled->accepts(json(R"({"name":"a"})")));
  const auto violations = compiled->validate(json(R"({"name":1})"));
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].schema_pointer == "https://example.com/name.json#/type");
}

TEST_CASE("schema: formats are annotations until they are asked for") {
  constexpr std::string_view kText = R"({"format":"date"})";
  CHECK(faults(schema(kText), R"("2026-02-30")").empty());
  const Schema asserted = schema(kText, {.formats = SchemaOptions::Formats::Assert});
  CHECK(faults(asserted, R"("2026-02-30")") ==
        Lines{"\"2026-02-30\" is not a date; write it like 2026-02-28"});
  CHECK(faults(asserted, R"("2026-02-28")").empty());
  CHECK(faults(asserted, "12").empty());
}

TEST_CASE("schema: integers beyond a double are told apart") {
  const Schema one = schema(R"({"enum":[9007199254740993]})");
  CHECK_FALSE(one.accepts(json("9007199254740992")));
  CHECK(one.accepts(json("9007199254740993")));
  CHECK_FALSE(schema(R"({"const":18446744073709551615})").accepts(Json(-1)));
}

TEST_CASE("schema: long lists of near duplicates are compared in little work") {
  const Schema unique = schema(R"({"uniqueItems":true})");
  Json list = Json::array();
  for (int i = 0; i < 50'000; ++i) list.push_back(Json::array({"same prefix", i}));
  CHECK(unique.accepts(list));
  list.push_back(Json::array({"same prefix", 25'000.0}));
  const auto violations = unique.validate(list);
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].message == "items 25000 and 50000 are equal");
}

namespace {

constexpr std::array kScalars{"0",    "1",    "-7",    "2.5",     "1e300",  "true", "false",
                              "null", "\"\"", "\"a\"", "\"day\"", "\"é😀\"", "[]",   "{}"};
constexpr std::array kKeys{"a", "b", "name", "owner", "kind", "x-1", "é", "a/b"};

Json random_value(Random& random, int depth) {
  const auto choice = random.below(depth > 0 ? 4 : 2);
  if (choice < 2) return Json::parse(kScalars[random.below(kScalars.size())]);
  Json out = choice == 2 ? Json::array() : Json::object();
  for (std::uint64_t i = random.below(5); i > 0; --i) {
    Json value = random_value(random, depth - 1);
    if (out.is_array()) {
      out.push_back(std::move(value));
    } else {
      out[kKeys[random.below(kKeys.size())]] = std::move(value);
    }
  }
  return out;
}

// Replaces, removes or adds something somewhere in the value.
void mutate(Json& value, Random& random) {
  if (value.is_structured() && !value.empty() && random.chance(0.7)) {
    auto child = value.begin();
    std::advance(child, static_cast<std::ptrdiff_t>(random.below(value.size())));
    if (random.chance(0.2)) {
      value.erase(child);
    } else {
      mutate(*child, random);
    }
    return;
  }
  value = random_value(random, 2);
}

}  // namespace

TEST_CASE("schema: mutated values never break the validator, and both verdicts agree") {
  constexpr std::uint64_t kSeed = 42;
  MESSAGE("seed ", kSeed);
  Random random(kSeed);
  const std::vector<std::string> texts{
      std::string(kModel),
      R"({"$ref":"https://json-schema.org/draft/2020-12/schema"})",
      R"({"$dynamicAnchor":"n","type":["object","array","string"],
          "patternProperties":{"^x-":{"type":"integer"}},"propertyNames":{"maxLength":4},
          "properties":{"a":{"$dynamicRef":"#n"},"b":{"not":{"$ref":"#"}}},
          "dependentRequired":{"a":["b"]},"dependentSchemas":{"b":{"required":["name"]}},
          "if":{"required":["kind"]},"then":{"minProperties":2},"else":{"maxProperties":3},
          "prefixItems":[{"type":"integer"}],"contains":{"type":"null"},"maxContains":2,
          "unevaluatedItems":{"$ref":"#"},"unevaluatedProperties":false,"uniqueItems":true})",
      R"({"oneOf":[{"anyOf":[{"type":"integer"},{"items":{"$ref":"#"}}]},
          {"type":"object","additionalProperties":{"$ref":"#"}},{"enum":["day",1,null]}]})",
  };
  for (const std::string& text : texts) {
    const Schema compiled = schema(text);
    Json value = json(R"({"name":"a","owner":"b","columns":[{"name":"x","tests":[]}]})");
    for (int round = 0; round < 5'000; ++round) {
      if (round % 50 == 0) value = random_value(random, 4);
      mutate(value, random);
      const auto violations = compiled.validate(value);
      REQUIRE(compiled.accepts(value) == violations.empty());
      for (const Violation& violation : violations) {
        REQUIRE(value.contains(Json::json_pointer(violation.instance_pointer)));
        REQUIRE_FALSE(violation.message.empty());
        REQUIRE(is_utf8(to_text(violation)));
      }
    }
  }
}

TEST_CASE("schema: mutated schemas are compiled or refused, and never crash") {
  constexpr std::uint64_t kSeed = 43;
  MESSAGE("seed ", kSeed);
  Random random(kSeed);
  const Json instance = json(R"({"name":"a","columns":[{"name":1}],"kind":["x"]})");
  int compiled_count = 0;
  for (int round = 0; round < 5'000; ++round) {
    Json document = json(kModel);
    for (std::uint64_t edits = 1 + random.below(3); edits > 0; --edits) mutate(document, random);
    // Without the meta-schema in front, the compiler meets every wrong shape itself.
    if (document.is_object() && random.chance(0.5)) {
      document["$schema"] = "https://json-schema.org/draft/2020-12/meta/core";
    }
    const auto compiled = Schema::compile(document);
    if (!compiled) {
      REQUIRE_FALSE(compiled.error().reason.empty());
      continue;
    }
    ++compiled_count;
    REQUIRE(compiled->accepts(instance) == compiled->validate(instance).empty());
  }
  CHECK(compiled_count > 100);
}

}  // namespace martgate
