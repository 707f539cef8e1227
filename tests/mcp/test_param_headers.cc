#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "mcp/http_head.h"
#include "mcp/param_headers.h"
#include "mcp/wire.h"

namespace martgate::mcp {
namespace {

const Json kSchema = Json::parse(R"({
  "type": "object",
  "properties": {
    "region": {"type": "string", "x-mcp-header": "Region"},
    "count": {"type": "integer", "x-mcp-header": "Count"},
    "where": {"type": "object", "properties": {"dry": {"type": "boolean", "x-mcp-header": "Dry-Run"}}}
  }
})");

// Empty: accepted; else the code of the refusal.
int code_of(const char* arguments, std::vector<HeaderField> fields) {
  const auto headers = param_headers_of(kSchema);
  REQUIRE(headers);
  const Json parsed = Json::parse(arguments);
  const auto checked = check_param_headers(*headers, &parsed, fields);
  if (checked) return 0;
  CHECK(checked.error().http_status == 400);
  return checked.error().code;
}

bool is_accepted(const char* schema) {
  return param_headers_of(Json::parse(schema)).has_value();
}

}  // namespace

TEST_CASE("param_headers: a definition that clients would drop is refused") {
  for (const char* schema : {
           R"({"x-mcp-header":"A"})",
           R"({"properties":{"a":{"type":"string","x-mcp-header":""}}})",
           R"({"properties":{"a":{"type":"string","x-mcp-header":"A B"}}})",
           R"({"properties":{"a":{"type":"string","x-mcp-header":"A:"}}})",
           R"({"properties":{"a":{"type":"string","x-mcp-header":"Ä"}}})",
           R"({"properties":{"a":{"type":"string","x-mcp-header":7}}})",
           R"({"properties":{"a":{"type":"number","x-mcp-header":"A"}}})",
           R"({"properties":{"a":{"type":["string","null"],"x-mcp-header":"A"}}})",
           R"({"properties":{"a":{"x-mcp-header":"A"}}})",
           R"({"properties":{"a":{"type":"object","x-mcp-header":"A"}}})",
           R"({"properties":{"a":{"type":"string","x-mcp-header":"A"},
                             "b":{"type":"string","x-mcp-header":"a"}}})",
           R"({"properties":{"a":{"type":"array","items":{"type":"string","x-mcp-header":"A"}}}})",
           R"({"anyOf":[{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}]})",
           R"({"not":{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}})",
           R"({"then":{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}})",
           R"({"$defs":{"d":{"type":"string","x-mcp-header":"A"}}})",
           R"({"$defs":{"d":{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}}})",
           R"({"additionalProperties":{"type":"string","x-mcp-header":"A"}})",
       }) {
    const auto headers = param_headers_of(Json::parse(schema));
    REQUIRE_MESSAGE(!headers, schema);
    CHECK(headers.error().reason == "bad_param_header");
  }
}

TEST_CASE("param_headers: the keyword is a key like any other where no schema stands") {
  CHECK(is_accepted(R"({"properties":{"x-mcp-header":{"type":"string"}}})"));
  CHECK(is_accepted(R"({"default":{"x-mcp-header":1},"examples":[{"x-mcp-header":1}]})"));
  CHECK(is_accepted("true"));
  const auto headers = param_headers_of(kSchema);
  REQUIRE(headers);
  REQUIRE(headers->size() == 3);
  CHECK(headers->at(2).name == "Mcp-Param-Dry-Run");
  CHECK(headers->at(2).path == std::vector<std::string>{"where", "dry"});
}

