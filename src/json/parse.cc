#include "json/parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "base/text.h"
#include "json/canonical.h"

namespace martgate {
namespace {

constexpr std::string_view kSyntax = "json_syntax";
constexpr std::string_view kDepth = "json_depth";
constexpr std::string_view kDuplicateKey = "json_duplicate_key";
constexpr std::string_view kNumber = "json_number";
constexpr std::string_view kUtf8 = "json_utf8";
constexpr std::string_view kSize = "json_size";

// Reads the text and counts what was read, since the events of the library carry no position.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, std::size_t* consumed) : at_(at), consumed_(consumed) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    ++*consumed_;
    return *this;
  }
  CountingIterator operator++(int) {
    const CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  std::size_t* consumed_;
};

// U+FDD0 to U+FDEF and the last two code points of each plane (RFC 7493, section 2.1). The text is
// well-formed UTF-8.
bool has_noncharacter(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned lead = byte(i);
    if (lead < 0xEF) continue;
    if (lead == 0xEF) {
      if (byte(i + 1) == 0xB7 && byte(i + 2) >= 0x90 && byte(i + 2) <= 0xAF) return true;
      if (byte(i + 1) == 0xBF && byte(i + 2) >= 0xBE) return true;
      i += 2;
    } else {
      if ((byte(i + 1) & 0x0FU) == 0x0F && byte(i + 2) == 0xBF && byte(i + 3) >= 0xBE) return true;
      i += 3;
    }
  }
  return false;
}

// "… - what went wrong; last read: '…'" becomes "what went wrong".
std::string cause_of(std::string_view what) {
  if (const auto dash = what.find(" - "); dash != std::string_view::npos)
    what.remove_prefix(dash + 3);
  what = what.substr(0, what.find("; last read"));
  return shown(what, 120);
}

