// The parts the validator is made of: patterns, URIs, pointers.
#include <doctest/doctest.h>

#include <string>

#include "json/format.h"
#include "json/pattern.h"
#include "json/pointer.h"
#include "json/uri.h"

namespace martgate {
namespace {

bool finds(std::string_view pattern, std::string_view text) {
  const auto compiled = Pattern::compile(pattern);
  REQUIRE_MESSAGE(compiled, (compiled ? "" : compiled.error().message));
  return compiled->is_found_in(text);
}

}  // namespace

TEST_CASE("pattern: what ECMA-262 or RE2 does not know is refused") {
  for (const auto* pattern :
       {"(?!a)", "(?<=a)", "\\1", "\\k<a>", "(?i)a", "\\q", "\\A", "[", "(", "\\ud800",
        "\\u{110000}", "\\p{Nonsense}", "\\c1", "\\x1", "\\", "a{1001}"}) {
    const auto compiled = Pattern::compile(pattern);
    CHECK_MESSAGE(!compiled, pattern);
    if (!compiled) CHECK(compiled.error().reason == "pattern");
  }
}

TEST_CASE("pattern: classes and escapes mean what ECMA-262 says") {
  CHECK_FALSE(finds("^\\d$", "\u0663"));
  CHECK_FALSE(finds("^\\w$", "é"));
  CHECK_FALSE(finds("^a$", "a\n"));
  CHECK_FALSE(finds("^.$", "\u2028"));
  CHECK_FALSE(finds("[[:alpha:]]", "b"));
  CHECK_FALSE(finds("[]", "a"));
  CHECK(finds("a+", "xaay"));
  CHECK(finds("^\\s$", "\u00a0"));
  CHECK(finds("^[\\S]$", "é"));
  CHECK(finds("^\\p{Letter}+$", "aé"));
  CHECK(finds("^\\p{Script=Greek}$", "α"));
  CHECK(finds("^\\u00e9\\u{1f600}\\ud83d\\ude00$", "é😀😀"));
  CHECK(finds("^(?<year>\\d{4})-(?:x|y)$", "2026-x"));
  CHECK(finds("^[^]$", "\n"));
  CHECK(finds("^\\cJ\\/\\-[\\b]$", "\n/-\b"));
}

TEST_CASE("uri: references resolve as in RFC 3986, section 5.4") {
  const std::string base = "http://a/b/c/d;p?q";
  CHECK(resolve_uri(base, "g:h") == "g:h");
  CHECK(resolve_uri(base, "g") == "http://a/b/c/g");
  CHECK(resolve_uri(base, "./g/") == "http://a/b/c/g/");
  CHECK(resolve_uri(base, "/g") == "http://a/g");
  CHECK(resolve_uri(base, "//g") == "http://g");
  CHECK(resolve_uri(base, "?y") == "http://a/b/c/d;p?y");
  CHECK(resolve_uri(base, "#s") == "http://a/b/c/d;p?q#s");
  CHECK(resolve_uri(base, "") == "http://a/b/c/d;p?q");
  CHECK(resolve_uri(base, "../../../g") == "http://a/g");
  CHECK(resolve_uri(base, "g/./h/../i") == "http://a/b/c/g/i");
  CHECK(resolve_uri(base, "..") == "http://a/b/");
  CHECK(resolve_uri("urn:x:y", "#z") == "urn:x:y#z");
  CHECK(resolve_uri("", "a#b") == "a#b");
  CHECK(percent_decoded("a%25%2f%zz%4") == "a%/%zz%4");
}

TEST_CASE("pointer: tokens survive escaping") {
  CHECK(escaped_token("a/b~c") == "a~1b~0c");
  CHECK(unescaped_token("a~1b~0c~2~") == "a/b~c~2~");
  CHECK(unescaped_token("~01") == "~1");
}

TEST_CASE("format: each example has its own format") {
  for (const auto* name : {"date", "time", "date-time", "duration", "email", "hostname", "ipv4",
                           "ipv6", "uri", "uri-reference", "uuid", "json-pointer", "regex"}) {
    const auto format = format_named(name);
    REQUIRE_MESSAGE(format, name);
    CHECK(name_of(*format) == name);
    CHECK_MESSAGE(has_format(example_of(*format), *format), name);
  }
  CHECK_FALSE(format_named("colour"));
}

}  // namespace martgate
