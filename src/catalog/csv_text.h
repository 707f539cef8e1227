// Small CSV files of the project itself: seeds, and the trusted numbers of tie-outs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace martgate::catalog {

struct CsvField {
  std::string text;
  bool is_quoted = false;  // an empty one is a text of no length, not an absent value
};

struct CsvRecord {
  int line = 0;  // in the file, from 1
  std::vector<CsvField> fields;
};

struct CsvText {
  std::vector<CsvRecord> records;  // the header too
  std::string mistake;             // empty: none
  int mistake_line = 0;
};

// RFC 4180 with commas, whole and in memory; any line end. The first mistake ends it. Deliveries,
// which are large and come from elsewhere, are ingest's.
[[nodiscard]] CsvText parse_csv(std::string_view text);

}  // namespace martgate::catalog