// Receives the tokens and grows the tree. Every function returns false to stop the parser.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, const ParseLimits& limits) : text_(text), limits_(limits) {
    limits_.depth_max = std::min(limits_.depth_max, kDepthCeiling);
  }

  std::size_t* consumed() { return &consumed_; }
  Json& root() { return root_; }
  std::optional<Error>& error() { return error_; }

  bool null() override { return add(nullptr) != nullptr; }
  bool boolean(bool value) override { return add(value) != nullptr; }
  bool number_integer(number_integer_t value) override { return add(value) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return add(value) != nullptr; }

  bool number_float(number_float_t value, const string_t& digits) override {
    if (digits.size() > limits_.number_bytes_max) {
      return refuse(kNumber, start_of_number(digits), "number longer than {} characters",
                    limits_.number_bytes_max);
    }
    // The library turns an integer it cannot hold into a double without a word. Nothing is lost
    // only where the digits are the double's own canonical text, which is written without exponent
    // up to 1e21: what canonical_json() writes must pass here again.
    if (digits.find_first_of(".eE") == string_t::npos && canonical_json(Json(value)) != digits) {
      return refuse(kNumber, start_of_number(digits), "integer {} does not fit 64 bits", digits);
    }
    return add(value) != nullptr;
  }

  bool string(string_t& value) override {
    return is_string_accepted(value, "string") && add(std::move(value)) != nullptr;
  }

  bool binary(binary_t& /*value*/) override { return refuse(kSyntax, consumed_, "binary value"); }

  bool start_object(std::size_t /*count*/) override { return open(Json::object()); }
  bool start_array(std::size_t /*count*/) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (!is_string_accepted(name, "key")) return false;
    Json& object = *open_.back();
    if (object.size() >= limits_.members_max) {
      return refuse(kSize, start_of_string(), "object with more than {} members",
                    limits_.members_max);
    }
    auto& members = object.get_ref<Json::object_t&>();
    const auto [member, is_new] = members.try_emplace(name, nullptr);
    if (!is_new) {
      return refuse(kDuplicateKey, start_of_string(), "duplicate key {}",
                    json_quoted(shown(name, 80)));
    }
    member_ = &member->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*last_token*/,
                   const Json::exception& exception) override {
    constexpr int kNumberOverflow = 406;
    const std::size_t at = position == 0 ? 0 : position - 1;
    if (exception.id == kNumberOverflow) {
      return refuse(kNumber, at, "number beyond the range of a double");
    }
    const std::string cause = cause_of(exception.what());
    const bool is_surrogate = cause.find("surrogate") != std::string::npos;
    return refuse(is_surrogate ? kUtf8 : kSyntax, at, "not valid JSON: {}", cause);
  }

 private:
  template <class... Parts>
  bool refuse(std::string_view reason, std::size_t at, fmt::format_string<Parts...> format,
              Parts&&... parts) {
    std::string message = fmt::format(format, std::forward<Parts>(parts)...);
    fmt::format_to(std::back_inserter(message), " at byte {}", at);
    error_ = Error{Code::InvalidArgument, std::move(message), {}, reason};
    return false;
  }

  Json* add(Json value) {
    if (++elements_ > limits_.elements_max) {
      refuse(kSize, consumed_, "more than {} values", limits_.elements_max);
      return nullptr;
    }
    if (open_.empty()) return &(root_ = std::move(value));
    if (member_ != nullptr) return &(*std::exchange(member_, nullptr) = std::move(value));
    return &open_.back()->emplace_back(std::move(value));
  }

  bool open(Json container) {
    if (open_.size() >= limits_.depth_max) {
      return refuse(kDepth, consumed_ - 1, "nested deeper than {} levels", limits_.depth_max);
    }
    Json* added = add(std::move(container));
    if (added == nullptr) return false;
    open_.push_back(added);  // stays in place: its parent does not change while it is open
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  bool is_string_accepted(const string_t& value, std::string_view what) {
    if (value.size() > limits_.string_bytes_max) {
      return refuse(kSize, start_of_string(), "{} longer than {} bytes", what,
                    limits_.string_bytes_max);
    }
    if (has_noncharacter(value)) {
      return refuse(kUtf8, start_of_string(), "{} with a Unicode noncharacter", what);
    }
    return true;
  }

  // The byte of the opening quote: the nearest quote before the closing one that is not escaped.
  [[nodiscard]] std::size_t start_of_string() const {
    std::size_t at = consumed_ - 1;
    while (at > 0) {
      --at;
      if (text_[at] != '"') continue;
      std::size_t slashes = 0;
      while (slashes < at && text_[at - slashes - 1] == '\\') ++slashes;
      if (slashes % 2 == 0) break;
    }
    return at;
  }

  // The lexer has read one character behind the number unless the text ended with it.
  [[nodiscard]] std::size_t start_of_number(const string_t& digits) const {
    return text_.rfind(digits, consumed_ - digits.size());
  }

  std::string_view text_;
  ParseLimits limits_;
  std::size_t consumed_ = 0;
  std::size_t elements_ = 0;
  Json root_;
  std::vector<Json*> open_;  // the containers that are not closed yet, outermost first
  Json* member_ = nullptr;   // where the value of the last key goes
  std::optional<Error> error_;
};

Status check_bytes(std::string_view text, const ParseLimits& limits) {
  const auto refuse = [](std::string message, std::string_view reason) {
    return fail(Code::InvalidArgument, std::move(message), {}, reason);
  };
  if (text.size() > limits.bytes_max) {
    return refuse(fmt::format("JSON text of {} bytes is longer than {}, refused at byte {}",
                              text.size(), limits.bytes_max, limits.bytes_max),
                  kSize);
  }
  if (text.starts_with("\xEF\xBB\xBF")) return refuse("byte order mark at byte 0", kSyntax);
  // The library takes a NUL for the end of the text and would accept anything behind it.
  if (const auto at = text.find('\0'); at != std::string_view::npos) {
    return refuse(fmt::format("NUL character at byte {}", at), kSyntax);
  }
  if (!is_utf8(text)) {
    const std::string mended = mended_utf8(text);
    const auto at = std::ranges::mismatch(text, mended).in1 - text.begin();
    return refuse(fmt::format("text that is not UTF-8 at byte {}", at), kUtf8);
  }
  return {};
}

}  // namespace

Result<Json> parse_ijson(std::string_view text, const ParseLimits& limits) {
  if (const Status checked = check_bytes(text, limits); !checked) {
    return tl::unexpected(checked.error());
  }
  Builder builder(text, limits);
  const bool is_whole =
      Json::sax_parse(CountingIterator(text.data(), builder.consumed()),
                      CountingIterator(text.data() + text.size(), builder.consumed()), &builder);
  if (builder.error()) return tl::unexpected(std::move(*builder.error()));
  if (!is_whole) return fail(Code::InvalidArgument, "not valid JSON", {}, kSyntax);
  return std::move(builder.root());
}

}  // namespace martgate
