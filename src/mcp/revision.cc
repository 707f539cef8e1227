#include "mcp/revision.h"

#include <algorithm>
#include <cstddef>

namespace martgate::mcp {
namespace {

struct Row {
  std::string_view name;
  Features features;
};

// In the order of the enumerators. Source: the changelog of each revision.
constexpr std::array<Row, kRevisions.size()> kRows{{
    {"2025-03-26",
     {.takes_batches = true,
      .has_structured_content = false,
      .structures_anything = false,
      .has_result_envelope = false,
      .elicits = false,
      .elicits_urls = false,
      .primes_streams = false}},
    {"2025-06-18",
     {.takes_batches = false,
      .has_structured_content = true,
      .structures_anything = false,
      .has_result_envelope = false,
      .elicits = true,
      .elicits_urls = false,
      .primes_streams = false}},
    {"2025-11-25",
     {.takes_batches = false,
      .has_structured_content = true,
      .structures_anything = false,
      .has_result_envelope = false,
      .elicits = true,
      .elicits_urls = true,
      .primes_streams = true}},
    {"2026-07-28",
     {.takes_batches = false,
      .has_structured_content = true,
      .structures_anything = true,
      .has_result_envelope = true,
      .elicits = true,
      .elicits_urls = true,
      .primes_streams = false}},
}};

constexpr const Row& row_of(Revision revision) {
  return kRows[static_cast<std::size_t>(revision)];
}

bool is_date(std::string_view text) {
  constexpr std::string_view kPattern = "dddd-dd-dd";
  return std::ranges::equal(text, kPattern, [](char c, char pattern) {
    return pattern == '-' ? c == '-' : c >= '0' && c <= '9';
  });
}

}  // namespace

std::string_view name_of(Revision revision) {
  return row_of(revision).name;
}

std::optional<Revision> revision_named(std::string_view name) {
  const auto found = std::ranges::find(kRevisions, name, [](Revision r) { return name_of(r); });
  if (found == kRevisions.end()) return std::nullopt;
  return *found;
}

bool names_modern_revision(std::string_view name) {
  return is_date(name) && name >= name_of(Revision::V2026_07_28);
}

Features features_of(Revision revision) {
  return row_of(revision).features;
}

}  // namespace martgate::mcp
