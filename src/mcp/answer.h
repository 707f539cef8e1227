// Answers, appended to one string from their first byte to their last.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "mcp/revision.h"
#include "mcp/rpc_error.h"

namespace martgate::mcp {

// What every answer to a request needs beside its result.
struct Frame {
  Revision revision;
  std::string id;  // JSON text
  // {"name":…,"version":…}. Shared: an answer may be written after the server is gone.
  std::shared_ptr<const std::string> server_info;
};

// {"jsonrpc":"2.0","id":…,"result":{ members, "_meta":{…} }}; the frame outlives it.
class ResultMessage {
 public:
  explicit ResultMessage(const Frame& frame, std::size_t bytes_expected = 256);
  ResultMessage(const ResultMessage&) = delete;
  ResultMessage& operator=(const ResultMessage&) = delete;

  [[nodiscard]] JsonWriter& members() { return writer_; }
  // How long the answer may be kept, in milliseconds; written in the modern era only.
  enum class CacheScope : std::uint8_t { Public, Private };
  void cache_hint(std::int64_t ttl_ms, CacheScope scope);
  // `envelope`, JSON text that outlives this, goes into `_meta`.
  void meta_envelope(std::string_view envelope) { envelope_ = envelope; }
  [[nodiscard]] std::string finish() &&;

 private:
  const Frame& frame_;
  const Features features_;
  std::string text_;
  JsonWriter writer_;
  std::string_view envelope_;
};

// The id is left out when it is empty: it could not be read, or the refusal is the transport's.
[[nodiscard]] std::string error_message(std::string_view id, const RpcError& error);

}  // namespace martgate::mcp
