#include "mcp/sse.h"

#include <algorithm>

#include "base/check.h"

namespace martgate::mcp {
namespace {

void append_on_one_line(std::string& out, std::string_view text) {
  const std::size_t begin = out.size();
  out += text;
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
      [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  MARTGATE_CHECK(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
  out.append(name).append(": ").append(value).push_back('\n');
}

}  // namespace

void append_event(std::string& out, const SseEvent& event) {
  if (!event.event.empty()) append_field(out, "event", event.event);
  if (!event.id.empty()) append_field(out, "id", event.id);
  if (event.retry_ms) append_field(out, "retry", std::to_string(*event.retry_ms));
  out += "data: ";
  append_on_one_line(out, event.data);
  out += "\n\n";
}

void append_message(std::string& out, std::string_view json) {
  append_event(out, {.data = json, .event = "message"});
}

void append_comment(std::string& out, std::string_view text) {
  out += ": ";
  append_on_one_line(out, text);
  out += "\n\n";
}

}  // namespace martgate::mcp
