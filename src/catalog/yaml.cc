#include "catalog/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <exception>
#include <optional>
#include <sstream>

#include "base/text.h"
#include "json/pointer.h"

namespace martgate::catalog {
namespace {

using Json = nlohmann::json;

// Ends the walk from inside the parser; the mistake is already noted.
class Stop final : public std::exception {};

Position position_of(const YAML::Mark& mark) {
  return mark.line < 0 ? Position{1, 1} : Position{mark.line + 1, mark.column + 1};
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

enum class NumberForm { None, Integer, Real };

// JSON's number grammar (RFC 8259): no leading zeros or plus, digits on both sides of the point.
NumberForm number_form(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - begin;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const std::size_t first = at;
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[first] == '0')) return NumberForm::None;
  if (at == text.size()) return NumberForm::Integer;
  if (text[at] == '.') {
    ++at;
    if (digits() == 0) return NumberForm::None;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return NumberForm::None;
  }
  return at == text.size() ? NumberForm::Real : NumberForm::None;
}

template <class Number>
std::optional<Json> number_from(std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return Json(number);
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(YamlDocument& document) : document_(document) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) stop(mark, "a second document", {"one object a file: split it in two"});
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    if (awaits_key()) stop(mark, "a key without a name", {});
    add(Json(), key_position().value_or(position_of(mark)));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    note(mark, "aliases are refused", {"write the value out"});
    if (awaits_key()) throw Stop();
    add(Json(), position_of(mark));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    const bool plain = tag == "?";
    if (awaits_key()) {
      if (plain && text == "<<") {
        note(mark, "merge keys are refused", {"write the members out"});
      }
      return take_key(mark, text);
    }
    add(plain ? typed(mark, text) : Json(text), position_of(mark));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Json::array());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Json::object());
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Json container;
    std::string pointer;
    Position at;
    std::string key;
    Position key_at;
    bool has_key = false;
  };

  void note(const YAML::Mark& mark, std::string message, std::vector<std::string> hints) {
    document_.mistakes.push_back({position_of(mark), std::move(message), std::move(hints)});
  }

  [[noreturn]] void stop(const YAML::Mark& mark, std::string message,
                         std::vector<std::string> hints) {
    note(mark, std::move(message), std::move(hints));
    throw Stop();
  }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) note(mark, "anchors are refused", {"write the value out"});
  }

  // "?" is a plain node, "!" a quoted one; anything else was written by hand.
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag != "?" && tag != "!" && !tag.empty()) {
      note(mark, fmt::format("tags are refused: {}", shown(tag, 60)), {"quote what is a string"});
    }
  }

  [[nodiscard]] bool awaits_key() const {
    return !frames_.empty() && frames_.back().container.is_object() && !frames_.back().has_key;
  }

  [[nodiscard]] std::optional<Position> key_position() const {
    if (frames_.empty() || !frames_.back().has_key) return std::nullopt;
    return frames_.back().key_at;
  }

  [[nodiscard]] std::string next_pointer() const {
    if (frames_.empty()) return {};
    const Frame& frame = frames_.back();
    if (frame.container.is_array()) {
      return fmt::format("{}/{}", frame.pointer, frame.container.size());
    }
    return fmt::format("{}/{}", frame.pointer, escaped_token(frame.key));
  }

  void take_key(const YAML::Mark& mark, const std::string& text) {
    Frame& frame = frames_.back();
    frame.key = text;
    frame.key_at = position_of(mark);
    frame.has_key = true;
    const auto [first, is_new] = document_.keys.emplace(next_pointer(), frame.key_at);
    if (!is_new) {
      note(mark, fmt::format("key \"{}\" appears twice", shown(text, 80)),
           {fmt::format("first on line {}", first->second.line)});
    }
  }

  Json typed(const YAML::Mark& mark, const std::string& text) {
    if (text == "true" || text == "false") return text == "true";
    const NumberForm form = number_form(text);
    if (form == NumberForm::None) return text;
    std::optional<Json> number;
    if (form == NumberForm::Integer) {
      number = number_from<std::int64_t>(text);
      if (!number) number = number_from<std::uint64_t>(text);
    } else {
      number = number_from<double>(text);
    }
    if (number) return *number;
    note(mark, fmt::format("the number {} does not fit in 64 bits", shown(text, 40)),
         {"quote it if it is a name"});
    return text;
  }

  void add(Json value, Position at) {
    document_.values.emplace(next_pointer(), at);
    attach(std::move(value));
  }

  void attach(Json value) {
    if (frames_.empty()) {
      document_.value = std::move(value);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.container.is_array()) {
      frame.container.push_back(std::move(value));
    } else {
      frame.container[frame.key] = std::move(value);
      frame.has_key = false;
    }
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Json empty) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (awaits_key()) stop(mark, "a key that is a list or a map", {"keys are plain words"});
    if (frames_.size() == kYamlDepthMax) {
      stop(mark, fmt::format("more than {} levels of nesting", kYamlDepthMax), {});
    }
    Frame frame;
    frame.pointer = next_pointer();
    frame.container = std::move(empty);
    document_.values.emplace(frame.pointer, position_of(mark));
    frames_.push_back(std::move(frame));
  }

  void close() {
    Json done = std::move(frames_.back().container);
    frames_.pop_back();
    attach(std::move(done));
  }

  YamlDocument& document_;
  std::vector<Frame> frames_;
  int documents_ = 0;
};

