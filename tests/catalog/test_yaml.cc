#include <doctest/doctest.h>

#include <array>

#include "catalog/yaml.h"

using namespace martgate::catalog;
using nlohmann::json;

namespace {

// "line:column message; hint" of the first mistake; "none".
std::string first_mistake(std::string_view text) {
  const YamlDocument document = read_yaml(text);
  if (document.mistakes.empty()) return "none";
  const YamlMistake& mistake = document.mistakes.front();
  std::string line = std::to_string(mistake.at.line) + ":" + std::to_string(mistake.at.column) +
                     " " + mistake.message;
  for (const std::string& hint : mistake.hints) line += "; " + hint;
  return line;
}

}  // namespace

TEST_CASE("yaml: a plain scalar is a string unless it is null, a boolean or a JSON number") {
  struct Row {
    const char* text;
    json value;
  };
  const std::array rows{
      Row{"no", "no"},
      Row{"yes", "yes"},
      Row{"on", "on"},
      Row{"True", "True"},
      Row{"NO", "NO"},
      Row{"true", true},
      Row{"false", false},
      Row{"\"true\"", "true"},
      Row{"0x1F", "0x1F"},
      Row{"0o17", "0o17"},
      Row{"007", "007"},
      Row{"+1", "+1"},
      Row{"1_000", "1_000"},
      Row{".5", ".5"},
      Row{"5.", "5."},
      Row{".inf", ".inf"},
      Row{".nan", ".nan"},
      Row{"12:30:45", "12:30:45"},
      Row{"1", 1},
      Row{"-0", 0},
      Row{"1e3", 1000.0},
      Row{"-1.50", -1.5},
      Row{"\"1\"", "1"},
      Row{"'1'", "1"},
      Row{"~", nullptr},
      Row{"null", nullptr},
      Row{"", nullptr},
      Row{"\"\"", ""},
      Row{"'~'", "~"},
      Row{"2026-01-01", "2026-01-01"},
      Row{"9223372036854775807", INT64_MAX},
      Row{"18446744073709551615", UINT64_MAX},
      Row{"web shop", "web shop"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const YamlDocument document = read_yaml(std::string("value: ") + row.text + "\n");
    REQUIRE(document.mistakes.empty());
    CHECK(document.value.at("value") == row.value);
    CHECK(document.value.at("value").type() == row.value.type());
  }
}

TEST_CASE("yaml: what YAML reads in two ways is refused at its place") {
  CHECK(first_mistake("a: 1\nb: 2\na: 3\n") == "3:1 key \"a\" appears twice; first on line 1");
  CHECK(first_mistake("a: {b: 1, \"b\": 2}\n") == "1:11 key \"b\" appears twice; first on line 1");
  CHECK(first_mistake("a: &x 1\n") == "1:4 anchors are refused; write the value out");
  CHECK(first_mistake("a: 1\nb: {<<: {c: 1}}\n") ==
        "2:5 merge keys are refused; write the members out");
  CHECK(first_mistake("a: !!str 1\n") ==
        "1:4 tags are refused: tag:yaml.org,2002:str; quote what is a string");
  CHECK(first_mistake("a: 1\n---\nb: 2\n").find("a second document") != std::string::npos);
  CHECK(first_mistake("[a]: 1\n").find("a key that is a list or a map") != std::string::npos);
  CHECK(first_mistake("~: 1\n").find("a key without a name") != std::string::npos);
  CHECK(first_mistake("a: 99999999999999999999\n") ==
        "1:4 the number 99999999999999999999 does not fit in 64 bits; quote it if it is a name");
  CHECK(first_mistake("a: 1e999\n").find("does not fit in 64 bits") != std::string::npos);
}

TEST_CASE("yaml: aliases are refused, so no text grows when it is read") {
  const YamlDocument document = read_yaml("a: &a [x]\nb: [*a, *a]\n");
  REQUIRE(document.mistakes.size() == 3);
  CHECK(document.mistakes[1].message == "aliases are refused");
  CHECK(document.mistakes[1].at.line == 2);
}

TEST_CASE("yaml: text that is not YAML is refused with its line") {
  CHECK(first_mistake("") == "1:1 the file is empty");
  CHECK(first_mistake("# only a comment\n") == "1:1 the file is empty");
  CHECK(first_mistake("a: [1\nb: 2\n").starts_with("2:"));
  CHECK(first_mistake("a:\n\tb: 1\n").find("indent with spaces") != std::string::npos);
  CHECK(first_mistake("a: 1\n\tb: 1\n").find("indent with spaces") != std::string::npos);
  CHECK(first_mistake("a: b: c\n").find("quote a text") != std::string::npos);
  CHECK(first_mistake("a: \"unterminated\n").find("illegal EOF in scalar") != std::string::npos);
  CHECK(first_mistake("a: 'x\n\nb: 1\n").find("illegal EOF in scalar") != std::string::npos);
}

TEST_CASE("yaml: bytes the parser would misread are refused first") {
  CHECK(first_mistake("a: 1\nb: \xff\n") == "2:1 not UTF-8 text");
  // yaml-cpp takes byte 4 for the end of the text.
  CHECK(first_mistake("a: 1\nb: \x04\nc: 3\n") ==
        "2:4 control character 0x04; files are UTF-8 text");
  CHECK(first_mistake(std::string("a: \0b\n", 6)).starts_with("1:4 control character 0x00"));
  CHECK(first_mistake(std::string(kYamlBytesMax + 1, ' ')) == "1:1 longer than 1048576 bytes");
}

TEST_CASE("yaml: nesting ends at 32 levels in either notation") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']') + "\n";
  };
  CHECK(first_mistake(nested(kYamlDepthMax)) == "none");
  CHECK(first_mistake(nested(kYamlDepthMax + 1)) == "1:33 more than 32 levels of nesting");
  CHECK(first_mistake(nested(100'000)) == "1:33 more than 32 levels of nesting");
  CHECK(first_mistake(std::string(100'000, '[')) != "none");
  std::string block;
  for (std::size_t i = 0; i < 40; ++i) block += std::string(i, ' ') + "a:\n";
  CHECK(first_mistake(block).find("32 levels") != std::string::npos);
}

TEST_CASE("yaml: block texts keep their line ends at the end of a file") {
  CHECK(read_yaml("a: |\n  x\n").value.at("a") == "x\n");
  CHECK(read_yaml("a: |-\n  x\n").value.at("a") == "x");
  CHECK(read_yaml("a: |+\n  x\n\n").value.at("a") == "x\n\n");
  CHECK(read_yaml("a: >-\n  x\n  y # z\n").value.at("a") == "x y # z");
  CHECK(read_yaml("a: x # y").value.at("a") == "x");
}

TEST_CASE("yaml: every key and value keeps its place") {
  const YamlDocument document =
      read_yaml("name: x\nlist:\n  - {a: 1, \"b/c\": 2}\nempty:\nlast: 3\n");
  REQUIRE(document.mistakes.empty());
  const auto value_at = [&](const char* pointer) {
    const Position at = document.values.at(pointer);
    return std::to_string(at.line) + ":" + std::to_string(at.column);
  };
  CHECK(value_at("") == "1:1");
  CHECK(value_at("/name") == "1:7");
  CHECK(value_at("/list/0") == "3:5");
  CHECK(value_at("/list/0/b~1c") == "3:19");
  CHECK(value_at("/empty") == "4:1");
  CHECK(document.keys.at("/list/0/b~1c").column == 12);
  CHECK(document.keys.at("/last").line == 5);
}
