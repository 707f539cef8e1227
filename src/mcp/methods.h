// The registry: which methods there are, in which era, and what serves each. A method that is not
// here does not exist, and no capability is advertised for it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gate/gate.h"
#include "json/json_fwd.h"
#include "mcp/answer.h"
#include "mcp/revision.h"
#include "mcp/rpc_error.h"

namespace martgate::mcp {

// One request, admitted and on its way to its method.
struct Request {
  Request();
  Request(Request&&) noexcept;
  Request& operator=(Request&&) noexcept;
  ~Request();

  Frame frame;
  std::unique_ptr<Json> params;  // an object, or null when absent
  gate::Caller caller;
  std::string_view transport;  // "http" | "stdio"
};

// Takes the whole answer as JSON text, or the refusal; called exactly once, on any thread.
using Finish = std::function<void(RpcResult<std::string>)>;
using Handler = void (*)(gate::Gate& gate, Request request, const Finish& finish);

struct Method {
  std::string_view name;
  bool in_legacy;
  bool in_modern;
  // The member of params that the Mcp-Name header repeats; empty: no such header is asked for.
  std::string_view mirrored_param;
  Handler handler;
};

// Null when the era does not have the method.
[[nodiscard]] const Method* find_method(std::string_view name, Era era);

// The value of "capabilities", the same in both eras.
void write_capabilities(JsonWriter& writer);

}  // namespace martgate::mcp
