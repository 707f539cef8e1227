#include "catalog/file_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/files.h"
#include "base/text.h"
#include "json/pointer.h"

namespace martgate::catalog {
namespace {

SchemaLibrary library_or_stop() {
  auto library = embedded_schema_library();
  MARTGATE_CHECK(library.has_value());  // a test reads every embedded schema
  return std::move(*library);
}

// Violations of these words are about a member that should not be there.
bool concerns_key(const Violation& violation) {
  return violation.keyword.empty() || violation.keyword == "additionalProperties" ||
         violation.keyword == "propertyNames";
}

Position place_of(const YamlDocument& yaml, const Violation& violation) {
  if (concerns_key(violation)) {
    const auto key = yaml.keys.find(violation.instance_pointer);
    if (key != yaml.keys.end()) return key->second;
  }
  return position_in(yaml, violation.instance_pointer);
}

// Keys that some schema refuses beside others, and what they go with.
std::vector<std::string> hints_for_key(std::string_view key) {
  if (key == "scale") return {"only data_type: decimal has a scale"};
  if (key == "delimiter") return {"only format: csv has a delimiter"};
  if (key == "numerator" || key == "denominator") return {"it goes with type: ratio"};
  if (key == "input_metrics") return {"it goes with type: derived"};
  if (key == "input_metric" || key == "window" || key == "grain_to_date" || key == "period_agg") {
    return {"it goes with type: cumulative"};
  }
  return {"a metric of this type takes it from its inputs"};
}

}  // namespace

FileReader::FileReader(std::filesystem::path root, Report& report)
    : root_(std::move(root)), report_(report), library_(library_or_stop()) {}

ReadDocument FileReader::read(const std::string& file, std::string_view schema) {
  const auto text = read_text(file);
  if (!text) return {Document{file, {}}, false};
  return parse(file, *text, schema);
}

ReadDocument FileReader::parse(const std::string& file, std::string_view text,
                               std::string_view schema) {
  ReadDocument result{Document{file, read_yaml(text)}, false};
  for (const YamlMistake& mistake : result.document.yaml.mistakes) {
    report_.add({file, mistake.at.line, mistake.at.column, mistake.message, mistake.hints});
  }
  if (!result.document.yaml.mistakes.empty()) return result;
  result.is_valid = satisfies(result.document, schema);
  return result;
}

std::optional<std::string> FileReader::read_sql(const std::string& file) {
  auto text = read_text(file);
  if (!text) return std::nullopt;
  if (!is_utf8(*text) || text->find('\0') != std::string::npos) {
    report_.add({file, 1, 1, "not UTF-8 text", {}});
    return std::nullopt;
  }
  if (trim(*text).empty()) {
    report_.add({file, 1, 1, "the file is empty", {"it holds one SELECT"}});
    return std::nullopt;
  }
  return text;
}

std::optional<std::string> FileReader::read_text(const std::string& file) {
  auto text = read_file(root_ / file, kYamlBytesMax);
  if (text) return std::move(*text);
  std::string message = text.error().message;
  if (text.error().code == Code::NotFound) message = "the file is missing";
  if (text.error().code == Code::ResourceExhausted) {
    message = fmt::format("longer than {} bytes", kYamlBytesMax);
  }
  report_.add({file, 0, 0, std::move(message), {}});
  return std::nullopt;
}

bool FileReader::satisfies(const Document& document, std::string_view schema) {
  const std::vector<Violation> violations = schema_at(schema).validate(document.yaml.value);
  for (const Violation& violation : violations) {
    report_.add(diagnostic_of(document, violation, schema));
  }
  return violations.empty();
}

const Schema& FileReader::schema_at(std::string_view path) {
  const auto known = schemas_.find(path);
  if (known != schemas_.end()) return known->second;
  auto schema = compile_embedded_schema(library_, path);
  MARTGATE_CHECK(schema.has_value());  // a test compiles every embedded schema
  return schemas_.emplace(std::string(path), std::move(*schema)).first->second;
}

Diagnostic FileReader::diagnostic_of(const Document& document, const Violation& violation,
                                     std::string_view schema) const {
  const Position at = place_of(document.yaml, violation);
  Diagnostic diagnostic{document.file, at.line, at.column, violation.message, violation.hints};
  if (violation.keyword.empty()) {
    const std::string& pointer = violation.instance_pointer;
    const std::string key = unescaped_token(pointer.substr(pointer.rfind('/') + 1));
    diagnostic.message = fmt::format("key \"{}\" does not belong here", shown(key, 80));
    diagnostic.hints = hints_for_key(key);
  } else if (violation.keyword == "pattern") {
    const std::string wanted = description_at(violation.schema_pointer, schema);
    if (!wanted.empty()) diagnostic.hints.push_back(fmt::format("accepted: {}", wanted));
  }
  return diagnostic;
}

std::string FileReader::description_at(std::string_view schema_pointer,
                                       std::string_view schema) const {
  const std::size_t hash = schema_pointer.find('#');
  const std::size_t slash = schema_pointer.rfind('/');
  if (hash == std::string_view::npos || slash == std::string_view::npos || slash < hash) return {};
  const std::string uri =
      hash == 0 ? schema_uri(schema) : std::string(schema_pointer.substr(0, hash));
  const Json* node = library_.find(uri);
  for (const std::string_view token :
       split(schema_pointer.substr(hash + 1, slash - hash - 1), '/')) {
    if (node == nullptr || !node->is_object()) return {};
    if (token.empty()) continue;
    const auto member = node->find(unescaped_token(token));
    if (member == node->end()) return {};
    node = &*member;
  }
  return node == nullptr || !node->is_object() ? std::string() : node->value("description", "");
}

}  // namespace martgate::catalog
