#include "http/bind_rule.h"

#include <fmt/format.h>

#include "base/text.h"

namespace martgate::http {

Status check_bind(const BindRequest& request) {
  if (request.is_loopback) return {};
  const std::string loopback = "listen on 127.0.0.1 or ::1";
  const std::string address = shown(request.address);
  if (!request.is_authenticated) {
    return fail(
        Code::InvalidArgument,
        fmt::format("other hosts can reach {}, and callers need not prove who they are", address),
        {loopback, "configure API keys or a token issuer, then listen here"},
        "bind_unauthenticated");
  }
  if (!request.is_allowed) {
    return fail(Code::InvalidArgument, fmt::format("other hosts can reach {}", address),
                {loopback, "ask for it with --allow-remote"}, "bind_remote");
  }
  if (!request.has_hosts) {
    return fail(Code::InvalidArgument,
                fmt::format("other hosts can reach {}, and no Host header is allowed", address),
                {"list each name that clients use: --allow-host gate.example"}, "bind_hosts");
  }
  return {};
}

}  // namespace martgate::http
