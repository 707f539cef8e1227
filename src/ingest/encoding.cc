#include "ingest/encoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.h"

namespace martgate::ingest {
namespace {

using catalog::Encoding;

constexpr std::string_view kWrongEncoding = "wrong_encoding";
constexpr std::size_t kPartBytes = 64UL << 10U;

// Windows-1252 from 0x80 to 0x9F; 0 where it leaves a byte open.
// Source: the WHATWG encoding index has controls there, Microsoft's table nothing; so do we.
constexpr std::array<std::uint16_t, 32> kWindows1252{
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

void append_point(std::uint32_t point, std::string& into) {
  const auto tail = [&](unsigned shift) {
    into.push_back(static_cast<char>(0x80U | ((point >> shift) & 0x3FU)));
  };
  if (point < 0x80) {
    into.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    into.push_back(static_cast<char>(0xC0U | (point >> 6U)));
    tail(0);
  } else if (point < 0x10000) {
    into.push_back(static_cast<char>(0xE0U | (point >> 12U)));
    tail(6);
    tail(0);
  } else {
    into.push_back(static_cast<char>(0xF0U | (point >> 18U)));
    tail(12);
    tail(6);
    tail(0);
  }
}

bool append_single_byte(std::string_view bytes, bool is_windows, std::string& into) {
  const std::size_t before = into.size();
  for (const char c : bytes) {
    std::uint32_t point = static_cast<unsigned char>(c);
    if (is_windows && point >= 0x80 && point < 0xA0) {
      point = kWindows1252[point - 0x80];
      if (point == 0) {
        into.resize(before);
        return false;
      }
    }
    append_point(point, into);
  }
  return true;
}

tl::unexpected<Error> bad_utf16(std::string message) {
  return fail(Code::InvalidArgument, std::move(message), {}, kWrongEncoding);
}

}  // namespace

std::string_view name_of(Encoding encoding) {
  switch (encoding) {
    case Encoding::Utf8:
      return "utf-8";
    case Encoding::Windows1252:
      return "windows-1252";
    case Encoding::Latin1:
      return "iso-8859-1";
    case Encoding::Utf8ElseWindows1252:
      return "utf-8-else-windows-1252";
    case Encoding::Utf16:
      return "utf-16";
  }
  return "";
}

bool append_utf8(Encoding encoding, std::string_view bytes, std::string& into) {
  switch (encoding) {
    case Encoding::Windows1252:
      return append_single_byte(bytes, true, into);
    case Encoding::Latin1:
      return append_single_byte(bytes, false, into);
    case Encoding::Utf8ElseWindows1252:
      if (!is_utf8(bytes)) return append_single_byte(bytes, true, into);
      break;
    case Encoding::Utf8:
    case Encoding::Utf16:
      if (!is_utf8(bytes)) return false;
      break;
  }
  into.append(bytes);
  return true;
}

Status refuse_utf16(std::string_view first_bytes) {
  if (!first_bytes.starts_with("\xFF\xFE") && !first_bytes.starts_with("\xFE\xFF")) return {};
  return fail(Code::InvalidArgument, "begins with a byte order mark of UTF-16",
              {"declare encoding: utf-16"}, kWrongEncoding);
}

Result<std::size_t> Utf16Source::read(std::span<char> into) {
  while (taken_ == decoded_.size()) {
    decoded_.clear();
    taken_ = 0;
    const auto more = refill();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return 0;
  }
  const std::size_t count = std::min(into.size(), decoded_.size() - taken_);
  std::memcpy(into.data(), decoded_.data() + taken_, count);
  taken_ += count;
  return count;
}

// False at the end.
Result<bool> Utf16Source::refill() {
  if (is_ended_) return false;
  packed_.resize(packed_bytes_ + kPartBytes);
  const auto count = source_.read(std::span(packed_).subspan(packed_bytes_));
  if (!count) return tl::unexpected(count.error());
  packed_bytes_ += *count;
  is_ended_ = *count == 0;
  if (auto decoded = decode(); !decoded) return tl::unexpected(decoded.error());
  return true;
}

Status Utf16Source::decode() {
  std::size_t at = 0;
  const auto unit_at = [&](std::size_t from) {
    const auto first = static_cast<unsigned char>(packed_[from]);
    const auto second = static_cast<unsigned char>(packed_[from + 1]);
    return static_cast<std::uint32_t>(is_big_endian_ ? first << 8U | second : second << 8U | first);
  };
  if (!is_begun_ && (packed_bytes_ >= 2 || is_ended_)) {
    is_begun_ = true;
    if (packed_bytes_ == 0) return {};
    const std::string_view mark(packed_.data(), std::min<std::size_t>(packed_bytes_, 2));
    if (mark != "\xFF\xFE" && mark != "\xFE\xFF") {
      return bad_utf16("is declared as UTF-16 and has no byte order mark");
    }
    is_big_endian_ = mark == "\xFE\xFF";
    at = 2;
  }
  if (!is_begun_) return {};
  while (at + 2 <= packed_bytes_) {
    std::uint32_t point = unit_at(at);
    std::size_t bytes = 2;
    if (point >= 0xD800 && point < 0xDC00) {
      if (at + 4 > packed_bytes_) break;
      const std::uint32_t low = unit_at(at + 2);
      if (low < 0xDC00 || low > 0xDFFF) return bad_utf16("holds half a surrogate pair");
      point = 0x10000 + ((point - 0xD800) << 10U) + (low - 0xDC00);
      bytes = 4;
    } else if (point >= 0xDC00 && point < 0xE000) {
      return bad_utf16("holds half a surrogate pair");
    }
    append_point(point, decoded_);
    at += bytes;
  }
  if (is_ended_ && at < packed_bytes_) return bad_utf16("ends within a character of UTF-16");
  std::copy(packed_.begin() + static_cast<std::ptrdiff_t>(at),
            packed_.begin() + static_cast<std::ptrdiff_t>(packed_bytes_), packed_.begin());
  packed_bytes_ -= at;
  return {};
}

}  // namespace martgate::ingest
