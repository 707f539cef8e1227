// An invariant that stays on in release builds: a broken one stops the program with its place.
#pragma once

namespace martgate {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace martgate

#define MARTGATE_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::martgate::check_failed(#condition, __FILE__, __LINE__))
