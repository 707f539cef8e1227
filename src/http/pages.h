// Pages: routes with patterns, decoded parameters and forms, over cpp-httplib's routing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http/responder.h"

namespace martgate::http {

struct PageRequest {
  const Request& http;                             // as it came; valid during the call
  std::vector<std::string> captures;               // of the pattern's groups, percent-decoded
  std::multimap<std::string, std::string> params;  // of the query and of a form, percent-decoded

  // The first value of that name; empty when there is none.
  [[nodiscard]] std::string param(const std::string& name) const;
};

using PageHandler = std::function<Response(const PageRequest&)>;

// For the paths beside the hot ones: set it as the fallback of Routes. A page is answered by the
// worker that read the request.
//
// What the library gets is a request line and body that our parser has checked, and the checked
// fields as values; what it writes is not sent. So its parsing of heads, its percent-decoding of
// values, its ranges, compression and response writing (hardening notes of version 0.11) take no
// part, and its matching of patterns, queries and forms does. Its own connection loop is not used
// either: it holds one thread for a connection's whole life, which overriding
// process_and_close_socket does not change; process_request, called with memory for a stream, is
// all that is needed.
//
// Threads: add() before the first answer(); answer() from any thread.
class PageRoutes {
 public:
  PageRoutes();
  ~PageRoutes();
  PageRoutes(PageRoutes&&) noexcept;
  PageRoutes& operator=(PageRoutes&&) noexcept;

  // `method` is GET, POST, PUT, PATCH or DELETE; GET also answers HEAD. `pattern` is an ECMAScript
  // expression for the whole decoded path, and is ours, never a user's: std::regex backtracks.
  void add(const std::string& method, const std::string& pattern, PageHandler handler);

  // 404, 405 with Allow, and 500 when the page throws. Forms are url-encoded; multipart is a 415.
  [[nodiscard]] Response answer(const Request& request) const;

 private:
  class Router;
  std::unique_ptr<Router> router_;
};

}  // namespace martgate::http
