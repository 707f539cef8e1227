// A chunked body, from bytes: RFC 9112 section 7.1 without extensions and without trailers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace martgate::http {

// Sizes are 1 to 8 hexadecimal digits and nothing else, lines end in CRLF, the last chunk is
// followed by an empty line. The RFC asks to ignore extensions and trailers; no client of ours has
// a use for them and parsers disagree about them, so they are refused.
class ChunkedDecoder {
 public:
  enum class Progress : std::uint8_t { More, Done, Bad, TooLarge };

  explicit ChunkedDecoder(std::uint64_t body_bytes_max = 0) : body_bytes_max_(body_bytes_max) {}

  // Appends what it decodes to `body` and says how many bytes it took: all of them while
  // progress() is More; what follows the body is left alone. TooLarge is said as soon as a chunk's
  // size passes the limit, before its bytes arrive.
  std::size_t feed(std::string_view bytes, std::string& body);
  [[nodiscard]] Progress progress() const { return progress_; }

 private:
  enum class Expect : std::uint8_t { Size, SizeLf, Data, DataCr, DataLf, EndCr, EndLf };

  void take(char byte);

  std::uint64_t body_bytes_max_;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t chunk_left_ = 0;
  int size_digits_ = 0;
  Expect expect_ = Expect::Size;
  Progress progress_ = Progress::More;
};

}  // namespace martgate::http
