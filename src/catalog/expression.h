// Arithmetic over named inputs, as a derived metric writes it: (won - lost) / nullif(closed, 0).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace martgate::catalog {

struct Expression {
  enum class Op : std::uint8_t {
    Number,
    Input,
    Negate,
    Add,
    Subtract,
    Multiply,
    Divide,
    Coalesce,  // the left one, or the right one where that is null
    NullIf,    // null where both are equal, else the left one
    Abs,
  };
  struct Node {
    Op op = Op::Number;
    std::int64_t number = 0;  // Number: the value times 10^scale
    int scale = 0;
    std::size_t input = 0;  // Input: place in the list of names
    std::size_t left = 0;   // places of operands in `nodes`
    std::size_t right = 0;

    friend bool operator==(const Node&, const Node&) = default;
  };
  std::vector<Node> nodes;  // operands before what uses them; the last one is the whole

  friend bool operator==(const Expression&, const Expression&) = default;
};

inline constexpr std::size_t kExpressionNodesMax = 200;
inline constexpr int kExpressionDepthMax = 32;

// + - * / ( ), decimal numbers of at most 18 digits, the names, and the functions coalesce, nullif
// and abs. Errors: InvalidArgument, with the column (from 1) and what is accepted there.
[[nodiscard]] Result<Expression> parse_expression(std::string_view text,
                                                  std::span<const std::string> names);

// Input 0 alone, and input 0 divided by input 1.
[[nodiscard]] Expression input_expression();
[[nodiscard]] Expression ratio_expression();

// `outer` with each input replaced by an expression of its own; input i of part p becomes input
// offsets[p] + i. Precondition: one part and one offset for each input that `outer` names.
[[nodiscard]] Expression spliced(const Expression& outer, std::span<const Expression> parts,
                                 std::span<const std::size_t> offsets);

}  // namespace martgate::catalog
