#include "base/result.h"

namespace martgate {

std::string_view name_of(Code code) {
  switch (code) {
    case Code::InvalidArgument:
      return "invalid_argument";
    case Code::NotFound:
      return "not_found";
    case Code::PermissionDenied:
      return "permission_denied";
    case Code::FailedPrecondition:
      return "failed_precondition";
    case Code::ResourceExhausted:
      return "resource_exhausted";
    case Code::Unavailable:
      return "unavailable";
    case Code::Internal:
      return "internal";
  }
  return "internal";
}

Error with_context(Error error, std::string_view context) {
  error.message.insert(0, ": ").insert(0, context);
  return error;
}

std::string to_text(const Error& error) {
  std::string text = error.message;
  for (const std::string& hint : error.hints) text.append("; ").append(hint);
  return text;
}

}  // namespace martgate
