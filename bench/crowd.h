// Many clients that do nothing, in a process of their own, so that the server's memory and
// descriptors are the server's alone.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.h"

namespace martgate::bench {

class Crowd {
 public:
  enum class Kind : std::uint8_t {
    Idle,     // has had one answer and keeps the connection
    Stream,   // reads the head of an event stream and nothing more
    TlsIdle,  // as Idle, under TLS
  };

  // Forks; call it before the process has threads.
  Crowd();
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // Opens that many connections on loopback and keeps them. `path` is asked for by GET.
  // Errors: Unavailable, not all of them could be opened.
  [[nodiscard]] Status open(Kind kind, std::uint16_t port, const std::string& path, int count);
  // Closes all that are open.
  [[nodiscard]] Status leave();

 private:
  [[nodiscard]] Status ask(const std::string& order);

  pid_t child_ = -1;
  int channel_ = -1;
};

}  // namespace martgate::bench
