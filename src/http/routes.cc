#include "http/routes.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace martgate::http {

void Routes::add(std::string method, std::string path, Handler handler) {
  add_route(std::move(path), {std::move(method), std::move(handler)});
}

void Routes::add_public(std::string method, std::string path, Handler handler) {
  add_route(std::move(path), {std::move(method), std::move(handler), true});
}

void Routes::add_route(std::string path, Route added) {
  MARTGATE_CHECK(added.handler != nullptr && path.starts_with('/'));
  auto& routes = paths_[std::move(path)];
  for (const Route& route : routes) MARTGATE_CHECK(route.method != added.method);
  routes.push_back(std::move(added));
}

void Routes::set_fallback(Handler handler) {
  fallback_ = std::move(handler);
}

Routes::Found Routes::find(std::string_view method, std::string_view path) const {
  const auto found = paths_.find(path);
  if (found == paths_.end()) return {fallback_ ? &fallback_ : nullptr, false};
  const Route* get = nullptr;
  for (const Route& route : found->second) {
    if (route.method == method) return {&route.handler, true, route.is_public};
    if (route.method == "GET") get = &route;
  }
  if (method == "HEAD" && get != nullptr) return {&get->handler, true, get->is_public};
  return {nullptr, true};
}

std::string Routes::allowed_methods(std::string_view path) const {
  const auto found = paths_.find(path);
  if (found == paths_.end()) return {};
  std::vector<std::string> methods;
  for (const Route& route : found->second) methods.push_back(route.method);
  return allow_value(std::move(methods));
}

std::string allow_value(std::vector<std::string> methods) {
  if (std::find(methods.begin(), methods.end(), "GET") != methods.end()) {
    methods.emplace_back("HEAD");
  }
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  return join(methods, ", ");
}

}  // namespace martgate::http
