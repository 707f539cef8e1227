// What a source promises of its values, and what happens when it breaks the promise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace martgate::catalog {

// How numbers are written beside digits. Separators of 0 are not accepted at all.
struct NumberFormat {
  char group = 0;
  char point = '.';
  std::string prefix = {};  // "$"; may be absent from a value, and stands before or behind the sign
  std::string suffix = {};  // " EUR"
  bool parentheses = false;  // (12.50) is -12.50
};

// Of one column. An empty field of a CSV file is NULL whatever stands here.
struct ColumnContract {
  std::vector<std::string> null_values;  // texts that mean NULL
  bool trim = false;                     // blanks around the value do not belong to it
  int scale = 0;                         // decimal only
  NumberFormat number;                   // integer, real, decimal
  std::vector<std::string> formats;      // date, timestamp; empty: ISO 8601
  std::string time_zone;                 // of timestamps without an offset: UTC or an IANA name
  std::vector<std::string> true_values;  // boolean; empty: true, 1
  std::vector<std::string> false_values;
  std::string min;  // smallest value accepted, written as the column's values are; empty: any
  std::string max;
  std::optional<std::int64_t> length_min;  // of the text, in characters
  std::optional<std::int64_t> length_max;
  std::vector<std::string> accepted_values;
  std::string pattern;  // RE2, must match somewhere in the text
};

enum class Encoding : std::uint8_t {
  Utf8,
  Windows1252,
  Latin1,               // ISO 8859-1
  Utf8ElseWindows1252,  // field by field: what is not UTF-8 is Windows-1252
  Utf16,                // needs a byte order mark
};

// How a delimited file is written.
struct FileShape {
  Encoding encoding = Encoding::Utf8;
  char quote = '"';  // 0: quotes are text
};

enum class DriftAction : std::uint8_t { Accept, Quarantine, Refuse };

// Delivered columns differ from the declared ones.
struct DriftPolicy {
  DriftAction added = DriftAction::Refuse;
  DriftAction removed = DriftAction::Refuse;
  DriftAction renamed = DriftAction::Refuse;
  DriftAction reordered = DriftAction::Accept;
  DriftAction type_changed = DriftAction::Quarantine;  // most values no longer fit the type
};

// A delivery of unusual size is held back. Against the median of the last loads, in bytes and rows.
struct VolumePolicy {
  bool is_checked = true;
  int history = 10;     // loads looked at
  int history_min = 5;  // with fewer nothing is unusual
  double ratio_min = 0.2;
  double ratio_max = 10;
};

// Rows that another live delivery of an append table holds already, value for value.
enum class Overlap : std::uint8_t { Skip, Keep };

}  // namespace martgate::catalog
