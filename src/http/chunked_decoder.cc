#include "http/chunked_decoder.h"

#include <algorithm>

namespace martgate::http {
namespace {

constexpr int kSizeDigitsMax = 8;

int hex_value(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

}  // namespace

std::size_t ChunkedDecoder::feed(std::string_view bytes, std::string& body) {
  std::size_t at = 0;
  while (at < bytes.size() && progress_ == Progress::More) {
    if (expect_ == Expect::Data) {
      const auto count = std::min<std::uint64_t>(chunk_left_, bytes.size() - at);
      body.append(bytes.substr(at, count));
      at += count;
      chunk_left_ -= count;
      if (chunk_left_ == 0) expect_ = Expect::DataCr;
    } else {
      take(bytes[at++]);
    }
  }
  return at;
}

// One byte of the framing around the data.
void ChunkedDecoder::take(char byte) {
  const auto exactly = [&](char wanted, Expect next) {
    if (byte != wanted) progress_ = Progress::Bad;
    expect_ = next;
  };
  switch (expect_) {
    case Expect::Size:
      if (const int value = hex_value(byte); value >= 0 && size_digits_ < kSizeDigitsMax) {
        chunk_left_ = chunk_left_ * 16 + static_cast<std::uint64_t>(value);
        ++size_digits_;
      } else if (byte == '\r' && size_digits_ > 0) {
        expect_ = Expect::SizeLf;
      } else {
        progress_ = Progress::Bad;
      }
      return;
    case Expect::SizeLf:
      exactly('\n', chunk_left_ == 0 ? Expect::EndCr : Expect::Data);
      body_bytes_ += chunk_left_;
      size_digits_ = 0;
      if (progress_ == Progress::More && body_bytes_ > body_bytes_max_) {
        progress_ = Progress::TooLarge;
      }
      return;
    case Expect::DataCr:
      return exactly('\r', Expect::DataLf);
    case Expect::DataLf:
      return exactly('\n', Expect::Size);
    case Expect::EndCr:
      return exactly('\r', Expect::EndLf);
    case Expect::EndLf:
      exactly('\n', Expect::EndLf);
      if (progress_ == Progress::More) progress_ = Progress::Done;
      return;
    case Expect::Data:
      return;  // data is taken by feed()
  }
}

}  // namespace martgate::http
