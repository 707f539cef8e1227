// The rules of the tree itself: which folder may include which, and which pages must name what.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path kSource = fs::path(MARTGATE_SOURCE_DIR);

// A folder includes itself and folders of lower rank. As in docs/architecture.md.
const std::map<std::string, int> kRanks{
    {"base", 0},     {"json", 1},   {"store", 1},   {"demo", 1},    {"catalog", 2},   {"engine", 2},
    {"identity", 2}, {"ingest", 3}, {"build", 3},   {"metrics", 3}, {"retrieval", 3}, {"policy", 3},
    {"envelope", 3}, {"tools", 4},  {"gate", 5},    {"jobs", 5},    {"mcp", 6},       {"eval", 6},
    {"http", 7},     {"stdio", 7},  {"console", 7}, {"cli", 8}};

struct Include {
  std::string file;
  std::string from;
  std::string to;
};

std::string read(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Include> includes_below(const fs::path& folder) {
  static const std::regex kInclude(R"re(^\s*#\s*include\s+"([^"/]+)/[^"]+")re");
  std::vector<Include> includes;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const fs::path relative = fs::relative(entry.path(), folder);
    if (entry.path().extension() != ".h" && entry.path().extension() != ".cc") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      std::smatch match;
      if (std::regex_search(line, match, kInclude))
        includes.push_back({relative.string(), relative.begin()->string(), match[1]});
    }
  }
  return includes;
}

// An arrow that points up or sideways, in words; empty when it may be there.
std::string fault_of(const Include& include) {
  if (!kRanks.contains(include.from)) return include.from + " has no rank";
  if (!kRanks.contains(include.to))
    return include.file + " includes the unknown folder " + include.to;
  if (include.from != include.to && kRanks.at(include.to) >= kRanks.at(include.from)) {
    return include.file + " includes " + include.to + ", which is not of lower rank";
  }
  return "";
}

}  // namespace

TEST_CASE("house: an arrow that points up or sideways is a fault") {
  CHECK_FALSE(fault_of({"base/x.h", "base", "json"}).empty());
  CHECK_FALSE(fault_of({"ingest/x.h", "ingest", "build"}).empty());
  CHECK_FALSE(fault_of({"new/x.h", "new", "base"}).empty());
  CHECK(fault_of({"gate/x.h", "gate", "envelope"}).empty());
}

TEST_CASE("house: every include in src points to its own folder or to one of lower rank") {
  const auto includes = includes_below(kSource / "src");
  CHECK(includes.size() > 100);
  for (const Include& include : includes) {
    const std::string fault = fault_of(include);
    CHECK_MESSAGE(fault.empty(), fault);
  }
}

TEST_CASE("house: every folder of src is described in docs/architecture.md with its rank's order") {
  const std::string page = read(kSource / "docs" / "architecture.md");
  for (const auto& entry : fs::directory_iterator(kSource / "src")) {
    if (!entry.is_directory()) continue;
    const std::string name = entry.path().filename().string();
    CHECK_MESSAGE(page.find("src/" + name + "/") != std::string::npos, name,
                  " is not in docs/architecture.md");
  }
}

TEST_CASE("house: every tool, subcommand and option is named in the documents") {
  std::string pages = read(kSource / "README.md");
  for (const auto& entry : fs::directory_iterator(kSource / "docs")) pages += read(entry.path());
  for (const auto& entry : fs::directory_iterator(kSource / "tools")) {
    const std::string name = entry.path().stem().string();
    CHECK_MESSAGE(pages.find(name) != std::string::npos, name, " is in no document");
  }
  static const std::regex kOption(R"re("((?:-[A-Za-z],)?--([a-z-]+)))re");
  static const std::regex kSubcommand(R"re(add_subcommand\("([a-z-]+)")re");
  const std::string options = read(kSource / "src" / "cli" / "main.cc");
  std::set<std::string> words;
  for (auto it = std::sregex_iterator(options.begin(), options.end(), kOption);
       it != std::sregex_iterator(); ++it) {
    words.insert("--" + (*it)[2].str());
  }
  for (auto it = std::sregex_iterator(options.begin(), options.end(), kSubcommand);
       it != std::sregex_iterator(); ++it) {
    words.insert("martgate " + (*it)[1].str());
  }
  CHECK(words.size() > 15);
  for (const std::string& word : words)
    CHECK_MESSAGE(pages.find(word) != std::string::npos, word, " is in no document");
}

TEST_CASE("house: every refusal reason is named in docs/errors.md") {
  const std::string page = read(kSource / "docs" / "errors.md");
  // The last argument of fail() and Error{} is the reason.
  static const std::regex kReason(R"re("([a-z]+(?:_[a-z]+)+)"\s*(?:\)|\}))re");
  static const std::regex kFail(R"re((?:fail\(|Error\{)[^;]*;)re");
  std::set<std::string> reasons;
  for (const std::string folder : {"metrics", "tools", "gate", "engine"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kSource / "src" / folder)) {
      if (entry.path().extension() != ".cc") continue;
      const std::string text = read(entry.path());
      for (auto it = std::sregex_iterator(text.begin(), text.end(), kFail);
           it != std::sregex_iterator(); ++it) {
        const std::string call = it->str();
        std::smatch match;
        if (std::regex_search(call, match, kReason)) reasons.insert(match[1]);
      }
    }
  }
  CHECK(reasons.size() > 10);
  for (const std::string& reason : reasons) {
    CHECK_MESSAGE(page.find("`" + reason + "`") != std::string::npos, reason,
                  " is not in docs/errors.md");
  }
}
