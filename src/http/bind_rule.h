// May this address be listened on?
#pragma once

#include <string>

#include "base/result.h"

namespace martgate::http {

struct BindRequest {
  std::string address;            // for the words of a refusal
  bool is_loopback = true;        // no other host can reach it
  bool is_allowed = false;        // the operator asked for an address that others reach
  bool is_authenticated = false;  // every caller has to prove who it is
  bool has_hosts = false;         // the names that clients use are listed
};

// Loopback always. Beyond it, whoever reaches the port could ask anything, so callers must have to
// prove who they are; no option replaces that. The names must be listed, because a web page can
// make its own name resolve to any address (DNS rebinding).
// Errors: InvalidArgument, with what to do.
[[nodiscard]] Status check_bind(const BindRequest& request);

}  // namespace martgate::http
