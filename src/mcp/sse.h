// Frames of a text/event-stream (WHATWG HTML, section 9.2). Each ends with its empty line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace martgate::mcp {

struct SseEvent {
  std::string_view data = {};   // JSON text, or empty
  std::string_view event = {};  // its type; empty: no such line
  std::string_view id = {};     // empty: no such line
  std::optional<std::int64_t> retry_ms = {};
};

// The data is always one line, written also when it is empty: clients read frames line by line. A
// line end in it can only be a blank between JSON tokens and becomes one. Precondition: `event` and
// `id` hold neither line ends nor NUL.
void append_event(std::string& out, const SseEvent& event);

// One message of the protocol: "event: message" and its JSON.
void append_message(std::string& out, std::string_view json);

// What a reader ignores: it keeps a quiet connection alive. Line ends become blanks.
void append_comment(std::string& out, std::string_view text);

}  // namespace martgate::mcp
