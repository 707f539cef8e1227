// Answers, appended to one string from their first byte to their last.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "mcp/outcome.h"
#include "mcp/revision.h"
#include "mcp/rpc_error.h"

namespace martgate::mcp {

// What every answer to a request needs beside its result.
struct Frame {
  Revision revision;
  std::string id;                  // JSON text
  const std::string* server_info;  // {"name":…,"version":…}; borrowed
};

// {"jsonrpc":"2.0","id":…,"result":{ members, "_meta":{…} }}; the frame outlives it.
class ResultMessage {
 public:
  explicit ResultMessage(const Frame& frame, std::size_t bytes_expected = 256,
                         std::string_view result_type = "complete");
  ResultMessage(const ResultMessage&) = delete;
  ResultMessage& operator=(const ResultMessage&) = delete;

  [[nodiscard]] JsonWriter& members() { return writer_; }
  // How long the answer may be kept, in milliseconds; written in the modern era only.
  void cache_hint(std::int64_t ttl_ms, CacheScope scope);
  // Members for `_meta`: JSON text without the braces that outlives this.
  void meta(std::string_view members) { meta_ = members; }
  [[nodiscard]] std::string finish() &&;

 private:
  const Frame& frame_;
  const Features features_;
  std::string text_;
  JsonWriter writer_;
  std::string_view meta_;
};

// {"jsonrpc":"2.0","method":…,"params":…}; `params` is JSON text.
[[nodiscard]] std::string notification(std::string_view method, std::string_view params);
// The same with an id of ours, as JSON text.
[[nodiscard]] std::string server_request(std::string_view id, std::string_view method,
                                         std::string_view params);

// The id is left out when it is empty: it could not be read, or the refusal is the transport's.
[[nodiscard]] std::string error_message(std::string_view id, const RpcError& error);

}  // namespace martgate::mcp
