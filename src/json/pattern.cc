#include "json/pattern.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/text.h"

namespace martgate {
namespace {

using namespace std::string_view_literals;

// White space and line terminators of ECMA-262, as members of a class, and what they leave out.
constexpr std::string_view kSpace =
    "\\t-\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
    "\\x{feff}";
constexpr std::string_view kNotSpace =
    "\\x00-\\x08\\x0e-\\x1f!-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}"
    "\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}"
    "\\x{ff00}-\\x{10ffff}";

// RE2 knows the short names of general categories only.
constexpr std::array kCategories{
    std::pair{"Letter"sv, "L"sv},
    std::pair{"Uppercase_Letter"sv, "Lu"sv},
    std::pair{"Lowercase_Letter"sv, "Ll"sv},
    std::pair{"Titlecase_Letter"sv, "Lt"sv},
    std::pair{"Modifier_Letter"sv, "Lm"sv},
    std::pair{"Other_Letter"sv, "Lo"sv},
    std::pair{"Mark"sv, "M"sv},
    std::pair{"Combining_Mark"sv, "M"sv},
    std::pair{"Nonspacing_Mark"sv, "Mn"sv},
    std::pair{"Spacing_Mark"sv, "Mc"sv},
    std::pair{"Enclosing_Mark"sv, "Me"sv},
    std::pair{"Number"sv, "N"sv},
    std::pair{"Decimal_Number"sv, "Nd"sv},
    std::pair{"digit"sv, "Nd"sv},
    std::pair{"Letter_Number"sv, "Nl"sv},
    std::pair{"Other_Number"sv, "No"sv},
    std::pair{"Punctuation"sv, "P"sv},
    std::pair{"punct"sv, "P"sv},
    std::pair{"Connector_Punctuation"sv, "Pc"sv},
    std::pair{"Dash_Punctuation"sv, "Pd"sv},
    std::pair{"Open_Punctuation"sv, "Ps"sv},
    std::pair{"Close_Punctuation"sv, "Pe"sv},
    std::pair{"Initial_Punctuation"sv, "Pi"sv},
    std::pair{"Final_Punctuation"sv, "Pf"sv},
    std::pair{"Other_Punctuation"sv, "Po"sv},
    std::pair{"Symbol"sv, "S"sv},
    std::pair{"Math_Symbol"sv, "Sm"sv},
    std::pair{"Currency_Symbol"sv, "Sc"sv},
    std::pair{"Modifier_Symbol"sv, "Sk"sv},
    std::pair{"Other_Symbol"sv, "So"sv},
    std::pair{"Separator"sv, "Z"sv},
    std::pair{"Space_Separator"sv, "Zs"sv},
    std::pair{"Line_Separator"sv, "Zl"sv},
    std::pair{"Paragraph_Separator"sv, "Zp"sv},
    std::pair{"Other"sv, "C"sv},
    std::pair{"Control"sv, "Cc"sv},
    std::pair{"Format"sv, "Cf"sv},
    std::pair{"Private_Use"sv, "Co"sv},
};

std::string_view short_property(std::string_view name) {
  for (const std::string_view prefix :
       {"General_Category="sv, "gc="sv, "Script="sv, "sc="sv, "Script_Extensions="sv, "scx="sv}) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  for (const auto& [long_name, short_name] : kCategories) {
    if (name == long_name) return short_name;
  }
  return name;
}

// Rewrites ECMA-262 into RE2 syntax, one construct at a time.
class Translator {
 public:
  explicit Translator(std::string_view source) : source_(source) {}

