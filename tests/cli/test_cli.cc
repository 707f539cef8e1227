// The program as a new user meets it: session.txt holds command lines, what they print and their
// exit codes. Ids, times and folders differ from run to run and are replaced by words.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include "base/files.h"
#include "cli/version.h"
#include "support/golden.h"
#include "temp_folder.h"

using namespace martgate;

namespace {

const std::filesystem::path kFolder = std::filesystem::path(MARTGATE_SOURCE_DIR) / "tests" / "cli";

struct Ran {
  std::string output;  // stdout, then stderr
  int exit = -1;
};

// Runs the program through a shell, in `folder`.
Ran run(const std::filesystem::path& folder, const std::string& words) {
  const auto errors = folder / "stderr.txt";
  const std::string command = "cd '" + folder.string() + "' && NO_COLOR=1 '" MARTGATE_PROGRAM "' " +
                              words + " 2>'" + errors.string() + "' </dev/null";
  Ran ran;
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> part{};
  for (std::size_t count = 0; (count = std::fread(part.data(), 1, part.size(), pipe)) > 0;) {
    ran.output.append(part.data(), count);
  }
  const int status = ::pclose(pipe);
  ran.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  ran.output += *read_file(errors);
  std::filesystem::remove(errors);
  return ran;
}

std::string without_what_varies(std::string text, const std::filesystem::path& folder) {
  const std::array<std::pair<std::regex, std::string>, 11> kVarying{{
      {std::regex("mg_[a-z2-7]{8}_[a-z2-7]{58}"), "KEY"},
      {std::regex("(^|\\n|nightly \\()[a-z2-7]{8}(  nightly[^\\n]*?|\\) is)"), "$1KEYIDKEY$2"},
      {std::regex("[0-9]{4}-[0-9]{2}-[0-9]{2}  2127"), "CREATED-ON  2127"},
      {std::regex("req_[0-9a-f]{32}"), "REQUEST"},
      {std::regex("snap_[0-9a-f]{16}"), "SNAPSHOT"},
      {std::regex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z"), "TIME"},
      {std::regex("@[0-9a-f]{12}"), "@DIGEST"},
      {std::regex("definition [0-9a-f]{12}"), "definition DIGEST"},
      {std::regex("head [0-9a-f]{16}"), "head HASH"},
      {std::regex(" +[0-9]+\\.[0-9]  REQUEST"), "  MS  REQUEST"},
      {std::regex("ms +request"), "ms  request"},
  }};
  for (std::size_t at = 0; (at = text.find(folder.string())) != std::string::npos;) {
    text.replace(at, folder.string().size(), "HERE");
  }
  for (std::size_t at = 0; (at = text.find(MARTGATE_PROGRAM)) != std::string::npos;) {
    text.replace(at, std::string(MARTGATE_PROGRAM).size(), "MARTGATE");
  }
  for (const auto& [pattern, word] : kVarying) text = std::regex_replace(text, pattern, word);
  return text;
}

class Session {
 public:
  void say(const std::string& words) {
    const Ran ran = run(folder_.path(), words);
    text_ += "$ martgate " + words + "\n" + without_what_varies(ran.output, folder_.path());
    if (ran.exit != 0) text_ += "(exit " + std::to_string(ran.exit) + ")\n";
    text_ += "\n";
  }
  void change(const std::string& file, const std::string& from, const std::string& to) {
    const auto path = folder_.path() / file;
    std::string text = *read_file(path);
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    REQUIRE(replace_file(path, text.replace(at, from.size(), to)));
    text_ += "# " + file + ": \"" + from + "\" becomes \"" + to + "\"\n";
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  TempFolder folder_;
  std::string text_;
};

}  // namespace

TEST_CASE("cli: a first session reads as it should") {
  Session session;
  session.say("init bakery");
  session.say("init bakery");
  session.say("-C bakery call query_metrics '{\"metrics\": [\"revenue\"]}'");
  session.say("-C bakery build");
  session.say("-C bakery build");
  session.say(
      "-C bakery call query_metrics '{\"metrics\": [\"revenue\", \"revenue_per_line\"], "
      "\"group_by\": [\"metric_time__month\", \"shop\"]}'");
  session.say("-C bakery call query_metrics '{\"metrics\": [\"revnue\"]}'");
  session.say("-C bakery call query_metrics '{\"metrics\": '");
  session.say("-C bakery call no_tool");
  session.say("-C bakery call lookup_entity '{\"entity\": \"sale\", \"key\": \"S-4\"}'");
  session.say("-C bakery call check_health");
  session.say("-C bakery call describe_asset '{\"name\": \"revenue\"}'");
  session.say("-C bakery catalog");
  session.say("-C bakery catalog search takings by shop");
  session.say("-C bakery explain revenue --by shop");
  session.say("-C bakery config claude-code");
  session.say("-C bakery config emacs");
  session.say("-C bakery keys list");
  session.say("-C bakery keys add nightly --scope marts.read --expires 2127-01-31");
  session.say("-C bakery keys add nightly");
  session.say("-C bakery keys add weekly --expires soon");
  session.say("-C bakery keys list");
  session.say("-C bakery keys revoke nigthly");
  session.say("-C bakery keys revoke nightly");
  session.say("-C bakery audit tail --count 3");
  session.say("-C bakery audit verify");
  session.say("-C bakery doctor");
  session.change("bakery/catalog/metrics/revenue.yaml", "agg: sum", "agg: smu");
  session.change("bakery/catalog/models/marts/sales.yaml", "primary_key: [sale_id]",
                 "primary_key: [sale]");
  session.say("-C bakery serve --stdio");
  session.change("bakery/catalog/metrics/revenue.yaml", "agg: smu", "agg: sum");
  session.change("bakery/catalog/models/marts/sales.yaml", "primary_key: [sale]",
                 "primary_key: [sale_id]");
  session.change("bakery/catalog/models/marts/sales.yaml", "values: [harbour, market]",
                 "values: [harbour]");
  session.say("-C bakery build");
  session.change("bakery/catalog/models/marts/sales.yaml", "values: [harbour]",
                 "values: [harbour, market]");
  session.change("bakery/catalog/models/marts/sales.sql", "FROM stg_sales",
                 "FROM stg_sales WHERE shop = 'market'");
  session.say("-C bakery build");
  session.say("-C bakery snapshots diff");
  session.say("-C bakery snapshots rollback previous");
  session.say("-C bakery snapshots prune --keep 1");
  session.say("-C bakery snapshots rollback nowhere");
  session.say("-C bakery --json catalog search takings");
  session.say("frobnicate");
  session.say("biuld");
  session.say("version");
  check_golden(kFolder / "session.txt", session.text());
}

TEST_CASE("cli: the version is the one of CMakeLists.txt") {
  const auto cmake = read_file(std::filesystem::path(MARTGATE_SOURCE_DIR) / "CMakeLists.txt");
  REQUIRE(cmake);
  CHECK(cmake->find("VERSION " + std::string(cli::kVersion) + " ") != std::string::npos);
}
