#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "catalog/project_folder.h"

using namespace martgate;
using namespace martgate::catalog;

namespace {

constexpr std::uint64_t kSeed = 20261121;
constexpr int kRuns = 200;

// Pieces that YAML gives a meaning to.
const std::vector<std::string> kPieces{
    "\n", "\t", ": ",  "- ",   "{", "}", "[",  "]", "\"", "'", "#",  "&a",   "*a",   "<<",
    "|",  ">-", "---", "\xff", "~", "?", "!!", "%", ",",  "0", "  ", "null", "name", "\xc3\xa9"};

void mutate(std::string& text, Random& random) {
  const std::size_t at = random.below(text.size() + 1);
  switch (random.below(4)) {
    case 0:
      text.insert(at, kPieces[random.below(kPieces.size())]);
      return;
    case 1:
      text.erase(at, random.below(20));
      return;
    case 2:
      if (at < text.size()) text[at] = static_cast<char>(random.below(256));
      return;
    default:
      text.insert(at, text.substr(random.below(text.size() + 1), random.below(60)));
  }
}

}  // namespace

TEST_CASE("load: no change of a project's bytes breaks the loader") {
  const ProjectFolder original = ProjectFolder::fixture("shop");
  std::vector<std::string> names;
  for (const auto& [file, text] : original.files()) names.push_back(file);
  for (int run = 0; run < kRuns; ++run) {
    const std::uint64_t seed = kSeed + static_cast<std::uint64_t>(run);
    CAPTURE(seed);
    Random random(seed);
    ProjectFolder folder;
    for (const auto& [file, text] : original.files()) folder.write(file, text);
    for (std::uint64_t count = 1 + random.below(4); count > 0; --count) {
      const std::string& name = names[random.below(names.size())];
      std::string text = folder.files().at(name);
      mutate(text, random);
      folder.write(name, text);
    }
    const Loaded loaded = folder.load();
    CHECK(loaded.project.has_value() == loaded.diagnostics.empty());
    for (const Diagnostic& diagnostic : loaded.diagnostics) {
      CHECK_FALSE(diagnostic.file.empty());
      CHECK_FALSE(diagnostic.message.empty());
    }
  }
}
