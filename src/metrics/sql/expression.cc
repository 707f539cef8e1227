#include "metrics/sql/expression.h"

#include <fmt/format.h>

#include <cstdint>

namespace martgate::metrics {
namespace {

using Op = catalog::Expression::Op;
using Node = catalog::Expression::Node;

// How tightly the outermost operator of a text binds.
enum class Binding : std::uint8_t { Sum, Product, Atom };

struct Text {
  std::string sql;
  Binding binding = Binding::Atom;
};

std::string within(const Text& text, Binding at_least) {
  return text.binding < at_least ? fmt::format("({})", text.sql) : text.sql;
}

class Renderer {
 public:
  Renderer(const catalog::Expression& expression, const std::vector<ValueType>& inputs,
           const InputText& input)
      : nodes_(expression.nodes), types_(types_of(expression, inputs)), input_(input) {}

  [[nodiscard]] Text text(std::size_t at) const {
    const Node& node = nodes_[at];
    switch (node.op) {
      case Op::Number:
        return {fmt::format("{}", node.number)};
      case Op::Input:
        return {input_(node.input)};
      case Op::Negate:
        return {fmt::format("-{}", within(text(node.left), Binding::Atom)), Binding::Product};
      case Op::Abs:
        return {fmt::format("abs({})", text(node.left).sql)};
      case Op::Add:
        return sum(at, '+', Binding::Sum);
      case Op::Subtract:
        return sum(at, '-', Binding::Product);
      case Op::Coalesce:
        return call(at, "coalesce");
      case Op::NullIf:
        return call(at, "nullif");
      case Op::Multiply: {
        const std::string left = within(text(node.left), Binding::Product);
        return {fmt::format("{} * {}", left, within(text(node.right), Binding::Atom)),
                Binding::Product};
      }
      case Op::Divide: {
        const std::string left = within(text(node.left), Binding::Product);
        return {fmt::format("1.0 * {} / nullif({}, 0)", left, text(node.right).sql),
                Binding::Product};
      }
    }
    return {"NULL"};
  }

 private:
  // An operand at the scale of the node it belongs to.
  [[nodiscard]] Text aligned(std::size_t operand, std::size_t node) const {
    const int missing = types_[node].scale - types_[operand].scale;
    if (missing == 0) return text(operand);
    const std::string zeros(static_cast<std::size_t>(missing), '0');
    if (nodes_[operand].op == Op::Number) {
      return {nodes_[operand].number == 0 ? "0" : text(operand).sql + zeros};
    }
    const std::string factor = "1" + zeros;
    return {fmt::format("{} * {}", within(text(operand), Binding::Product), factor),
            Binding::Product};
  }
  [[nodiscard]] Text sum(std::size_t at, char op, Binding right) const {
    const std::string left = aligned(nodes_[at].left, at).sql;
    return {fmt::format("{} {} {}", left, op, within(aligned(nodes_[at].right, at), right)),
            Binding::Sum};
  }
  [[nodiscard]] Text call(std::size_t at, std::string_view function) const {
    const std::string left = aligned(nodes_[at].left, at).sql;
    return {fmt::format("{}({}, {})", function, left, aligned(nodes_[at].right, at).sql)};
  }

  const std::vector<Node>& nodes_;
  const std::vector<ValueType> types_;
  const InputText& input_;
};

}  // namespace

std::string expression_sql(const catalog::Expression& expression,
                           const std::vector<ValueType>& types, const InputText& input) {
  return Renderer(expression, types, input).text(expression.nodes.size() - 1).sql;
}

}  // namespace martgate::metrics
