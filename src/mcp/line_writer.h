// Where lines of a pipe go; a transport implements it.
#pragma once

#include <string_view>

namespace martgate::mcp {

// The writer that a line came with stands for a place among the messages in flight: it is dropped
// as soon as nothing more is to be waited for.
// Threads: write() may be called from any thread; it may wait for a slow reader.
class LineWriter {
 public:
  virtual ~LineWriter() = default;
  // One whole message. False: nobody reads any more.
  virtual bool write(std::string_view line) = 0;
};

}  // namespace martgate::mcp
