#include "catalog/schemas.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "json/parse.h"

namespace martgate::catalog {

std::string_view embedded_schema(std::string_view path) {
  const auto files = embedded_schemas();
  const auto file = std::ranges::find(files, path, &EmbeddedFile::path);
  return file == files.end() ? std::string_view() : file->text;
}

std::string schema_uri(std::string_view path) {
  // The .example domain is reserved (RFC 2606), so the URI names a file and never a server.
  return fmt::format("https://martgate.example/schemas/{}", path);
}

Result<SchemaLibrary> embedded_schema_library() {
  SchemaLibrary library;
  for (const EmbeddedFile& file : embedded_schemas()) {
    auto document = parse_ijson(file.text);
    if (!document) {
      return fail(Code::Internal,
                  fmt::format("schemas/{}: {}", file.path, document.error().message));
    }
    if (auto added = library.add(schema_uri(file.path), std::move(*document)); !added) {
      return tl::unexpected(with_context(added.error(), file.path));
    }
  }
  return library;
}

Result<Schema> compile_embedded_schema(const SchemaLibrary& library, std::string_view path) {
  const std::string uri = schema_uri(path);
  const Json* document = library.find(uri);
  if (document == nullptr) {
    std::vector<std::string> names;
    for (const EmbeddedFile& file : embedded_schemas()) names.emplace_back(file.path);
    return fail(Code::NotFound, fmt::format("there is no schema \"{}\"", path),
                name_hints(path, names));
  }
  SchemaOptions options;
  options.base_uri = uri;
  auto schema = Schema::compile(*document, library, options);
  if (!schema) return tl::unexpected(with_context(schema.error(), path));
  return schema;
}

}  // namespace martgate::catalog
