// The one error type, and the value-or-error that carries it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>  // g++ 12 has std::expected only in C++23 mode
#include <utility>
#include <vector>

namespace martgate {

// What the caller can do about a failure. Programs branch on the code, people read the message.
enum class Code : std::uint8_t {
  InvalidArgument,     // the request can be corrected and sent again
  NotFound,            // a well-formed name that we do not know
  PermissionDenied,    // policy refused; a retry cannot help
  FailedPrecondition,  // a good request at the wrong moment
  ResourceExhausted,   // a named limit was reached: rows, time, steps, bytes
  Unavailable,         // the same request may succeed later
  Internal,            // our defect
};

[[nodiscard]] std::string_view name_of(Code code);  // "invalid_argument"

struct Error {
  Code code;
  std::string message;             // one clause, lower case, no full stop
  std::vector<std::string> hints;  // what would work: near names, the accepted range
  std::string_view reason =
      {};  // stable slug of this very refusal ("unknown_metric"), static storage
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> fail(Code code, std::string message,
                                                std::vector<std::string> hints = {},
                                                std::string_view reason = {}) {
  return tl::unexpected(Error{code, std::move(message), std::move(hints), reason});
}

// The same error with a place or a subject in front: "catalog/metrics/x.yaml:3: …".
[[nodiscard]] Error with_context(Error error, std::string_view context);

// "message; hint; hint", for a terminal or a log line.
[[nodiscard]] std::string to_text(const Error& error);

}  // namespace martgate
