#include "catalog/expression.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <optional>

using namespace martgate;
using catalog::Expression;
using Op = Expression::Op;

namespace {

const std::array<std::string, 3> kNames{"a", "b", "gross_margin"};

// Values of the inputs in the order of kNames; nothing is null.
using Values = std::array<std::optional<double>, 3>;

std::optional<double> value_at(const Expression& expression, std::size_t at, const Values& inputs) {
  const Expression::Node& node = expression.nodes[at];
  if (node.op == Op::Number) return static_cast<double>(node.number) / std::pow(10.0, node.scale);
  if (node.op == Op::Input) return inputs.at(node.input);
  const auto left = value_at(expression, node.left, inputs);
  if (node.op == Op::Negate) return left ? std::optional(-*left) : left;
  if (node.op == Op::Abs) return left ? std::optional(std::abs(*left)) : left;
  const auto right = value_at(expression, node.right, inputs);
  if (node.op == Op::Coalesce) return left ? left : right;
  if (node.op == Op::NullIf) return left == right ? std::nullopt : left;
  if (!left || !right) return std::nullopt;
  if (node.op == Op::Add) return *left + *right;
  if (node.op == Op::Subtract) return *left - *right;
  if (node.op == Op::Multiply) return *left * *right;
  return *right == 0 ? std::nullopt : std::optional(*left / *right);
}

std::optional<double> evaluated(std::string_view text, const Values& inputs) {
  const auto expression = catalog::parse_expression(text, kNames);
  REQUIRE_MESSAGE(expression, text, ": ", expression ? "" : expression.error().message);
  return value_at(*expression, expression->nodes.size() - 1, inputs);
}

std::string refusal(std::string_view text) {
  const auto expression = catalog::parse_expression(text, kNames);
  REQUIRE_FALSE_MESSAGE(expression, text);
  CHECK(expression.error().reason == "bad_expression");
  return expression.error().message + "; " + expression.error().hints.front();
}

}  // namespace

TEST_CASE("expression: the usual precedence, from left to right") {
  const Values inputs{7.0, 2.0, 0.5};
  CHECK(evaluated("a - b - 1", inputs) == 4);
  CHECK(evaluated("a / b / 2", inputs) == 1.75);
  CHECK(evaluated("a + b * 2", inputs) == 11);
  CHECK(evaluated("(a + b) * 2", inputs) == 18);
  CHECK(evaluated("-a + b", inputs) == -5);
  CHECK(evaluated("-(a + b)", inputs) == -9);
  CHECK(evaluated("- - a", inputs) == 7);
  CHECK(evaluated("0.025 * a", inputs) == doctest::Approx(0.175));
  CHECK(evaluated(" gross_margin\n* 100 ", inputs) == 50);
}

TEST_CASE("expression: null runs through arithmetic and stops at coalesce") {
  const Values inputs{std::nullopt, 2.0, 0.0};
  CHECK(evaluated("a + b", inputs) == std::nullopt);
  CHECK(evaluated("coalesce(a, 0) + b", inputs) == 2);
  CHECK(evaluated("COALESCE(a, b) ", inputs) == 2);
  CHECK(evaluated("b / nullif(gross_margin, 0)", inputs) == std::nullopt);
  CHECK(evaluated("abs(b - 5)", inputs) == 3);
}

TEST_CASE("expression: what cannot be read is refused with its column and what is accepted") {
  CHECK(refusal("") ==
        "the expression has the end at column 1; accepted there: a number, an input or (");
  CHECK(refusal("a +") ==
        "the expression has the end at column 4; accepted there: a number, an input or (");
  CHECK(refusal("a b") ==
        "the expression has \"b\" at column 3; accepted there: an operator: + - * /");
  CHECK(refusal("a + c") ==
        "the expression has \"c\" at column 5; accepted there: one of the inputs (a, b, "
        "gross_margin)");
  CHECK(refusal("(a + b").find("accepted there: )") != std::string::npos);
  CHECK(refusal("sum(a)").find("coalesce(a, b), nullif(a, b) or abs(a)") != std::string::npos);
  CHECK(refusal("coalesce(a)").find("a comma") != std::string::npos);
  CHECK(refusal("1.2.3 + a").find("one point") != std::string::npos);
  CHECK(refusal("1234567890123456789").find("18 digits") != std::string::npos);
  CHECK(refusal("0.0000000001").find("9 digits behind the point") != std::string::npos);
  CHECK(refusal("a; DROP TABLE orders").find("column 2") != std::string::npos);
  CHECK(refusal("a -- b /*").find("has \"*\"") != std::string::npos);
}

TEST_CASE("expression: depth and size are limited") {
  CHECK(refusal(std::string(100, '(') + "a" + std::string(100, ')')).find("levels") !=
        std::string::npos);
  CHECK(refusal(std::string(100, '-') + "a").find("levels") != std::string::npos);
  std::string sum = "a";
  for (int i = 0; i < 200; ++i) sum += " + a";
  CHECK(refusal(sum).find("at most 200") != std::string::npos);
}

TEST_CASE("expression: splicing keeps the value of what is put in") {
  const std::array<std::string, 2> names{"x", "y"};
  const auto outer = catalog::parse_expression("2 * x - y / x", names);
  REQUIRE(outer);
  const auto x = catalog::parse_expression("a + b", kNames);
  const auto y = catalog::parse_expression("a * 3", kNames);
  const std::array parts{*x, *y};
  const std::array<std::size_t, 2> offsets{0, 0};
  const Expression whole = catalog::spliced(*outer, parts, offsets);
  CHECK(value_at(whole, whole.nodes.size() - 1, {7.0, 2.0, 0.0}) == 18 - 21.0 / 9);
}
