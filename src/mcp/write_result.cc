#include "mcp/write_result.h"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

namespace martgate::mcp {
namespace {

constexpr std::size_t kAroundBytes = 512;  // of an answer, beside what the handler wrote

void write_if(JsonWriter& writer, std::string_view key, std::string_view text) {
  if (!text.empty()) writer.field(key, text);
}

void write_contents(JsonWriter& writer, const ResourceContents& contents,
                    const Features& features) {
  writer.begin_object().field("uri", contents.uri);
  write_if(writer, "mimeType", contents.mime_type);
  writer.field(contents.form == ResourceContents::Form::Text ? "text" : "blob", contents.body);
  if (features.has_structured_content && !contents.meta.empty()) {
    writer.key("_meta").raw(contents.meta);
  }
  writer.end_object();
}

// The block's members without what every block may have.
class BlockWriter {
 public:
  BlockWriter(JsonWriter& writer, const Features& features)
      : writer_(writer), features_(features) {}

  void operator()(const TextContent& block) const {
    writer_.field("type", "text").field("text", block.text);
  }
  void operator()(const ImageContent& block) const {
    writer_.field("type", "image").field("data", block.data).field("mimeType", block.mime_type);
  }
  void operator()(const AudioContent& block) const {
    writer_.field("type", "audio").field("data", block.data).field("mimeType", block.mime_type);
  }
  // 2025-03-26 has no links: there it is a sentence.
  void operator()(const ResourceLink& block) const {
    if (!features_.has_structured_content) {
      writer_.field("type", "text").field("text", fmt::format("{}: {}", block.name, block.uri));
      return;
    }
    writer_.field("type", "resource_link").field("uri", block.uri).field("name", block.name);
    write_if(writer_, "title", block.title);
    write_if(writer_, "description", block.description);
    write_if(writer_, "mimeType", block.mime_type);
    if (block.size_bytes) writer_.field("size", *block.size_bytes);
  }
  void operator()(const ResourceContents& block) const {
    writer_.field("type", "resource").key("resource");
    write_contents(writer_, block, features_);
  }

 private:
  JsonWriter& writer_;
  const Features& features_;
};

void write_content(JsonWriter& writer, const Content& content, const Features& features) {
  writer.begin_object();
  std::visit(BlockWriter(writer, features), content.block);
  if (!content.annotations.empty()) writer.key("annotations").raw(content.annotations);
  if (features.has_structured_content && !content.meta.empty()) {
    writer.key("_meta").raw(content.meta);
  }
  writer.end_object();
}

void write_tool_members(JsonWriter& writer, const ToolResult& result, const Features& features) {
  writer.key("content").begin_array();
  for (const Content& content : result.content) write_content(writer, content, features);
  writer.end_array();
  const bool fits = features.structures_anything || result.structured.starts_with('{');
  if (features.has_structured_content && !result.structured.empty() && fits) {
    writer.key("structuredContent").raw(result.structured);
  }
  if (result.is_error) writer.field("isError", true);
}

std::size_t bytes_of(const ToolResult& result) {
  std::size_t bytes = result.structured.size() + result.meta.size();
  for (const Content& content : result.content) {
    const auto* text = std::get_if<TextContent>(&content.block);
    bytes += text == nullptr ? kAroundBytes : text->text.size();
  }
  return bytes;
}

}  // namespace

std::string tool_message(const Frame& frame, const ToolResult& result) {
  ResultMessage message(frame, bytes_of(result) + kAroundBytes);
  write_tool_members(message.members(), result, features_of(frame.revision));
  message.meta(result.meta);
  return std::move(message).finish();
}

std::string read_message(const Frame& frame, const ReadResult& result) {
  const Features features = features_of(frame.revision);
  std::size_t bytes = kAroundBytes;
  for (const ResourceContents& contents : result.contents) bytes += contents.body.size();
  ResultMessage message(frame, bytes);
  JsonWriter& writer = message.members();
  writer.key("contents").begin_array();
  for (const ResourceContents& contents : result.contents) {
    write_contents(writer, contents, features);
  }
  writer.end_array();
  message.cache_hint(result.ttl_ms, result.scope);
  return std::move(message).finish();
}

std::string prompt_message(const Frame& frame, const PromptResult& result) {
  const Features features = features_of(frame.revision);
  ResultMessage message(frame);
  JsonWriter& writer = message.members();
  write_if(writer, "description", result.description);
  writer.key("messages").begin_array();
  for (const PromptMessage& part : result.messages) {
    const bool is_user = part.role == PromptMessage::Role::User;
    writer.begin_object().field("role", is_user ? "user" : "assistant").key("content");
    write_content(writer, part.content, features);
    writer.end_object();
  }
  writer.end_array();
  return std::move(message).finish();
}

std::string task_message(const Frame& frame, const TaskCreated& task) {
  ResultMessage message(frame, task.members.size() + kAroundBytes, "task");
  message.members().raw(task.members);
  return std::move(message).finish();
}

std::string tool_result_json(const ToolResult& result) {
  std::string text;
  JsonWriter writer(text);
  writer.begin_object();
  write_tool_members(writer, result, features_of(kNewestModern));
  if (!result.meta.empty()) writer.key("_meta").begin_object().raw(result.meta).end_object();
  writer.end_object();
  return text;
}

}  // namespace martgate::mcp
