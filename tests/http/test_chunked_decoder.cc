#include <doctest/doctest.h>

#include <random>
#include <string>

#include "base/random.h"
#include "http/chunked_decoder.h"

using martgate::http::ChunkedDecoder;
using Progress = ChunkedDecoder::Progress;

namespace {

Progress decode(std::string_view bytes, std::string* body = nullptr, std::size_t* taken = nullptr) {
  ChunkedDecoder decoder(1'024);
  std::string decoded;
  const std::size_t count = decoder.feed(bytes, decoded);
  if (body != nullptr) *body = decoded;
  if (taken != nullptr) *taken = count;
  return decoder.progress();
}

}  // namespace

TEST_CASE("chunked decoder: what is not exactly a chunk is refused") {
  for (const char* bytes :
       {"-1\r\n", "+1\r\nx\r\n0\r\n\r\n", " 1\r\n", "1 \r\nx\r\n", "0x1\r\nx\r\n", "\r\n", "g\r\n",
        "1;ext=1\r\nx\r\n0\r\n\r\n", "1\nx\n0\n\n", "1\rx", "1\r\nxy\r\n", "1\r\nx\n0\r\n\r\n",
        "1\r\nx\r0\r\n\r\n", "000000001\r\nx\r\n", "fffffffffffffffff\r\n", "100000000\r\n",
        "0\r\nTrailer: 1\r\n\r\n", "0\r\n\n", "0\r\n\rX"}) {
    CAPTURE(bytes);
    CHECK(decode(bytes) == Progress::Bad);
  }
}

TEST_CASE("chunked decoder: a size over the limit is refused before its bytes arrive") {
  CHECK(decode("ffffffff\r\n") == Progress::TooLarge);
  CHECK(decode("401\r\n") == Progress::TooLarge);
  CHECK(decode("400\r\n") == Progress::More);
  CHECK(decode("3ff\r\n" + std::string(1'023, 'x') + "\r\n2\r\n") == Progress::TooLarge);
}

TEST_CASE("chunked decoder: chunks join, and what follows the body stays") {
  std::string body;
  std::size_t taken = 0;
  const std::string bytes = "3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\nGET /";
  CHECK(decode(bytes, &body, &taken) == Progress::Done);
  CHECK(body == "abc0123456789");
  CHECK(bytes.substr(taken) == "GET /");
  CHECK(decode("0\r\n\r\n", &body) == Progress::Done);
  CHECK(body.empty());
}

TEST_CASE("chunked decoder: any cut of the input gives the same body") {
  const std::uint64_t seed = std::random_device{}();
  MESSAGE("seed " << seed);
  martgate::Random random(seed);
  for (int round = 0; round < 2'000; ++round) {
    std::string wanted;
    std::string bytes;
    for (auto chunks = random.below(5); chunks > 0; --chunks) {
      const std::string chunk(random.below(40) + 1, static_cast<char>('a' + random.below(26)));
      char size[8];
      std::snprintf(size, sizeof size, "%zx", chunk.size());
      bytes += std::string(size) + "\r\n" + chunk + "\r\n";
      wanted += chunk;
    }
    bytes += "0\r\n\r\n";
    ChunkedDecoder decoder(1'024);
    std::string body;
    std::size_t at = 0;
    while (at < bytes.size()) {
      REQUIRE(decoder.progress() == Progress::More);
      const std::size_t count = std::min<std::size_t>(random.below(9) + 1, bytes.size() - at);
      REQUIRE(decoder.feed(std::string_view(bytes).substr(at, count), body) == count);
      at += count;
    }
    CHECK(decoder.progress() == Progress::Done);
    CHECK(body == wanted);
  }
}
