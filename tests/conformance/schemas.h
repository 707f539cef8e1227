// The JSON Schemas that the suite looks at, word for word where it compares them.
#pragma once

namespace martgate::conformance {

inline constexpr const char* kNoInput = R"({"type":"object","additionalProperties":false})";

// Keywords that a server must hand on untouched.
inline constexpr const char* kEveryKeyword = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "$defs": {
    "address": {
      "$anchor": "addressDef",
      "type": "object",
      "properties": {"street": {"type": "string"}, "city": {"type": "string"}}
    }
  },
  "properties": {
    "name": {"type": "string"},
    "address": {"$ref": "#/$defs/address"},
    "contactMethod": {"type": "string", "enum": ["phone", "email"]},
    "phone": {"type": "string"},
    "email": {"type": "string"}
  },
  "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
  "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
  "then": {"required": ["phone"]},
  "else": {"required": ["email"]},
  "additionalProperties": false
})";

// Every kind of default that a form may have (SEP-1034).
inline constexpr const char* kFormWithDefaults = R"({
  "type": "object",
  "properties": {
    "name": {"type": "string", "description": "User name", "default": "John Doe"},
    "age": {"type": "integer", "description": "User age", "default": 30},
    "score": {"type": "number", "description": "User score", "default": 95.5},
    "status": {"type": "string", "description": "User status",
               "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "description": "Verification status", "default": true}
  },
  "required": []
})";

// Every kind of choice that a form may have (SEP-1330).
inline constexpr const char* kFormWithChoices = R"({
  "type": "object",
  "properties": {
    "untitledSingle": {"type": "string", "enum": ["one", "two", "three"]},
    "titledSingle": {"type": "string", "oneOf": [
      {"const": "a", "title": "First"}, {"const": "b", "title": "Second"}]},
    "legacyEnum": {"type": "string", "enum": ["x", "y"], "enumNames": ["Ex", "Why"]},
    "untitledMulti": {"type": "array", "minItems": 1, "maxItems": 3,
                      "items": {"type": "string", "enum": ["one", "two", "three"]}},
    "titledMulti": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"anyOf": [
      {"const": "a", "title": "First"}, {"const": "b", "title": "Second"}]}}
  },
  "required": []
})";

}  // namespace martgate::conformance
