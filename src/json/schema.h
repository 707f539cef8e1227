// JSON Schema 2020-12: a schema is compiled once and then judges any number of values.
//
// Source   JSON Schema Core and Validation, draft 2020-12; all required keywords and vocabularies.
//          `format` is an annotation unless asked for. Patterns run on RE2: no look-around.
//          Nothing is ever fetched: a $ref outside the document must be in the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/json_fwd.h"

namespace martgate {

struct SchemaProgram;

// One thing that is wrong with a value, worded for whoever wrote it by hand.
struct Violation {
  std::string instance_pointer;       // RFC 6901, of the value or of the key that is at fault
  std::string schema_pointer;         // "#/properties/name/type", or an absolute URI with fragment
  std::string keyword;                // "type", the reason; empty for a schema that is `false`
  std::string message;                // one clause, lower case, no full stop
  std::vector<std::string> accepted;  // the values, types or keys that would do, when they are few
  std::vector<std::string> hints;     // near names, and what to write instead
};

[[nodiscard]] std::string to_text(const Violation& violation);  // "/columns/0: message; hint"

// Documents a $ref may name. The meta-schemas of draft 2020-12 are always known.
class SchemaLibrary {
 public:
  SchemaLibrary();
  ~SchemaLibrary();
  SchemaLibrary(SchemaLibrary&&) noexcept;
  SchemaLibrary& operator=(SchemaLibrary&&) noexcept;

  // Under `uri`, and under its own $id when it has an absolute one. Errors: InvalidArgument when
  // a URI is not absolute, FailedPrecondition when another document has it already.
  [[nodiscard]] Status add(std::string_view uri, Json document);

  [[nodiscard]] const Json* find(std::string_view uri) const;
  [[nodiscard]] std::vector<std::string> uris() const;

 private:
  std::vector<std::unique_ptr<const Json>> documents_;
  std::map<std::string, const Json*, std::less<>> by_uri_;
};

struct SchemaOptions {
  enum class Formats : std::uint8_t { Annotate, Assert };
  Formats formats = Formats::Annotate;
  std::string base_uri = {};  // of a document without an absolute $id
};

// Threads  const calls may run at the same time.
class Schema {
 public:
  // Errors: InvalidArgument with reason "schema_invalid" (not a schema by its meta-schema),
  // "schema_ref" (a reference to nothing), "schema_dialect" (another draft, an unknown required
  // vocabulary) or "pattern"; the message names the place in the document.
  [[nodiscard]] static Result<Schema> compile(const Json& document,
                                              const SchemaLibrary& library = SchemaLibrary(),
                                              const SchemaOptions& options = {});

  Schema(Schema&&) noexcept;
  Schema& operator=(Schema&&) noexcept;
  ~Schema();

  // Everything that is wrong, in the order of the document, at most `violations_max`; empty when
  // the value is accepted. Of anyOf and oneOf only the branch that came closest is reported.
  // A schema that refers to itself without end yields one violation of its own, keyword "$ref".
  [[nodiscard]] std::vector<Violation> validate(const Json& instance,
                                                std::size_t violations_max = 100) const;

  // The same verdict without a report; stops at the first fault.
  [[nodiscard]] bool accepts(const Json& instance) const;

 private:
  explicit Schema(std::unique_ptr<const SchemaProgram> program);

  std::unique_ptr<const SchemaProgram> program_;
};

}  // namespace martgate
