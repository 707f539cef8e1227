// Where an HTTP poll stands: what is written beside its rows.
#pragma once

#include <cstdint>
#include <string>

namespace martgate::ingest {

struct HttpCursor {
  bool is_within = false;   // a run ended between two pages of a poll
  std::string next;         // the page number, the token or the target that comes next
  std::string since;        // the value that this poll asks from
  std::string high;         // largest value of the since column so far
  std::string etag;         // of the last page of the last whole poll …
  std::string etag_target;  // … and what was asked for to get it
};

[[nodiscard]] std::string to_text(const HttpCursor& cursor);
// A text of another shape is a poll from the beginning.
[[nodiscard]] HttpCursor parse_http_cursor(const std::string& text);

}  // namespace martgate::ingest
