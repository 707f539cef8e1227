#include "http/mcp_endpoint.h"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/text.h"
#include "mcp/param_headers.h"
#include "mcp/server.h"
#include "mcp/wire.h"

namespace martgate::http {
namespace {

bool is_param_header(std::string_view name) {
  const auto prefix = mcp::kParamHeaderPrefix;
  return name.size() > prefix.size() && equal_ignoring_case(name.substr(0, prefix.size()), prefix);
}

mcp::HttpHead head_of(const Request& request) {
  mcp::HttpHead head;
  head.method = request.method;
  for (const HeaderField& field : request.headers) {
    if (equal_ignoring_case(field.name, "Accept")) head.accept.push_back(field.value);
  }
  head.content_type = request.header("Content-Type");
  head.protocol_version = request.header(mcp::header::kProtocolVersion);
  head.rpc_method = request.header(mcp::header::kMethod);
  head.name = request.header(mcp::header::kName);
  head.session_id = request.header(mcp::header::kSessionId);
  head.last_event_id = request.header(mcp::header::kLastEventId);
  for (const HeaderField& field : request.headers) {
    if (is_param_header(field.name)) head.params.emplace_back(field.name, field.value);
  }
  return head;
}

Response response_of(mcp::HttpAnswer answer) {
  Response response;
  response.status = answer.status;
  response.headers = std::move(answer.headers);
  if (!answer.body.empty()) response.content_type = "application/json";
  response.body = std::move(answer.body);
  return response;
}

std::string least_challenge(std::span<const std::string> scopes) {
  return "Bearer error=\"insufficient_scope\", scope=\"" + join(scopes, " ") + "\"";
}

// What is to be called when the client leaves. The one callback that the transport has stays put,
// so that it can be replaced while others write to the stream or close it.
class Leaving {
 public:
  void replace(std::function<void()> callback) {
    {
      const std::lock_guard lock(mutex_);
      if (!has_left_) return callback_.swap(callback);
    }
    callback();
  }
  void leave() {
    std::function<void()> callback;
    {
      const std::lock_guard lock(mutex_);
      has_left_ = true;
      callback.swap(callback_);
    }
    if (callback) callback();
  }

 private:
  std::mutex mutex_;
  bool has_left_ = false;
  std::function<void()> callback_;
};

class McpReply final : public mcp::HttpReply {
 public:
  McpReply(Responder responder, std::shared_ptr<const McpEndpointOptions> options)
      : responder_(std::move(responder)), options_(std::move(options)) {}

  void send(mcp::HttpAnswer answer) override {
    if (!answer.scopes_needed.empty()) {
      answer.headers.emplace_back("WWW-Authenticate",
                                  options_->challenge ? options_->challenge(answer.scopes_needed)
                                                      : least_challenge(answer.scopes_needed));
    }
    std::move(responder_).send(response_of(std::move(answer)));
  }
  void open_events(mcp::HttpAnswer head) override {
    watch();
    Response response = response_of(std::move(head));
    response.content_type = "text/event-stream";
    stream_.emplace(std::move(responder_).open_stream(std::move(response)));
  }
  [[nodiscard]] bool write(std::string_view bytes) override { return stream_->write(bytes); }
  void close() override { stream_->close(); }
  void on_disconnect(std::function<void()> callback) override {
    watch();
    leaving_->replace(std::move(callback));
  }

 private:
  // Before the stream is open; later it does nothing.
  void watch() {
    if (leaving_ != nullptr) return;
    leaving_ = std::make_shared<Leaving>();
    responder_.on_disconnect([leaving = leaving_] { leaving->leave(); });
  }

  Responder responder_;
  std::shared_ptr<const McpEndpointOptions> options_;
  std::optional<StreamHandle> stream_;
  std::shared_ptr<Leaving> leaving_;  // shared with the transport
};

}  // namespace

void add_mcp_endpoint(Routes& routes, const std::string& path, mcp::Server& server,
                      McpEndpointOptions options) {
  // Shared with replies that are still out when the listener is gone.
  const auto shared = std::make_shared<const McpEndpointOptions>(std::move(options));
  const Handler handler = [&server, shared](const Request& request, Responder responder) {
    mcp::HttpHead head = head_of(request);
    if (shared->caller_of) {
      auto caller = shared->caller_of(request);
      if (!caller) return std::move(responder).send(std::move(caller.error()));
      head.caller = std::move(*caller);
    }
    server.handle_http(head, request.body,
                       std::make_shared<McpReply>(std::move(responder), shared));
  };
  for (const char* method : {"POST", "GET", "DELETE"}) routes.add(method, path, handler);
}

}  // namespace martgate::http
