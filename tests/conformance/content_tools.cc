// Tools whose answers are one of each kind of content.
#include "base/base64.h"
#include "fixture_tool.h"
#include "media.h"
#include "schemas.h"

namespace martgate::conformance {
namespace {

// Optional, so that the tool succeeds with and without it.
constexpr const char* kRegionInput = R"({
  "type": "object",
  "properties": {
    "region": {"type": "string", "description": "where to look", "x-mcp-header": "Region"}
  },
  "additionalProperties": false
})";

mcp::Content image() {
  return {mcp::ImageContent{base64(png_pixel()), "image/png"}};
}

mcp::ToolResult one(mcp::Content content) {
  mcp::ToolResult result;
  result.content.push_back(std::move(content));
  return result;
}

mcp::Content embedded(std::string uri, std::string mime_type, std::string text) {
  return {mcp::ResourceContents{std::move(uri), std::move(mime_type), std::move(text)}};
}

RunTool always(const mcp::ToolResult& result) {
  return [result](const mcp::ToolCall& /*call*/, const std::shared_ptr<mcp::Exchange>& exchange) {
    exchange->finish(result);
  };
}

}  // namespace

void add_content_tools(FixtureTools& tools) {
  // The first of the list: the suite's header scenarios call whatever stands there.
  add_tool(tools, reading("test_x_mcp_header", "Repeats its region as a header.", kRegionInput),
           [](const mcp::ToolCall& call, const std::shared_ptr<mcp::Exchange>& exchange) {
             exchange->finish(text_result("region: " + text_argument(call, "region", "none")));
           });
  add_tool(tools, reading("test_simple_text", "Returns one block of text.", kNoInput),
           always(text_result("This is a simple text response for testing.")));
  add_tool(tools, reading("test_image_content", "Returns a picture.", kNoInput),
           always(one(image())));
  add_tool(tools, reading("test_audio_content", "Returns a sound.", kNoInput),
           always(one({mcp::AudioContent{base64(wav_beep()), "audio/wav"}})));
  add_tool(tools, reading("test_embedded_resource", "Returns a resource.", kNoInput),
           always(one(embedded("test://embedded-resource", "text/plain",
                               "This is an embedded resource content."))));

  mcp::ToolResult several = text_result("Multiple content types test:");
  several.content.push_back(image());
  several.content.push_back(embedded("test://mixed-content-resource", "application/json",
                                     R"({"test":"data","value":123})"));
  add_tool(tools,
           reading("test_multiple_content_types", "Returns text, picture and resource.", kNoInput),
           always(several));
  add_tool(tools, reading("test_error_handling", "Always reports a failure.", kNoInput),
           always(mcp::tool_failure("This tool intentionally returns an error for testing")));
  add_tool(tools,
           reading("json_schema_2020_12_tool", "Has an input schema with every kind of keyword.",
                   kEveryKeyword),
           always(text_result("The schema is what matters.")));

  mcp::ToolSpec structured =
      reading("test_structured_content", "Returns data beside its text.", kNoInput);
  structured.title = "Structured content";
  structured.output_schema = R"({
    "type": "object",
    "properties": {"answer": {"type": "integer"}},
    "required": ["answer"]
  })";
  mcp::ToolResult answer = text_result(R"({"answer":42})");
  answer.structured = R"({"answer":42})";
  add_tool(tools, structured, always(answer));
}

}  // namespace martgate::conformance
