// Which handler serves which method and path. Filled before the listener starts, read-only after.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/responder.h"

namespace martgate::http {

class Routes {
 public:
  struct Found {
    const Handler* handler = nullptr;  // null: not served
    bool knows_path = false;           // 405 with Allow rather than 404
    bool is_public = false;            // any page may read it
  };

  // Exact paths, compared as sent. GET also answers HEAD. One handler per method and path.
  void add(std::string method, std::string path, Handler handler);
  // The same for documents that pages of any origin may read (RFC 9728 metadata): an Origin header
  // is not checked. Host is.
  void add_public(std::string method, std::string path, Handler handler);
  // Takes every path that no route names, bodies included. See PageRoutes.
  void set_fallback(Handler handler);

  [[nodiscard]] Found find(std::string_view method, std::string_view path) const;
  // "GET, HEAD, POST"; empty for an unknown path.
  [[nodiscard]] std::string allowed_methods(std::string_view path) const;

 private:
  struct Route {
    std::string method;
    Handler handler;
    bool is_public = false;
  };
  void add_route(std::string path, Route route);

  std::map<std::string, std::vector<Route>, std::less<>> paths_;
  Handler fallback_;
};

// "GET, HEAD, POST" from the methods that have a handler, sorted, HEAD added to GET.
[[nodiscard]] std::string allow_value(std::vector<std::string> methods);

}  // namespace martgate::http
