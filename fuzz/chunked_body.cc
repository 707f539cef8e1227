// A chunked body: any cut of the bytes gives the same body, and a second decoder, written over the
// whole text, agrees.
#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/chunked_decoder.h"
#include "input.h"

using martgate::http::ChunkedDecoder;
using Progress = ChunkedDecoder::Progress;

namespace {

constexpr std::uint64_t kBodyBytesMax = 300;

struct Decoded {
  Progress progress = Progress::More;
  std::string body;
  std::size_t taken = 0;
};

// Fed in pieces whose sizes go round from 1 to `step`.
Decoded decode(std::string_view bytes, std::size_t step) {
  ChunkedDecoder decoder(kBodyBytesMax);
  Decoded decoded;
  std::size_t piece = 0;
  while (decoded.taken < bytes.size() && decoder.progress() == Progress::More) {
    piece = piece % step + 1;
    const std::string_view part = bytes.substr(decoded.taken, piece);
    const std::size_t count = decoder.feed(part, decoded.body);
    MARTGATE_CHECK(count <= part.size());
    MARTGATE_CHECK(decoder.progress() != Progress::More || count == part.size());
    decoded.taken += count;
  }
  decoded.progress = decoder.progress();
  return decoded;
}

// The body, when the text begins with a whole one; how many bytes it took in `taken`.
std::optional<std::string> decode_whole(std::string_view text, std::size_t& taken) {
  std::string body;
  std::size_t at = 0;
  while (true) {
    const std::size_t end = text.find("\r\n", at);
    if (end == text.npos || end == at || end - at > 8) return std::nullopt;
    std::size_t chunk_bytes = 0;
    const auto read = std::from_chars(text.data() + at, text.data() + end, chunk_bytes, 16);
    if (read.ec != std::errc() || read.ptr != text.data() + end) return std::nullopt;
    at = end + 2;
    if (body.size() + chunk_bytes > kBodyBytesMax) return std::nullopt;
    if (at + chunk_bytes > text.size()) return std::nullopt;
    body += text.substr(at, chunk_bytes);
    at += chunk_bytes;
    if (text.substr(at, 2) != "\r\n") return std::nullopt;
    at += 2;
    if (chunk_bytes == 0) break;
  }
  taken = at;
  return body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  martgate::fuzz::Input input(data, size);
  const std::size_t step = input.byte() % 17U + 1;
  const std::string_view bytes = input.rest();
  const Decoded at_once = decode(bytes, bytes.size() + 1);
  for (const std::size_t pieces : {step, std::size_t{1}}) {
    const Decoded cut = decode(bytes, pieces);
    MARTGATE_CHECK(cut.progress == at_once.progress);
    MARTGATE_CHECK(cut.taken == at_once.taken);
    MARTGATE_CHECK(cut.body == at_once.body);
  }
  MARTGATE_CHECK(at_once.body.size() <= kBodyBytesMax);
  std::size_t taken = 0;
  const auto whole = decode_whole(bytes, taken);
  MARTGATE_CHECK(whole.has_value() == (at_once.progress == Progress::Done));
  if (whole) {
    MARTGATE_CHECK(*whole == at_once.body);
    MARTGATE_CHECK(taken == at_once.taken);
  }
  return 0;
}
