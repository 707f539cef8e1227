// The official test suite of JSON Schema, draft 2020-12: every required test.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "json/parse.h"
#include "json/schema.h"

namespace martgate {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRequiredTests = 1'299;

// Tests we do not pass, as "file: group: test", each with the reason.
const std::map<std::string, std::string> kKnownMisses{};

fs::path suite_folder() {
  const char* const data = std::getenv("MARTGATE_DATA");
  const fs::path root = data != nullptr ? data : MARTGATE_SOURCE_DIR "/../shared/data";
  return root / "json-schema-2020-12";
}

std::vector<fs::path> json_files(const fs::path& folder, bool is_recursive) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const bool is_here = is_recursive || entry.path().parent_path() == folder;
    if (is_here && entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

Json read_json(const fs::path& path) {
  const auto bytes = read_file(path);
  REQUIRE_MESSAGE(bytes, path.string());
  auto parsed = parse_ijson(*bytes);
  REQUIRE_MESSAGE(parsed, path.string(), ": ", (parsed ? "" : parsed.error().message));
  return std::move(*parsed);
}

SchemaLibrary remotes(const fs::path& folder) {
  SchemaLibrary library;
  for (const fs::path& file : json_files(folder / "remotes", true)) {
    const std::string path = file.lexically_relative(folder / "remotes").generic_string();
    // Documents of older drafts answer to optional tests only, and some share their identifiers.
    if (path.starts_with("draft") && !path.starts_with("draft2020-12/")) continue;
    if (path.starts_with("v1/")) continue;
    const auto added = library.add("http://localhost:1234/" + path, read_json(file));
    REQUIRE_MESSAGE(added, path);
  }
  return library;
}

// Runs one group; returns the names of the tests whose verdict is wrong.
std::vector<std::string> wrong_verdicts(const Json& group, const SchemaLibrary& library,
                                        const SchemaOptions& options = {}) {
  std::vector<std::string> wrong;
  const auto schema = Schema::compile(group.at("schema"), library, options);
  for (const Json& test : group.at("tests")) {
    const auto name = fmt::format("{}: {}", group.at("description").get<std::string>(),
                                  test.at("description").get<std::string>());
    if (!schema) {
      wrong.push_back(fmt::format("{} ({})", name, schema.error().message));
      continue;
    }
    const bool is_valid = test.at("valid").get<bool>();
    const auto violations = schema->validate(test.at("data"));
    CHECK_MESSAGE(schema->accepts(test.at("data")) == violations.empty(), name);
    if (violations.empty() != is_valid) wrong.push_back(name);
  }
  return wrong;
}

}  // namespace

TEST_CASE("schema: every required test of the official suite has the right verdict") {
  const fs::path folder = suite_folder();
  if (!fs::exists(folder)) {
    MESSAGE("skipped: the JSON Schema test suite is not at ", folder.string());
    return;
  }
  const SchemaLibrary library = remotes(folder);
  std::size_t count = 0;
  std::set<std::string> missed;
  for (const fs::path& file : json_files(folder / "tests" / "draft2020-12", false)) {
    for (const Json& group : read_json(file)) {
      count += group.at("tests").size();
      for (const std::string& name : wrong_verdicts(group, library)) {
        missed.insert(file.stem().string() + ": " + name);
      }
    }
  }
  for (const std::string& name : missed) {
    CHECK_MESSAGE(kKnownMisses.contains(name), "fails: ", name);
  }
  for (const auto& [name, reason] : kKnownMisses) {
    CHECK_MESSAGE(missed.contains(name), "passes now, strike it from the list: ", name);
  }
  CHECK(count == kRequiredTests);
  MESSAGE("official suite: ", count - missed.size(), " of ", count, " required tests pass");
}

// Optional in the suite: what `format` refuses once it is asked to.
TEST_CASE("schema: the formats that can be asserted have the verdicts of the official suite") {
  const fs::path folder = suite_folder() / "tests" / "draft2020-12" / "optional" / "format";
  if (!fs::exists(folder)) {
    MESSAGE("skipped: the JSON Schema test suite is not at ", folder.string());
    return;
  }
  // Quoted local parts (RFC 5321) are refused: no directory here has such an address.
  constexpr std::string_view kQuotedLocalPart = "a quoted string with a";
  // Labels that begin with xn-- are not decoded: names here are looked up, not displayed.
  constexpr std::string_view kPunycode = "validation of A-label (punycode) host names";
  const SchemaOptions options{.formats = SchemaOptions::Formats::Assert};
  std::size_t count = 0;
  std::size_t known = 0;
  for (const auto* format : {"date", "time", "date-time", "duration", "email", "hostname", "ipv4",
                             "ipv6", "uri", "uri-reference", "uuid", "json-pointer", "regex"}) {
    for (const Json& group : read_json(folder / fmt::format("{}.json", format))) {
      count += group.at("tests").size();
      for (const std::string& name : wrong_verdicts(group, SchemaLibrary(), options)) {
        const bool is_known = name.find(kQuotedLocalPart) != std::string::npos ||
                              name.find(kPunycode) != std::string::npos;
        CHECK_MESSAGE(is_known, "fails: ", format, ": ", name);
        ++known;
      }
    }
  }
  CHECK(known == 26);
  MESSAGE("formats: ", count - known, " of ", count, " optional tests pass");
}

}  // namespace martgate
