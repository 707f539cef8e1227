#include "mcp/answer.h"

#include <utility>

#include "mcp/wire.h"

namespace martgate::mcp {

ResultMessage::ResultMessage(const Frame& frame, std::size_t bytes_expected,
                             std::string_view result_type)
    : frame_(frame), features_(features_of(frame.revision)), writer_(text_) {
  text_.reserve(bytes_expected);
  writer_.begin_object().field("jsonrpc", "2.0").key("id").raw(frame.id);
  writer_.key("result").begin_object();
  if (features_.has_result_envelope) writer_.field("resultType", result_type);
}

void ResultMessage::cache_hint(std::int64_t ttl_ms, CacheScope scope) {
  if (!features_.has_result_envelope) return;
  writer_.field("ttlMs", ttl_ms);
  writer_.field("cacheScope", scope == CacheScope::Public ? "public" : "private");
}

std::string ResultMessage::finish() && {
  if (features_.has_result_envelope || !meta_.empty()) {
    writer_.key("_meta").begin_object();
    if (features_.has_result_envelope) writer_.key(meta_key::kServerInfo).raw(*frame_.server_info);
    if (!meta_.empty()) writer_.raw(meta_);
    writer_.end_object();
  }
  writer_.end_object().end_object();
  return std::move(text_);
}

std::string notification(std::string_view method, std::string_view params) {
  std::string text;
  text.reserve(params.size() + method.size() + 48);
  JsonWriter writer(text);
  writer.begin_object().field("jsonrpc", "2.0").field("method", method);
  writer.key("params").raw(params).end_object();
  return text;
}

std::string server_request(std::string_view id, std::string_view method, std::string_view params) {
  std::string text;
  JsonWriter writer(text);
  writer.begin_object().field("jsonrpc", "2.0").key("id").raw(id).field("method", method);
  writer.key("params").raw(params).end_object();
  return text;
}

std::string error_message(std::string_view id, const RpcError& error) {
  std::string text;
  JsonWriter writer(text);
  writer.begin_object().field("jsonrpc", "2.0");
  if (!id.empty()) writer.key("id").raw(id);
  writer.key("error").begin_object();
  writer.field("code", error.code).field("message", error.message);
  if (!error.data.empty()) writer.key("data").raw(error.data);
  writer.end_object().end_object();
  return text;
}

}  // namespace martgate::mcp
