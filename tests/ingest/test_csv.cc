#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "ingest/csv.h"

using namespace martgate;
using namespace martgate::ingest;

namespace {

// Hands out at most `part_bytes` at a time, so that every boundary is met somewhere.
class TextSource final : public ByteSource {
 public:
  TextSource(std::string_view text, std::size_t part_bytes)
      : text_(text), part_bytes_(part_bytes) {}
  Result<std::size_t> read(std::span<char> into) override {
    const std::size_t count = std::min({part_bytes_, text_.size(), into.size()});
    std::memcpy(into.data(), text_.data(), count);
    text_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view text_;
  std::size_t part_bytes_;
};

// Rows as "a|b", bad rows as "!line:reason:raw", one a line.
std::string read_all(std::string_view text, std::size_t part_bytes = 1,
                     CsvReader::Options options = {}) {
  TextSource source(text, part_bytes);
  CsvReader reader(source, options);
  std::string out;
  bool is_first_row = true;
  for (;;) {
    const auto kind = reader.next();
    REQUIRE(kind);
    if (*kind == CsvReader::Kind::End) return out;
    if (!is_first_row) out += '\n';
    is_first_row = false;
    if (*kind == CsvReader::Kind::Bad) {
      out += "!" + std::to_string(reader.bad().line) + ":" + reader.bad().reason + ":" +
             reader.bad().raw;
      continue;
    }
    bool is_first = true;
    for (const std::string_view field : reader.fields()) {
      if (!is_first) out += '|';
      is_first = false;
      out += field;
    }
  }
}

struct Case {
  const char* what;
  std::string text;
  std::string rows;
};

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    out += c;
    if (c == '"') out += c;
  }
  return out + '"';
}

}  // namespace

