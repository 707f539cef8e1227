#include "http/pages.h"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "http/routes.h"

namespace martgate::http {
namespace {

constexpr std::array<std::string_view, 5> kMethods{"DELETE", "GET", "PATCH", "POST", "PUT"};

// A request in memory. What is written to it is dropped: the page's response leaves by another way.
class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(std::string bytes) : bytes_(std::move(bytes)) {}

  bool is_readable() const override { return at_ < bytes_.size(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, std::size_t size) override {
    const std::size_t count = std::min(size, bytes_.size() - at_);
    std::memcpy(to, bytes_.data() + at_, count);
    at_ += count;
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* /*from*/, std::size_t size) override {
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  socket_t socket() const override { return INVALID_SOCKET; }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

// What one call of the library is about. It calls our handlers on the calling thread.
struct Call {
  const Request& request;
  bool is_probe = false;  // only asks whether the method is known
  bool is_matched = false;
  Response response = {};
};

thread_local Call* current_call = nullptr;

class CurrentCall {
 public:
  explicit CurrentCall(Call& call) { current_call = &call; }
  ~CurrentCall() { current_call = nullptr; }
  CurrentCall(const CurrentCall&) = delete;
  CurrentCall& operator=(const CurrentCall&) = delete;
};

bool is_form(const Request& request) {
  const auto type = request.header("content-type");
  return type && equal_ignoring_case(trim(type->substr(0, type->find(';'))),
                                     "application/x-www-form-urlencoded");
}

bool is_multipart(const Request& request) {
  const auto type = request.header("content-type");
  return type && lower_ascii(*type).starts_with("multipart/");
}

// The library must find the body's length and its kind, and nothing else that it acts upon.
httplib::Headers fields_for_library(const Request& request, std::size_t body_bytes) {
  static constexpr std::array<std::string_view, 7> kHidden{
      "content-length", "content-type", "transfer-encoding", "expect",
      "range",          "connection",   "accept-encoding"};
  httplib::Headers fields;
  for (const HeaderField& field : request.headers) {
    const bool is_hidden = std::any_of(kHidden.begin(), kHidden.end(), [&](std::string_view name) {
      return equal_ignoring_case(name, field.name);
    });
    if (!is_hidden) fields.emplace(std::string(field.name), std::string(field.value));
  }
  fields.emplace("Content-Length", std::to_string(body_bytes));
  if (is_form(request)) fields.emplace("Content-Type", "application/x-www-form-urlencoded");
  return fields;
}

Response plain(int status, std::string text) {
  return {status, {}, "text/plain; charset=utf-8", std::move(text)};
}

}  // namespace

class PageRoutes::Router final : public httplib::Server {
 public:
  Router() {
    set_exception_handler(
        [](const httplib::Request&, httplib::Response&, const std::exception_ptr&) {
          if (current_call == nullptr) return;
          current_call->is_matched = true;
          current_call->response = plain(500, "the page failed\n");
        });
  }

  static httplib::Server::Handler wrapped(PageHandler page) {
    return [page = std::move(page)](const httplib::Request& parsed, httplib::Response&) {
      Call& call = *current_call;
      call.is_matched = true;
      if (call.is_probe) return;
      PageRequest request{call.request, {}, {parsed.params.begin(), parsed.params.end()}};
      for (std::size_t group = 1; group < parsed.matches.size(); ++group) {
        request.captures.push_back(parsed.matches[group].str());
      }
      call.response = page(request);
    };
  }

  void route(Call& call, std::string_view method) { route_as(*this, call, method); }

 private:
  // process_request gained four parameters after Debian 12's version. The choice is only possible
  // where the class depends on a template parameter.
  template <class Self>
  static void route_as(Self& self, Call& call, std::string_view method) {
    std::string bytes;
    bytes.append(method).append(" ").append(call.request.target).append(" HTTP/1.1\r\n\r\n");
    const std::string_view body = call.is_probe ? std::string_view{} : call.request.body;
    MemoryStream stream(bytes.append(body));
    bool is_closed = false;
    const std::function<void(httplib::Request&)> setup = [&](httplib::Request& parsed) {
      parsed.headers = fields_for_library(call.request, body.size());
    };
    const CurrentCall current(call);
    if constexpr (requires { self.process_request(stream, true, is_closed, setup); }) {
      self.process_request(stream, true, is_closed, setup);
    } else {
      const std::string nobody;
      self.process_request(stream, nobody, 0, nobody, 0, true, is_closed, setup);
    }
  }
};

std::string PageRequest::param(const std::string& name) const {
  const auto found = params.find(name);
  return found == params.end() ? std::string() : found->second;
}

PageRoutes::PageRoutes() : router_(std::make_unique<Router>()) {}
PageRoutes::~PageRoutes() = default;
PageRoutes::PageRoutes(PageRoutes&&) noexcept = default;
PageRoutes& PageRoutes::operator=(PageRoutes&&) noexcept = default;

void PageRoutes::add(const std::string& method, const std::string& pattern, PageHandler handler) {
  MARTGATE_CHECK(handler != nullptr);
  auto wrapped = Router::wrapped(std::move(handler));
  if (method == "GET") {
    router_->Get(pattern, std::move(wrapped));
  } else if (method == "POST") {
    router_->Post(pattern, std::move(wrapped));
  } else if (method == "PUT") {
    router_->Put(pattern, std::move(wrapped));
  } else if (method == "PATCH") {
    router_->Patch(pattern, std::move(wrapped));
  } else {
    MARTGATE_CHECK(method == "DELETE");
    router_->Delete(pattern, std::move(wrapped));
  }
}

Response PageRoutes::answer(const Request& request) const {
  if (is_multipart(request)) return plain(415, "multipart bodies are not taken here\n");
  Call call{request};
  router_->route(call, request.method);
  if (call.is_matched) return std::move(call.response);

  std::vector<std::string> known;
  for (const std::string_view method : kMethods) {
    Call probe{request, true};
    router_->route(probe, method);
    if (probe.is_matched) known.emplace_back(method);
  }
  if (known.empty()) return plain(404, "there is nothing at this path\n");
  if (std::find(known.begin(), known.end(), request.method) != known.end()) {
    return plain(413, "the form is too long\n");  // the library reads forms up to 8 KiB
  }
  Response refusal = plain(405, "this method does not work here\n");
  refusal.headers.emplace_back("Allow", allow_value(std::move(known)));
  return refusal;
}

}  // namespace martgate::http
