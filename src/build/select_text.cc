#include "build/select_text.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace martgate::build {
namespace {

struct Token {
  std::string word;  // lower case for bare words, "(" for signs, empty for literals
  TextRange at;
  int depth = 0;  // of parentheses; both of a pair have that of their outside
  bool is_quoted_name = false;
};

bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || (static_cast<unsigned char>(c) & 0x80U) != 0;
}

// Comments are left out. Nothing for a quote, a comment or a parenthesis that does not end.
std::optional<std::vector<Token>> tokens_of(std::string_view sql) {
  std::vector<Token> tokens;
  int depth = 0;
  for (std::size_t at = 0; at < sql.size();) {
    const char c = sql[at];
    const std::string_view rest = sql.substr(at);
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      ++at;
    } else if (rest.starts_with("--")) {
      at = std::min(sql.find('\n', at), sql.size());
    } else if (rest.starts_with("/*")) {
      const std::size_t end = sql.find("*/", at + 2);
      if (end == std::string_view::npos) return std::nullopt;
      at = end + 2;
    } else if (c == '\'' || c == '"' || c == '`' || c == '[') {
      const char close = c == '[' ? ']' : c;
      std::string name;
      std::size_t end = at + 1;
      for (;; ++end) {
        if (end >= sql.size()) return std::nullopt;
        if (sql[end] != close) {
          name.push_back(sql[end]);
        } else if (close != ']' && end + 1 < sql.size() && sql[end + 1] == close) {
          name.push_back(sql[end++]);
        } else {
          break;
        }
      }
      const bool is_name = c != '\'';
      tokens.push_back({is_name ? name : std::string(), {at, end + 1}, depth, is_name});
      at = end + 1;
    } else if (is_word_byte(c)) {
      std::size_t end = at;
      while (end < sql.size() && is_word_byte(sql[end])) ++end;
      tokens.push_back({lower_ascii(sql.substr(at, end - at)), {at, end}, depth, false});
      at = end;
    } else {
      if (c == ')') --depth;
      if (depth < 0) return std::nullopt;
      tokens.push_back({std::string(1, c), {at, at + 1}, depth, false});
      if (c == '(') ++depth;
      ++at;
    }
  }
  if (depth != 0) return std::nullopt;
  while (!tokens.empty() && tokens.back().word == ";") tokens.pop_back();
  return tokens;
}

class Cutter {
 public:
  explicit Cutter(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  std::optional<SelectShape> cut() {
    SelectShape shape;
    if (is(0, "with") && !cut_common(shape.common)) return std::nullopt;
    std::size_t end = tokens_.size();
    const bool is_compound = find_set_operator(at_, end) < end;
    // The order of a compound is of the whole: its names are not those of each part.
    if (is_compound) end = find_any(at_, end, kTail);
    while (at_ < end) {
      const std::size_t core_end = find_set_operator(at_, end);
      auto core = cut_core(at_, core_end);
      if (!core) return std::nullopt;
      shape.cores.push_back(std::move(*core));
      at_ = core_end;
      if (at_ < end) {
        ++at_;  // UNION
        if (is(at_, "all")) ++at_;
      }
    }
    if (shape.cores.empty()) return std::nullopt;
    return shape;
  }

 private:
  static constexpr std::array<std::string_view, 2> kTail{"order", "limit"};
  static constexpr std::array<std::string_view, 6> kBehindFrom{"where",  "group", "having",
                                                               "window", "order", "limit"};

  [[nodiscard]] bool is(std::size_t index, std::string_view word) const {
    return index < tokens_.size() && !tokens_[index].is_quoted_name && tokens_[index].word == word;
  }
  // Between two tokens, at the depth of the first.
  template <class Words>
  [[nodiscard]] std::size_t find_any(std::size_t from, std::size_t to, const Words& words) const {
    for (std::size_t i = from; i < to; ++i) {
      if (tokens_[i].depth != tokens_[from].depth || tokens_[i].is_quoted_name) continue;
      if (std::ranges::find(words, tokens_[i].word) != words.end()) return i;
    }
    return to;
  }
  [[nodiscard]] std::size_t find_set_operator(std::size_t from, std::size_t to) const {
    static constexpr std::array<std::string_view, 3> kOperators{"union", "except", "intersect"};
    return from < to ? find_any(from, to, kOperators) : to;
  }
  // Of the "(" at `open`.
  [[nodiscard]] std::size_t closing(std::size_t open) const {
    std::size_t i = open + 1;
    while (tokens_[i].word != ")" || tokens_[i].depth != tokens_[open].depth) ++i;
    return i;
  }
  [[nodiscard]] TextRange range(std::size_t from, std::size_t to) const {
    if (from >= to) return {};
    return {tokens_[from].at.begin, tokens_[to - 1].at.end};
  }

  bool cut_common(std::vector<CommonTable>& common) {
    at_ = 1;
    if (is(at_, "recursive")) return false;
    for (;;) {
      if (at_ >= tokens_.size()) return false;
      CommonTable table;
      table.name = tokens_[at_++].word;
      if (is(at_, "(")) {
        const std::size_t end = closing(at_);
        for (std::size_t i = at_ + 1; i < end; i += 2) table.columns.push_back(tokens_[i].word);
        at_ = end + 1;
      }
      if (!is(at_, "as")) return false;
      ++at_;
      if (is(at_, "not")) ++at_;
      if (is(at_, "materialized")) ++at_;
      if (!is(at_, "(")) return false;
      const std::size_t end = closing(at_);
      table.body = range(at_ + 1, end);
      common.push_back(std::move(table));
      at_ = end + 1;
      if (!is(at_, ",")) return true;
      ++at_;
    }
  }

  std::optional<SelectCore> cut_core(std::size_t from, std::size_t to) const {
    SelectCore core;
    if (is(from, "values")) {
      core.head = range(from, to);
      return core;
    }
    if (!is(from, "select")) return std::nullopt;
    std::size_t at = from + 1;
    if (is(at, "distinct") || is(at, "all")) ++at;
    core.head = range(from, at);
    if (at >= to) return std::nullopt;
    static constexpr std::array<std::string_view, 1> kFrom{"from"};
    const std::size_t from_word = find_any(at, to, kFrom);
    const std::size_t items_end = from_word < to ? from_word : find_any(at, to, kBehindFrom);
    for (std::size_t begin = at; begin < items_end;) {
      static constexpr std::array<std::string_view, 1> kComma{","};
      // A first token that opens a parenthesis has the depth of its outside, as the comma has.
      const std::size_t comma = find_any(begin, items_end, kComma);
      core.items.push_back(range(begin, comma));
      begin = comma + 1;
    }
    core.rest = range(items_end, to);
    if (from_word >= to) return core;
    const std::size_t tables_end = find_any(from_word, to, kBehindFrom);
    for (std::size_t i = from_word; i < tables_end; ++i) {
      const bool is_table =
          is(i, "(") && (is(i - 1, "from") || is(i - 1, "join") || is(i - 1, ","));
      const bool is_select = is(i + 1, "select") || is(i + 1, "with") || is(i + 1, "values");
      if (!is_table || !is_select) continue;
      const std::size_t end = closing(i);
      core.derived.push_back(range(i, end + 1));
      i = end;
    }
    return core;
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<SelectShape> shape_of(std::string_view sql) {
  auto tokens = tokens_of(sql);
  if (!tokens || tokens->empty()) return std::nullopt;
  return Cutter(std::move(*tokens)).cut();
}

}  // namespace martgate::build
