#include "ingest/connect/http_cursor.h"

#include <nlohmann/json.hpp>

#include "base/json_writer.h"
#include "json/parse.h"

namespace martgate::ingest {

std::string to_text(const HttpCursor& cursor) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  if (cursor.is_within) json.field("is_within", true);
  for (const auto& [name, value] : {std::pair{"next", &cursor.next},
                                    {"since", &cursor.since},
                                    {"high", &cursor.high},
                                    {"etag", &cursor.etag},
                                    {"etag_target", &cursor.etag_target}}) {
    if (!value->empty()) json.field(name, *value);
  }
  json.end_object();
  return text;
}

HttpCursor parse_http_cursor(const std::string& text) {
  HttpCursor cursor;
  const auto state = parse_ijson(text);
  if (!state || !state->is_object()) return cursor;
  const auto read = [&](const char* name) {
    const auto found = state->find(name);
    return found != state->end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  cursor.is_within = state->contains("is_within");
  cursor.next = read("next");
  cursor.since = read("since");
  cursor.high = read("high");
  cursor.etag = read("etag");
  cursor.etag_target = read("etag_target");
  return cursor;
}

}  // namespace martgate::ingest
