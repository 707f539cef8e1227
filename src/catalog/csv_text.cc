#include "catalog/csv_text.h"

#include <cstddef>

namespace martgate::catalog {

CsvText parse_csv(std::string_view text) {
  CsvText csv;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  int line = 1;
  std::size_t at = 0;
  const auto is_end = [&] { return at >= text.size() || text[at] == '\n' || text[at] == '\r'; };
  while (at < text.size()) {
    CsvRecord record{line, {}};
    for (;;) {
      CsvField field;
      if (at < text.size() && text[at] == '"') {
        field.is_quoted = true;
        ++at;
        for (;; ++at) {
          if (at >= text.size()) return {{}, "a quote that does not end", record.line};
          if (text[at] == '\n') ++line;
          if (text[at] != '"') {
            field.text.push_back(text[at]);
          } else if (at + 1 < text.size() && text[at + 1] == '"') {
            field.text.push_back(text[at++]);
          } else {
            ++at;
            break;
          }
        }
        if (!is_end() && text[at] != ',') return {{}, "text behind a closing quote", line};
      } else {
        while (!is_end() && text[at] != ',') {
          if (text[at] == '"') return {{}, "a quote inside a field that has none around it", line};
          field.text.push_back(text[at++]);
        }
      }
      record.fields.push_back(std::move(field));
      if (is_end()) break;
      ++at;  // the comma
    }
    if (at < text.size() && text[at] == '\r') ++at;
    if (at < text.size() && text[at] == '\n') ++at;
    ++line;
    csv.records.push_back(std::move(record));
  }
  return csv;
}

}  // namespace martgate::catalog
