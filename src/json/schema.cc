#include "json/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "json/meta_schemas.h"
#include "json/schema_compile.h"
#include "json/schema_evaluate.h"
#include "json/schema_node.h"
#include "json/uri.h"

namespace martgate {
namespace {

// The same fault can be met through two references; its reader needs it once.
void drop_repeated(std::vector<Violation>& violations) {
  std::unordered_set<std::string> seen;
  std::erase_if(violations, [&](const Violation& violation) {
    return !seen.insert(violation.instance_pointer + '\n' + violation.message).second;
  });
}

// The meta-schema accepts itself, so it is compiled without asking it.
const SchemaProgram& meta_schema_program() {
  static const auto kProgram = [] {
    auto program = compile_schema(*meta_schema_named(kMetaSchemaUri), SchemaLibrary(), {});
    MARTGATE_CHECK(program.has_value());
    return std::move(*program);
  }();
  return *kProgram;
}

std::vector<Violation> violations_of(const SchemaProgram& program, const Json& instance,
                                     std::size_t violations_max) {
  Evaluator quick(nullptr);
  if (quick.run(*program.root, instance)) return {};
  // At least one, since an empty answer means that the value is accepted.
  Report report{.violations_max = std::max<std::size_t>(violations_max, 1), .violations = {}};
  Evaluator thorough(&report);
  static_cast<void>(thorough.run(*program.root, instance));
  if (thorough.is_aborted() || quick.is_aborted()) {
    const std::string& place = thorough.is_aborted() ? thorough.aborted_at() : quick.aborted_at();
    return {Violation{.instance_pointer = "",
                      .schema_pointer = place,
                      .keyword = "$ref",
                      .message = "the schema refers to itself without end or takes too long",
                      .accepted = {},
                      .hints = {}}};
  }
  drop_repeated(report.violations);
  return std::move(report.violations);
}

// Schemas of this draft, or of none by name, are checked; other dialects bring their own rules.
bool is_standard_dialect(const Json& document) {
  if (!document.is_object()) return true;
  const auto schema = document.find("$schema");
  return schema == document.end() || !schema->is_string() ||
         split_fragment(schema->get_ref<const std::string&>()).document == kMetaSchemaUri;
}

}  // namespace

std::string to_text(const Violation& violation) {
  std::string text = violation.instance_pointer.empty() ? "" : violation.instance_pointer + ": ";
  text += violation.message;
  for (const std::string& hint : violation.hints) text.append("; ").append(hint);
  return text;
}

SchemaLibrary::SchemaLibrary() = default;
SchemaLibrary::~SchemaLibrary() = default;
SchemaLibrary::SchemaLibrary(SchemaLibrary&&) noexcept = default;
SchemaLibrary& SchemaLibrary::operator=(SchemaLibrary&&) noexcept = default;

Status SchemaLibrary::add(std::string_view uri, Json document) {
  std::vector<std::string> names{std::string(split_fragment(uri).document)};
  if (document.is_object()) {
    const auto id = document.find("$id");
    if (id != document.end() && id->is_string()) {
      const std::string own = resolve_uri(names[0], id->get_ref<const std::string&>());
      if (split_fragment(own).document != names[0]) {
        names.emplace_back(split_fragment(own).document);
      }
    }
  }
  for (const std::string& name : names) {
    if (!is_absolute_uri(name)) {
      return fail(Code::InvalidArgument, fmt::format("{} is not an absolute URI", shown(name)));
    }
    if (find(name) != nullptr) {
      return fail(Code::FailedPrecondition, fmt::format("{} is registered already", shown(name)));
    }
  }
  documents_.push_back(std::make_unique<const Json>(std::move(document)));
  for (std::string& name : names) by_uri_.emplace(std::move(name), documents_.back().get());
  return {};
}

const Json* SchemaLibrary::find(std::string_view uri) const {
  const auto found = by_uri_.find(uri);
  return found != by_uri_.end() ? found->second : meta_schema_named(uri);
}

std::vector<std::string> SchemaLibrary::uris() const {
  std::vector<std::string> out;
  for (const auto& [uri, document] : by_uri_) out.push_back(uri);
  for (const std::string_view uri : meta_schema_uris()) out.emplace_back(uri);
  return out;
}

Schema::Schema(std::unique_ptr<const SchemaProgram> program) : program_(std::move(program)) {}
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;
Schema::~Schema() = default;

Result<Schema> Schema::compile(const Json& document, const SchemaLibrary& library,
                               const SchemaOptions& options) {
  if (is_standard_dialect(document)) {
    const auto violations = violations_of(meta_schema_program(), document, 3);
    if (!violations.empty()) {
      const Violation& first = violations.front();
      return fail(Code::InvalidArgument,
                  fmt::format("#{}: not a schema: {}", first.instance_pointer, first.message),
                  first.hints, "schema_invalid");
    }
  }
  auto program = compile_schema(document, library, options);
  if (!program) return tl::unexpected(program.error());
  return Schema(std::move(*program));
}

std::vector<Violation> Schema::validate(const Json& instance, std::size_t violations_max) const {
  return violations_of(*program_, instance, violations_max);
}

bool Schema::accepts(const Json& instance) const {
  return Evaluator(nullptr).run(*program_->root, instance);
}

}  // namespace martgate
