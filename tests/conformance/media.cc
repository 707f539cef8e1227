#include "media.h"

#include <zlib.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>

#include "base/check.h"

namespace martgate::conformance {
namespace {

template <class Int>
void append_big_endian(std::string& out, Int value) {
  for (unsigned shift = sizeof(Int) * 8; shift > 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> (shift - 8) & 0xFFU));
  }
}

template <class Int>
void append_little_endian(std::string& out, Int value) {
  for (unsigned shift = 0; shift < sizeof(Int) * 8; shift += 8) {
    out.push_back(static_cast<char>(value >> shift & 0xFFU));
  }
}

// Length, type, data and the CRC of the latter two (PNG, section 5.3).
void append_chunk(std::string& out, std::string_view type, std::string_view data) {
  append_big_endian(out, static_cast<std::uint32_t>(data.size()));
  const std::string body = std::string(type).append(data);
  out += body;
  const auto* bytes = reinterpret_cast<const Bytef*>(body.data());
  append_big_endian(out,
                    static_cast<std::uint32_t>(::crc32(0, bytes, static_cast<uInt>(body.size()))));
}

std::string deflated(std::string_view bytes) {
  std::array<char, 64> buffer{};
  uLongf size = buffer.size();
  const int rc = ::compress(reinterpret_cast<Bytef*>(buffer.data()), &size,
                            reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  MARTGATE_CHECK(rc == Z_OK);
  return {buffer.data(), size};
}

}  // namespace

std::string png_pixel() {
  std::string header;
  append_big_endian(header, std::uint32_t{1});  // width
  append_big_endian(header, std::uint32_t{1});  // height
  // 8 bits a channel, red green blue, the only compression and filter there is, not interlaced.
  header.append("\x08\x02\x00\x00\x00", 5);
  std::string png = "\x89PNG\r\n\x1A\n";
  append_chunk(png, "IHDR", header);
  append_chunk(png, "IDAT", deflated(std::string_view("\x00\xFF\x00\x00", 4)));
  append_chunk(png, "IEND", "");
  return png;
}

std::string wav_beep() {
  constexpr std::uint32_t kSamplesPerSecond = 8'000;
  constexpr std::uint32_t kSamples = kSamplesPerSecond / 10;
  constexpr double kHertz = 440;
  constexpr std::uint32_t kHeaderBytes = 36;  // of what follows the first size field, without data
  std::string wav = "RIFF";
  append_little_endian(wav, kHeaderBytes + kSamples);
  wav += "WAVEfmt ";
  append_little_endian(wav, std::uint32_t{16});  // bytes of this chunk
  append_little_endian(wav, std::uint16_t{1});   // PCM
  append_little_endian(wav, std::uint16_t{1});   // channels
  append_little_endian(wav, kSamplesPerSecond);
  append_little_endian(wav, kSamplesPerSecond);  // bytes per second
  append_little_endian(wav, std::uint16_t{1});   // bytes per frame
  append_little_endian(wav, std::uint16_t{8});   // bits per sample
  wav += "data";
  append_little_endian(wav, kSamples);
  for (std::uint32_t i = 0; i < kSamples; ++i) {
    const double phase = 2 * std::numbers::pi * kHertz * i / kSamplesPerSecond;
    wav.push_back(static_cast<char>(static_cast<std::uint8_t>(128 + 100 * std::sin(phase))));
  }
  return wav;
}

}  // namespace martgate::conformance
