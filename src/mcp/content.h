// Content blocks: what tool results, prompts and resources are made of, before they have a wire.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace martgate::mcp {

struct TextContent {
  std::string text;
};

struct ImageContent {
  std::string data;  // base64
  std::string mime_type;
};

struct AudioContent {
  std::string data;  // base64
  std::string mime_type;
};

struct ResourceLink {
  std::string uri;
  std::string name;
  std::string title = {};
  std::string description = {};
  std::string mime_type = {};
  std::optional<std::int64_t> size_bytes = std::nullopt;
};

// One item of resources/read, or a resource that stands inside a message.
struct ResourceContents {
  enum class Form : std::uint8_t { Text, Blob };

  std::string uri;
  std::string mime_type;
  std::string body;  // text, or base64 of a blob
  Form form = Form::Text;
  std::string meta = {};  // JSON object text for `_meta`; empty: none
};

struct Content {
  std::variant<TextContent, ImageContent, AudioContent, ResourceLink, ResourceContents> block;
  std::string annotations = {};  // JSON object text; empty: none
  std::string meta = {};         // JSON object text for `_meta`; empty: none
};

[[nodiscard]] inline Content text_content(std::string text) {
  return {TextContent{std::move(text)}};
}

}  // namespace martgate::mcp