Position position_at(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::ranges::count(before, '\n');
  const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<int>(lines) + 1, static_cast<int>(offset - start) + 1};
}

// What YAML does not allow anywhere in a file. The parser would read on: it takes byte 4 for the
// end of the text and replaces bytes that are not UTF-8.
std::optional<YamlMistake> unreadable(std::string_view text) {
  if (text.size() > kYamlBytesMax) {
    return YamlMistake{{1, 1}, fmt::format("longer than {} bytes", kYamlBytesMax), {}};
  }
  const auto control = std::ranges::find_if(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
  });
  if (control != text.end()) {
    const auto offset = static_cast<std::size_t>(control - text.begin());
    return YamlMistake{position_at(text, offset),
                       fmt::format("control character 0x{:02x}", static_cast<unsigned>(*control)),
                       {"files are UTF-8 text"}};
  }
  std::size_t line_start = 0;
  for (const std::string_view line : split(text, '\n')) {
    if (!is_utf8(line)) return YamlMistake{position_at(text, line_start), "not UTF-8 text", {}};
    line_start += line.size() + 1;
  }
  return std::nullopt;
}

std::string_view line_at(std::string_view text, int line) {
  for (; line > 1 && !text.empty(); --line) {
    const std::size_t end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return text.substr(0, text.find('\n'));
}

bool is_indented_with_tab(std::string_view line) {
  const std::size_t first = line.find_first_not_of(' ');
  return first != std::string_view::npos && line[first] == '\t';
}

// The parser speaks of tokens; this says what its most frequent complaints usually come from.
std::vector<std::string> hints_for(std::string_view text, const YAML::Exception& error) {
  const std::string_view line = line_at(text, position_of(error.mark).line);
  if (is_indented_with_tab(line)) return {"indent with spaces, not with tabs"};
  if (error.msg == "illegal EOF in scalar") return {"a quote is never closed"};
  if (error.msg == "unknown token" || error.msg == "illegal map value") {
    return {"quote a text with punctuation in it, such as : ? # or a comma"};
  }
  return {};
}

}  // namespace

YamlDocument read_yaml(std::string_view text) {
  YamlDocument document;
  if (auto mistake = unreadable(text)) {
    document.mistakes.push_back(std::move(*mistake));
    return document;
  }
  TreeBuilder builder(document);
  try {
    // The parser takes a quote that is never closed for closed when the text ends in a line end.
    std::istringstream stream(fmt::format("{}{}#", text, text.ends_with('\n') ? "" : "\n"));
    YAML::Parser parser(stream);
    bool is_empty = true;
    while (parser.HandleNextDocument(builder)) is_empty = false;
    if (is_empty) document.mistakes.push_back({{1, 1}, "the file is empty", {}});
  } catch (const Stop&) {
  } catch (const YAML::Exception& error) {
    document.mistakes.push_back(
        {position_of(error.mark), fmt::format("not YAML: {}", error.msg), hints_for(text, error)});
  } catch (const std::exception& error) {
    document.mistakes.push_back({{1, 1}, fmt::format("not YAML: {}", error.what()), {}});
  }
  return document;
}

}  // namespace martgate::catalog