TEST_CASE("csv: rows that are not well formed are bad rows with line, reason and bytes") {
  const std::vector<Case> cases{
      {"too few fields", "a,b\n1\n3,4\n", "a|b\n!2:has 1 fields instead of 2:1\n3|4"},
      {"too many fields", "a,b\r\n1,2,3\r\n4,5\r\n",
       "a|b\n!2:has 3 fields instead of 2:1,2,3\n4|5"},
      {"stray quote", "a,b\n1,x\"y\n3,4\n",
       "a|b\n!2:has a quote inside an unquoted field:1,x\"y\n3|4"},
      {"text behind a quote", "a,b\n1,\"x\"y\n3,4",
       "a|b\n!2:has text behind a closing quote:1,\"x\"y\n3|4"},
      {"text behind a quote of two lines", "a,b\n1,\"x\ny\"z,q\n3,4",
       "a|b\n!2:has text behind a closing quote:1,\"x\ny\"z,q\n3|4"},
      {"quote never closed", "a,b\n1,\"x\n3,4\n",
       "a|b\n!2:opens a quote that is never closed:1,\"x\n3|4"},
      {"carriage return alone", "a,b\n1,x\ry\n3,4\n",
       "a|b\n!2:holds a carriage return outside quotes:1,x\ry\n3|4"},
      {"NUL", std::string("a,b\n1,\0\n3,4\n", 12),
       std::string("a|b\n!2:holds a NUL character:1,\0\n3|4", 36)},
      {"not UTF-8", "a,b\n1,\xFF\n3,4\n", "a|b\n!2:holds bytes that are not UTF-8:1,\xFF\n3|4"},
      {"overlong UTF-8", "a,b\n1,\xC0\xAF\n", "a|b\n!2:holds bytes that are not UTF-8:1,\xC0\xAF"},
      {"bad last row without line end", "a,b\n1", "a|b\n!2:has 1 fields instead of 2:1"},
      {"line number behind a field of two lines", "a,b\n\"1\n2\",3\n4\n",
       "a|b\n1\n2|3\n!4:has 1 fields instead of 2:4"},
      {"bad header", "a\"b,c\n1,2\n", "!1:has a quote inside an unquoted field:a\"b,c\n1|2"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    for (const std::size_t part : {1UL, 2UL, 3UL, 4'096UL}) CHECK(read_all(c.text, part) == c.rows);
  }
}

TEST_CASE("csv: what RFC 4180 allows is read as it is meant") {
  const std::vector<Case> cases{
      {"nothing", "", ""},
      {"only a line end", "\n", ""},
      {"last line without end", "a,b\n1,2", "a|b\n1|2"},
      {"CRLF", "a,b\r\n1,2\r\n", "a|b\n1|2"},
      {"byte order mark",
       "\xEF\xBB\xBF"
       "a,b\n1,2\n",
       "a|b\n1|2"},
      {"only a byte order mark", "\xEF\xBB\xBF", ""},
      {"empty fields", "a,b\n,\n\"\",\n", "a|b\n|\n|"},
      {"quoted delimiter and line ends", "a,b\n\"1,2\",\"3\r\n4\"\n", "a|b\n1,2|3\r\n4"},
      {"doubled quotes", "a,b\n\"\"\"\",\"x\"\"y\"\"\"\n", "a|b\n\"|x\"y\""},
      {"empty lines between rows", "a,b\n\n1,2\r\n\r\n3,4\n\n", "a|b\n1|2\n3|4"},
      {"an empty line is a row of one empty field", "a\n\n1\n", "a\n\n1"},
      {"blanks belong to the field", "a,b\n 1 , 2\n", "a|b\n 1 | 2"},
      {"a quote behind a blank is text, not a quote", "a\n' '\n", "a\n' '"},
      {"multi-byte", "a,b\nä,€\n", "a|b\nä|€"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    for (const std::size_t part : {1UL, 2UL, 3UL, 4'096UL}) CHECK(read_all(c.text, part) == c.rows);
  }
  CHECK(read_all("a;b\n1,5;2\n", 1, {.delimiter = ';'}) == "a|b\n1,5|2");
}

TEST_CASE("csv: a row longer than the limit is refused without being kept, and reading goes on") {
  const std::string huge(300'000, 'x');
  const std::string text = "a,b\n1," + huge + "\n3,4\n";
  const std::string rows = read_all(text, 4'096, {.delimiter = ',', .row_bytes_max = 1'000});
  CHECK(rows.starts_with("a|b\n!2:is longer than 1000 bytes:1,xxx"));
  CHECK(rows.ends_with("\n3|4"));
  CHECK(rows.size() < kBadRowBytesMax + 100);
  const std::string open_quote = "a,b\n1,\"" + huge + "\n3,4\n";
  CHECK(read_all(open_quote, 4'096, {.delimiter = ',', .row_bytes_max = 1'000}).ends_with("\n3|4"));
}

TEST_CASE("csv: what is written quoted is read back, in parts of any size") {
  constexpr std::uint64_t kSeed = 20261121;
  MESSAGE("seed " << kSeed);
  Random random(kSeed);
  constexpr std::string_view kAlphabet = "ab,\"\n\r; \t'";
  for (int round = 0; round < 300; ++round) {
    const auto width = 1 + random.below(4);
    std::string text;
    std::string expected;
    for (std::uint64_t row = 0; row < 1 + random.below(5); ++row) {
      for (std::uint64_t column = 0; column < width; ++column) {
        std::string field;
        for (std::uint64_t i = random.below(8); i > 0; --i) {
          field += kAlphabet[random.below(kAlphabet.size())];
        }
        const bool is_plain =
            field.find_first_of(",\"\r\n") == std::string::npos && random.chance(0.5);
        text += (column == 0 ? "" : ",") + (is_plain && width > 1 ? field : in_quotes(field));
        expected += (column == 0 ? "" : "|") + field;
      }
      text += random.chance(0.5) ? "\n" : "\r\n";
      expected += '\n';
    }
    expected.pop_back();
    CAPTURE(text);
    CHECK(read_all(text, 1 + random.below(9)) == expected);
  }
}

TEST_CASE("csv: random bytes never stop the reader and never lose a line") {
  constexpr std::uint64_t kSeed = 4180;
  MESSAGE("seed " << kSeed);
  Random random(kSeed);
  constexpr std::string_view kAlphabet = "a,,\"\"\n\n\r\xC3\xFF";
  for (int round = 0; round < 2'000; ++round) {
    std::string text;
    for (std::uint64_t i = random.below(40); i > 0; --i)
      text += kAlphabet[random.below(kAlphabet.size())];
    const std::string whole = read_all(text, 4'096);
    CHECK(read_all(text, 1 + random.below(3)) == whole);
  }
}