  Result<std::string> translate() {
    while (!is_at_end() && !error_) step();
    if (error_) return tl::unexpected(std::move(*error_));
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool is_at_end() const { return at_ >= source_.size(); }
  [[nodiscard]] bool is_next(std::string_view text) const {
    return source_.substr(at_).starts_with(text);
  }
  bool take(std::string_view text) {
    if (!is_next(text)) return false;
    at_ += text.size();
    return true;
  }
  void refuse(std::string_view what) {
    error_ = Error{Code::InvalidArgument,
                   fmt::format("pattern {}: {} at character {}", shown(source_), what, at_),
                   {},
                   "pattern"};
  }

  void step() {
    if (take("\\")) return escape();
    if (in_class_) return class_member();
    if (take("[^]")) return append("(?s:.)");
    if (take("[]")) return append("[^\\x00-\\x{10ffff}]");
    if (is_next("[")) return open_class();
    if (is_next("(?")) return group();
    if (take(".")) return append("[^\\n\\r\\x{2028}\\x{2029}]");
    out_.push_back(source_[at_++]);
  }

  void open_class() {
    in_class_ = true;
    out_.push_back(source_[at_++]);
    if (take("^")) out_.push_back('^');
  }

  void class_member() {
    const char c = source_[at_++];
    if (c == ']') in_class_ = false;
    if (c == '[') out_.push_back('\\');  // RE2 would read [:alpha:]
    out_.push_back(c);
  }

  void group() {
    if (take("(?:")) return append("(?:");
    if (is_next("(?=") || is_next("(?!") || is_next("(?<=") || is_next("(?<!")) {
      return refuse("look-around is not supported");
    }
    if (take("(?<")) return append("(?P<");
    refuse("unknown group");
  }

  void escape() {
    if (is_at_end()) return refuse("a backslash at the end");
    const char c = source_[at_++];
    switch (c) {
      case 'd':
      case 'D':
      case 'w':
      case 'W':  // ASCII in both
      case 'f':
      case 'n':
      case 'r':
      case 't':
      case 'v':
        return append_escaped(c);
      case 's':
        return append_set(kSpace);
      case 'S':
        return append_set(kNotSpace);
      case 'b':
        return append(in_class_ ? "\\x08" : "\\b");
      case 'B':
        if (in_class_) return refuse("\\B inside a class");
        return append("\\B");
      case 'c':
        return control();
      case '0':
        return append("\\x00");
      case 'x':
        return code_unit(2);
      case 'u':
        return unicode();
      case 'p':
      case 'P':
        return property(c);
      case 'k':
        return refuse("back references are not supported");
      default:
        break;
    }
    if (c >= '1' && c <= '9') return refuse("back references are not supported");
    // ECMA-262 names a few characters; authors escape any punctuation, and it is harmless.
    const auto byte = static_cast<unsigned char>(c);
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || byte >= 0x80;
    if (is_word || c == '_') return refuse("unknown escape");
    append_escaped(c);
  }

  void control() {
    if (is_at_end()) return refuse("unknown control escape");
    const char letter = source_[at_++];
    const bool is_letter = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
    if (!is_letter) return refuse("unknown control escape");
    append_point(static_cast<unsigned char>(letter) % 32U);
  }

  std::optional<std::uint32_t> hex(std::size_t digits) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      if (is_at_end()) return std::nullopt;
      const char c = source_[at_++];
      const auto digit = kDigits.find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
      if (digit == kDigits.npos) return std::nullopt;
      value = value * 16 + static_cast<std::uint32_t>(digit);
    }
    return value;
  }

  void code_unit(std::size_t digits) {
    const auto value = hex(digits);
    if (!value) return refuse("unfinished hexadecimal escape");
    append_point(*value);
  }

  void unicode() {
    if (take("{")) {
      const auto end = source_.find('}', at_);
      if (end == source_.npos || end == at_ || end - at_ > 6) return refuse("unfinished \\u{}");
      const auto value = hex(end - at_);
      ++at_;
      if (!value || *value > 0x10FFFF) return refuse("no such code point");
      return append_point(*value);
    }
    const auto value = hex(4);
    if (!value) return refuse("unfinished \\u escape");
    if (*value < 0xD800 || *value > 0xDFFF) return append_point(*value);
    if (*value <= 0xDBFF && take("\\u")) {
      const auto low = hex(4);
      if (low && *low >= 0xDC00 && *low <= 0xDFFF) {
        return append_point(0x10000 + ((*value - 0xD800) << 10U) + (*low - 0xDC00));
      }
    }
    refuse("a surrogate without its pair");
  }

  void property(char letter) {
    const auto end = source_.find('}', at_);
    if (!take("{") || end == source_.npos) return refuse("a property wants braces");
    const std::string_view name = short_property(source_.substr(at_, end - at_));
    at_ = end + 1;
    out_ += fmt::format("\\{}{{{}}}", letter, name);
  }

  void append(std::string_view text) { out_ += text; }
  void append_escaped(char c) {
    out_.push_back('\\');
    out_.push_back(c);
  }
  void append_set(std::string_view members) {
    out_ += in_class_ ? std::string(members) : fmt::format("[{}]", members);
  }
  void append_point(std::uint32_t point) { out_ += fmt::format("\\x{{{:x}}}", point); }

  std::string_view source_;
  std::size_t at_ = 0;
  bool in_class_ = false;
  std::string out_;
  std::optional<Error> error_;
};

}  // namespace

Pattern::Pattern(std::string source, std::unique_ptr<re2::RE2> program)
    : source_(std::move(source)), program_(std::move(program)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Result<Pattern> Pattern::compile(std::string_view source) {
  const auto translated = Translator(source).translate();
  if (!translated) return tl::unexpected(translated.error());
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto program = std::make_unique<re2::RE2>(*translated, options);
  if (!program->ok()) {
    return fail(Code::InvalidArgument,
                fmt::format("pattern {}: {}", shown(source), shown(program->error())), {},
                "pattern");
  }
  return Pattern(std::string(source), std::move(program));
}

bool Pattern::is_found_in(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *program_);
}

}  // namespace martgate
