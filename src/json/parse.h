// The gate in front of every foreign JSON text: what passes is I-JSON and bounded in every
// direction.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "json/json_fwd.h"

namespace martgate {

struct ParseLimits {
  std::size_t bytes_max = 4U << 20U;
  std::size_t depth_max = 64;  // containers open at once; never more than kDepthCeiling
  std::size_t string_bytes_max = 1U << 20U;  // of a string or a key, after unescaping
  std::size_t members_max = 1'024;           // of one object
  std::size_t elements_max = 100'000;        // values in the whole text, the outermost included
  std::size_t number_bytes_max = 40;
};

// Trees are copied, compared and written by recursive functions; this many levels fit any stack.
inline constexpr std::size_t kDepthCeiling = 512;

// One JSON text (RFC 8259) that is also I-JSON (RFC 7493), checked while it is tokenised, before
// the tree grows: well-formed UTF-8 without surrogates and noncharacters, no byte order mark, no
// key twice in one object, integers that fit std::int64_t or std::uint64_t (or stand exactly as
// canonical_json() writes a double), finite doubles, nothing behind the value.
//
// Errors   InvalidArgument, with the byte where the refused token begins and one of the reasons
//          json_syntax, json_depth, json_duplicate_key, json_number, json_utf8, json_size.
// Threads  any.
[[nodiscard]] Result<Json> parse_ijson(std::string_view text, const ParseLimits& limits = {});

}  // namespace martgate
