// What differs between two published snapshots, from what they say of themselves.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/snapshot.h"

namespace martgate::build {

enum class Movement : std::uint8_t { Same, Changed, Added, Removed };
[[nodiscard]] std::string_view name_of(Movement movement);

struct TableDiff {
  std::string name;
  Movement movement = Movement::Same;  // Same: to the last row, by digest
  std::int64_t rows_before = 0;
  std::int64_t rows_after = 0;
  std::vector<std::string> schema;  // "+ coupon TEXT", "- note TEXT", "~ amount REAL to INTEGER"
};

struct LoadDiff {
  std::string raw_name;
  std::int64_t rows_before = 0;
  std::int64_t rows_after = 0;
  std::int64_t quarantined_before = 0;
  std::int64_t quarantined_after = 0;
};

struct TestDiff {
  std::string name;
  std::string before;  // verdict; empty: there was no such test
  std::string after;
};

struct SnapshotDiff {
  std::vector<TableDiff> tables;  // every mart of either, by name
  std::vector<LoadDiff> loads;    // raw tables whose rows differ, by name
  std::vector<TestDiff> tests;    // tests whose verdict differs, by name
  [[nodiscard]] bool is_empty() const;
};

// Both files are snapshots of this version. Errors: Unavailable.
[[nodiscard]] Result<SnapshotDiff> diff_snapshots(const std::filesystem::path& before,
                                                  const std::filesystem::path& after);

}  // namespace martgate::build
