// The event stream: whatever is put into frames, a reader that follows the standard (WHATWG HTML,
// section 9.2.6) gets those events, one for one, and nothing else.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "input.h"
#include "mcp/sse.h"

using namespace martgate;

namespace {

struct Event {
  std::string type = "message";
  std::string data;
  std::string last_id;
  friend bool operator==(const Event&, const Event&) = default;
};

// Lines end in CR, LF or CRLF, as they do for a reader.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines(1);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\r' && text[at] != '\n') {
      lines.back() += text[at];
      continue;
    }
    if (text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n') ++at;
    lines.emplace_back();
  }
  MARTGATE_CHECK(lines.back().empty());  // every frame is closed
  lines.pop_back();
  return lines;
}

std::vector<Event> events_of(std::string_view text) {
  std::vector<Event> events;
  Event event;
  std::string last_id;
  std::optional<std::string> data;
  for (const std::string& line : lines_of(text)) {
    if (line.empty()) {
      if (data) {
        event.data = *data;
        event.last_id = last_id;
        events.push_back(event);
      }
      data.reset();
      event = {};
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == 0) continue;  // a comment
    const std::string name = line.substr(0, colon);
    std::string value = colon == line.npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.erase(0, 1);
    if (name == "event") event.type = value;
    if (name == "id") last_id = value;
    if (name == "data") data = data ? *data + "\n" + value : value;
  }
  return events;
}

std::string on_one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

// What append_event() asks of a type and an id.
std::string cleaned(std::string_view text) {
  std::string clean;
  for (const char c : text) {
    if (c != '\r' && c != '\n' && c != '\0') clean += c;
  }
  // A reader takes one leading blank for ours.
  return clean.starts_with(' ') ? "x" + clean : clean;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  std::string stream;
  std::vector<Event> wanted;
  std::string last_id;
  while (!input.is_empty()) {
    const std::uint8_t kind = input.byte();
    const std::string_view text = input.until('\xff');
    switch (kind % 3) {
      case 0:
        mcp::append_comment(stream, text);
        break;
      case 1:
        mcp::append_message(stream, text);
        wanted.push_back({"message", on_one_line(text), last_id});
        break;
      default: {
        const std::string type = cleaned(input.until('\xff'));
        const std::string id = cleaned(input.until('\xff'));
        mcp::append_event(stream, {.data = text, .event = type, .id = id, .retry_ms = kind});
        if (!id.empty()) last_id = id;
        wanted.push_back({type.empty() ? "message" : type, on_one_line(text), last_id});
      }
    }
  }
  MARTGATE_CHECK(events_of(stream) == wanted);
  return 0;
}
