// A row that was not read, or that breaks the contract: for the quarantine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace martgate::ingest {

struct BadRow {
  std::int64_t line = 0;                // where it begins, from 1
  std::uint64_t offset = 0;             // of its first byte in the (inflated) delivery
  std::string reason;                   // one clause for people
  std::string raw;                      // its bytes as they are, at most kBadRowBytesMax of them
  std::string_view slug = "malformed";  // stable, static storage
  std::string column = {};              // where it is known
};
// What is longer is cut, and such a row cannot be replayed from the quarantine.
inline constexpr std::size_t kBadRowBytesMax = 64UL << 10U;

}  // namespace martgate::ingest
