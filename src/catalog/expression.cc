#include "catalog/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/decimal.h"
#include "base/text.h"

namespace martgate::catalog {
namespace {

using Op = Expression::Op;

constexpr int kNumberDigitsMax = 18;

struct Function {
  std::string_view name;
  Op op;
  int operands;
};
constexpr std::array kFunctions{Function{"coalesce", Op::Coalesce, 2},
                                Function{"nullif", Op::NullIf, 2}, Function{"abs", Op::Abs, 1}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Recursive descent; every member function returns the place of its node, or nothing after a
// mistake, which is kept.
class Parser {
 public:
  Parser(std::string_view text, std::span<const std::string> names) : text_(text), names_(names) {}

  Result<Expression> parse() {
    const auto whole = sum(0);
    skip_blanks();
    if (whole && at_ < text_.size()) refuse("an operator: + - * /");
    if (error_) return tl::unexpected(*error_);
    return std::move(expression_);
  }

 private:
  using Place = std::optional<std::size_t>;

  Place sum(int depth) {
    return chain(depth, {{{'+', Op::Add}, {'-', Op::Subtract}}}, &Parser::product);
  }
  Place product(int depth) {
    return chain(depth, {{{'*', Op::Multiply}, {'/', Op::Divide}}}, &Parser::factor);
  }

  Place chain(int depth, const std::array<std::pair<char, Op>, 2>& operators,
              Place (Parser::*operand)(int)) {
    Place left = (this->*operand)(depth);
    while (left) {
      skip_blanks();
      const auto found = std::ranges::find(operators, at_ < text_.size() ? text_[at_] : '\0',
                                           [](const auto& entry) { return entry.first; });
      if (found == operators.end()) return left;
      ++at_;
      const Place right = (this->*operand)(depth);
      if (!right) return right;
      left = add({.op = found->second, .left = *left, .right = *right});
    }
    return left;
  }

  Place factor(int depth) {
    if (depth > kExpressionDepthMax) return refuse(fmt::format("at most {} levels", depth - 1));
    skip_blanks();
    const char next = at_ < text_.size() ? text_[at_] : '\0';
    if (next == '-') {
      ++at_;
      const Place operand = factor(depth + 1);
      return operand ? add({.op = Op::Negate, .left = *operand}) : operand;
    }
    if (next == '(') {
      ++at_;
      const Place inner = sum(depth + 1);
      return inner && close() ? inner : std::nullopt;
    }
    if (is_digit(next) || next == '.') return number();
    if (is_name_start(next)) return name(depth);
    return refuse("a number, an input or (");
  }

  Place number() {
    Expression::Node node{.op = Op::Number};
    int digits = 0;
    bool has_point = false;
    const std::size_t from = at_;
    for (; at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '.'); ++at_) {
      if (text_[at_] == '.') {
        if (std::exchange(has_point, true)) return refuse("one point in a number");
        continue;
      }
      node.number = node.number * 10 + (text_[at_] - '0');
      if (++digits > kNumberDigitsMax) {
        return refuse(fmt::format("a number of at most {} digits", kNumberDigitsMax));
      }
      if (has_point) ++node.scale;
    }
    if (digits == 0 || node.scale > kDecimalScaleMax || text_[from] == '.' ||
        text_[at_ - 1] == '.') {
      at_ = from;
      return refuse(fmt::format(
          "a number such as 12 or 0.5, with at most {} digits behind the point", kDecimalScaleMax));
    }
    return add(node);
  }

  Place name(int depth) {
    const std::size_t from = at_;
    while (at_ < text_.size() && (is_name_start(text_[at_]) || is_digit(text_[at_]))) ++at_;
    const std::string_view word = text_.substr(from, at_ - from);
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '(') return call(word, from, depth);
    const auto found = std::ranges::find(names_, word);
    if (found == names_.end()) {
      at_ = from;
      return refuse(fmt::format("one of the inputs ({})", join(names_, ", ")));
    }
    return add({.op = Op::Input, .input = static_cast<std::size_t>(found - names_.begin())});
  }

  Place call(std::string_view word, std::size_t from, int depth) {
    const auto function = std::ranges::find(kFunctions, lower_ascii(word), &Function::name);
    if (function == kFunctions.end()) {
      at_ = from;
      return refuse("coalesce(a, b), nullif(a, b) or abs(a)");
    }
    ++at_;
    Expression::Node node{.op = function->op};
    const Place left = sum(depth + 1);
    if (!left) return left;
    node.left = *left;
    if (function->operands == 2) {
      if (!take(',')) return refuse("a comma");
      const Place right = sum(depth + 1);
      if (!right) return right;
      node.right = *right;
    }
    return close() ? add(node) : std::nullopt;
  }

  bool take(char c) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool close() {
    if (take(')')) return true;
    refuse(")");
    return false;
  }

  Place add(const Expression::Node& node) {
    if (expression_.nodes.size() >= kExpressionNodesMax) {
      return refuse(fmt::format("at most {} operations and operands", kExpressionNodesMax));
    }
    expression_.nodes.push_back(node);
    return expression_.nodes.size() - 1;
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) {
      ++at_;
    }
  }

  Place refuse(const std::string& accepted) {
    if (error_) return std::nullopt;
    const std::string found =
        at_ < text_.size() ? fmt::format("\"{}\"", shown(text_.substr(at_), 20)) : "the end";
    error_ = Error{Code::InvalidArgument,
                   fmt::format("the expression has {} at column {}", found, at_ + 1),
                   {fmt::format("accepted there: {}", accepted)},
                   "bad_expression"};
    return std::nullopt;
  }

  std::string_view text_;
  std::span<const std::string> names_;
  std::size_t at_ = 0;
  Expression expression_;
  std::optional<Error> error_;
};

// Appends `part` and returns the place of its root.
std::size_t append(Expression& whole, const Expression& part, std::size_t first_input) {
  const std::size_t base = whole.nodes.size();
  for (Expression::Node node : part.nodes) {
    node.left += base;
    node.right += base;
    if (node.op == Op::Input) node.input += first_input;
    whole.nodes.push_back(node);
  }
  return whole.nodes.size() - 1;
}

}  // namespace

Result<Expression> parse_expression(std::string_view text, std::span<const std::string> names) {
  return Parser(text, names).parse();
}

Expression input_expression() {
  return {{{.op = Op::Input}}};
}

Expression ratio_expression() {
  return {{{.op = Op::Input, .input = 0},
           {.op = Op::Input, .input = 1},
           {.op = Op::Divide, .left = 0, .right = 1}}};
}

Expression spliced(const Expression& outer, std::span<const Expression> parts,
                   std::span<const std::size_t> offsets) {
  Expression whole;
  std::vector<std::size_t> places;
  places.reserve(outer.nodes.size());
  for (const Expression::Node& node : outer.nodes) {
    if (node.op == Op::Input) {
      places.push_back(append(whole, parts[node.input], offsets[node.input]));
      continue;
    }
    Expression::Node moved = node;
    if (!places.empty()) {  // the first node is an operand and has none
      moved.left = places[node.left];
      moved.right = places[node.right];
    }
    whole.nodes.push_back(moved);
    places.push_back(whole.nodes.size() - 1);
  }
  return whole;
}

}  // namespace martgate::catalog