TEST_CASE("param_headers: an argument without its header, or with another value, is refused") {
  constexpr int kRefused = code::kHeaderMismatch;
  const char* region = R"({"region":"eu"})";
  CHECK(code_of(region, {}) == kRefused);
  CHECK(code_of(region, {{"Mcp-Param-Region", "us"}}) == kRefused);
  CHECK(code_of(region, {{"Mcp-Param-Region", "EU"}}) == kRefused);
  CHECK(code_of(region, {{"Mcp-Param-Region", "eu"}, {"mcp-param-region", "eu"}}) == kRefused);
  CHECK(code_of(R"({"region":"Hello"})", {{"mcp-param-region", "=?base64?SGVsbG8?="}}) == kRefused);
  CHECK(code_of(R"({"region":"Hello"})", {{"mcp-param-region", "=?base64?SGVs!!!bG8=?="}}) ==
        kRefused);
  CHECK(code_of(R"({"where":{"dry":true}})", {{"mcp-param-dry-run", "True"}}) == kRefused);
  CHECK(code_of(R"({"where":{"dry":true}})", {}) == kRefused);
  for (const char* text : {"41", "42.5", "42x", " 42", "", "0x2A", "inf", "nan", "+42"}) {
    CHECK_MESSAGE(code_of(R"({"count":42})", {{"mcp-param-count", text}}) == kRefused, text);
  }
  CHECK(code_of(R"({"count":9007199254740992})", {{"mcp-param-count", "9007199254740992"}}) ==
        kRefused);
  CHECK(code_of(R"({"region":["eu"]})", {{"mcp-param-region", "[\"eu\"]"}}) == kRefused);
}

TEST_CASE("param_headers: equal values are accepted, and so is what has no argument") {
  CHECK(code_of("{}", {}) == 0);
  CHECK(code_of("{}", {{"Mcp-Param-Region", "eu"}}) == 0);
  CHECK(code_of(R"({"region":null,"where":null})", {}) == 0);
  CHECK(code_of(R"({"region":"eu"})", {{"MCP-PARAM-REGION", "eu"}}) == 0);
  CHECK(code_of(R"({"region":"Hello"})", {{"mcp-param-region", "=?base64?SGVsbG8=?="}}) == 0);
  CHECK(code_of(R"({"region":"SGVsbG8="})", {{"mcp-param-region", "SGVsbG8="}}) == 0);
  CHECK(code_of(R"({"region":"=?base64?SGVsbG8="})", {{"mcp-param-region", "=?base64?SGVsbG8="}}) ==
        0);
  for (const char* text : {"42", "42.0", "4.2e1"}) {
    CHECK_MESSAGE(code_of(R"({"count":42})", {{"mcp-param-count", text}}) == 0, text);
  }
  CHECK(code_of(R"({"count":42.0})", {{"mcp-param-count", "42"}}) == 0);
  CHECK(code_of(R"({"count":-9007199254740991})", {{"mcp-param-count", "-9007199254740991"}}) == 0);
  CHECK(code_of(R"({"where":{"dry":false}})", {{"mcp-param-dry-run", "false"}}) == 0);
  CHECK(check_param_headers({}, nullptr, {}).has_value());
}

TEST_CASE("http_head: only the exact sentinel is decoded, and only canonical base64 of UTF-8") {
  const auto decoded = [](std::string_view value) { return decoded_value("Mcp-Name", value); };
  for (const char* value : {"=?base64?SGVsbG8?=", "=?base64?SGVsbG9=?=", "=?base64?SGVs bG8=?=",
                            "=?base64?SGVsbG8==?=", "=?base64?SGVs-_8=?=", "=?base64?/w==?=",
                            "=?base64?7aCA?=", "=?base64?A?=", "k\xC3\xA4se", "a\x01", "a\x7F"}) {
    CHECK_MESSAGE(!decoded(value), value);
  }
  for (const char* value : {"SGVsbG8=", "=?base64?SGVsbG8=", "=?BASE64?SGVsbG8=?=", "SGVsbG8=?=",
                            "=?base64?=", "", "a\tb", " =?base64?SGVsbG8=?="}) {
    const auto same = decoded(value);
    REQUIRE_MESSAGE(same, value);
    CHECK(*same == value);
  }
  CHECK(decoded("=?base64?bm90ZTovL2vDpHNl?=").value() == "note://käse");
  CHECK(decoded("=?base64?"
                "?=")
            .value()
            .empty());
}

}  // namespace martgate::mcp
