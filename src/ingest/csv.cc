#include "ingest/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "ingest/encoding.h"

namespace martgate::ingest {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Classes of bytes, as bits.
constexpr std::uint8_t kStop = 1;  // delimiter, quote, line end: a plain field ends here
constexpr std::uint8_t kNul = 2;
constexpr std::uint8_t kHigh = 4;  // not ASCII

}  // namespace

CsvReader::CsvReader(ByteSource& source, Options options) : window_(source), options_(options) {
  for (std::size_t c = 0x80; c < classes_.size(); ++c) classes_[c] = kHigh;
  classes_[0] = kNul;
  for (const char c : {options_.delimiter, '\n', '\r'}) {
    classes_[static_cast<unsigned char>(c)] = kStop;
  }
  if (options_.quote != 0) classes_[static_cast<unsigned char>(options_.quote)] = kStop;
}

Result<CsvReader::Kind> CsvReader::next() {
  forget_row();
  const auto has_row = skip_to_row();
  if (!has_row) return tl::unexpected(has_row.error());
  if (!*has_row) return Kind::End;
  row_line_ = line_;
  const auto is_good = parse_row();
  if (!is_good) return tl::unexpected(is_good.error());
  if (*is_good) return Kind::Row;
  if (auto taken = take_bad_row(); !taken) return tl::unexpected(taken.error());
  return Kind::Bad;
}

void CsvReader::forget_row() {
  if (consumed_ > 0) {
    line_ += lines_in_row_ + (consumed_ > row_bytes_ ? 1 : 0);
    window_.drop(consumed_);
  }
  consumed_ = 0;
  row_bytes_ = 0;
}

// Past the byte order mark and empty lines. False at the end.
Result<bool> CsvReader::skip_to_row() {
  if (!is_begun_) {
    is_begun_ = true;
    if (auto read = window_.has(kByteOrderMark.size() - 1); !read) return read;
    if (auto fits = refuse_utf16(window_.bytes()); !fits) return tl::unexpected(fits.error());
    if (window_.bytes().starts_with(kByteOrderMark)) window_.drop(kByteOrderMark.size());
  }
  for (;;) {
    auto has_byte = window_.has(0);
    if (!has_byte || !*has_byte) return has_byte;
    if (width_ == 1) return true;
    std::size_t end_bytes = 0;
    const char c = window_.bytes()[0];
    if (c == '\n' && line_end_ != LineEnd::Cr) end_bytes = 1;
    if (c == '\r') {
      auto has_second = window_.has(1);
      if (!has_second) return has_second;
      const bool is_pair = *has_second && window_.bytes()[1] == '\n';
      if (is_pair && line_end_ != LineEnd::Cr) end_bytes = 2;
      if (!is_pair && line_end_ == LineEnd::Cr) end_bytes = 1;
    }
    if (end_bytes == 0) return true;
    window_.drop(end_bytes);
    ++line_;
  }
}

// True when the row is good; fields_, row_bytes_ and consumed_ are set. A row that reaches beyond
// the window is parsed again from its beginning when more has been read.
Result<bool> CsvReader::parse_row() {
  bool is_all = false;
  for (;;) {
    const std::string_view bytes = window_.bytes();
    const Ended ended = parse_fields(bytes, is_all);
    if (ended == Ended::Faulty) return false;
    if (ended == Ended::Row) return finish_row();
    const auto has_more = window_.has(bytes.size());
    if (!has_more) return tl::unexpected(has_more.error());
    is_all = !*has_more;
  }
}

CsvReader::Ended CsvReader::parse_fields(std::string_view bytes, bool is_all) {
  parts_.clear();
  copied_.clear();
  lines_in_row_ = 0;
  seen_ = 0;
  std::size_t at = 0;
  for (;;) {
    if (at >= bytes.size() && !is_all) {
      if (at > options_.row_bytes_max) break;
      return Ended::OutOfBytes;
    }
    const bool is_quoted = options_.quote != 0 && at < bytes.size() && bytes[at] == options_.quote;
    const Ended ended =
        is_quoted ? parse_quoted(bytes, is_all, at) : parse_plain(bytes, is_all, at);
    if (ended != Ended::Field) return ended;
    if (at > options_.row_bytes_max) break;
  }
  return faulty("row_too_long", fmt::format("is longer than {} bytes", options_.row_bytes_max), at);
}

CsvReader::Ended CsvReader::parse_plain(std::string_view bytes, bool is_all, std::size_t& at) {
  const std::size_t from = at;
  std::uint8_t seen = 0;
  while (at < bytes.size()) {
    const std::uint8_t kind = classes_[static_cast<unsigned char>(bytes[at])];
    if ((kind & kStop) != 0) break;
    seen |= kind;
    ++at;
  }
  seen_ |= seen;
  if (at > options_.row_bytes_max) {
    return faulty("row_too_long", fmt::format("is longer than {} bytes", options_.row_bytes_max),
                  at);
  }
  if (at == bytes.size() && !is_all) return Ended::OutOfBytes;
  parts_.push_back({from, at - from, false});
  return end_of_field(bytes, is_all, at);
}

CsvReader::Ended CsvReader::parse_quoted(std::string_view bytes, bool is_all, std::size_t& at) {
  std::size_t from = ++at;
  const std::size_t copied_from = copied_.size();
  for (;;) {
    std::size_t quote = bytes.find(options_.quote, at);
    const bool is_too_long = std::min(quote, bytes.size()) > options_.row_bytes_max;
    if (is_too_long || (quote == std::string_view::npos && is_all)) {
      return faulty("unclosed_quote",
                    is_too_long ? fmt::format("opens a quote that is not closed within {} bytes",
                                              options_.row_bytes_max)
                                : "opens a quote that is never closed",
                    0);
    }
    if (quote == std::string_view::npos) return Ended::OutOfBytes;
    if (quote + 1 == bytes.size() && !is_all) return Ended::OutOfBytes;
    for (; at < quote; ++at) {
      const char c = bytes[at];
      seen_ |= static_cast<std::uint8_t>(classes_[static_cast<unsigned char>(c)] & ~kStop);
      if (c == '\n' || (c == '\r' && line_end_ == LineEnd::Cr)) ++lines_in_row_;
    }
    at = quote + 1;
    const bool is_doubled = at < bytes.size() && bytes[at] == options_.quote;
    if (!is_doubled) {
      if (copied_.size() == copied_from) {
        parts_.push_back({from, quote - from, false});
      } else {
        copied_.append(bytes.substr(from, quote - from));
        parts_.push_back({copied_from, copied_.size() - copied_from, true});
      }
      return end_of_field(bytes, is_all, at);
    }
    copied_.append(bytes.substr(from, at - from));  // one quote of the two
    from = ++at;
  }
}

// `at` stands behind a field: at a delimiter, a line end, the end of the file, or on a fault.
CsvReader::Ended CsvReader::end_of_field(std::string_view bytes, bool is_all, std::size_t& at) {
  row_bytes_ = at;
  consumed_ = at;
  if (at == bytes.size()) return is_all ? Ended::Row : Ended::OutOfBytes;
  const char c = bytes[at];
  if (c == options_.delimiter) {
    ++at;
    return Ended::Field;
  }
  if (c == '\n') {
    if (line_end_ == LineEnd::Cr) {
      return faulty("stray_line_end", "holds a line feed where lines end with carriage returns",
                    at);
    }
    line_end_ = LineEnd::Lf;
    consumed_ = at + 1;
    return Ended::Row;
  }
  if (c == '\r') {
    if (at + 1 == bytes.size() && !is_all) return Ended::OutOfBytes;
    const bool is_pair = at + 1 < bytes.size() && bytes[at + 1] == '\n';
    if (is_pair && line_end_ != LineEnd::Cr) {
      line_end_ = LineEnd::Lf;
      consumed_ = at + 2;
      return Ended::Row;
    }
    if (!is_pair && line_end_ != LineEnd::Lf) {
      line_end_ = LineEnd::Cr;
      consumed_ = at + 1;
      return Ended::Row;
    }
    return faulty("stray_line_end",
                  is_pair ? "holds a line feed where lines end with carriage returns"
                          : "holds a carriage return outside quotes",
                  at);
  }
  if (at > 0 && bytes[at - 1] == options_.quote) {
    return faulty("text_behind_quote", "has text behind a closing quote", at);
  }
  return faulty("stray_quote", "has a quote inside an unquoted field", at);
}

// Faults of the whole row are found behind it: its bad row ends where it does.
bool CsvReader::finish_row() {
  const std::string_view row = raw();
  const std::size_t last = consumed_ == row_bytes_ ? consumed_ : consumed_ - 1;
  const auto fault_of_row = [&](std::string_view slug, std::string reason) {
    faulty(slug, std::move(reason), last);
    fault_.field = kNoField;
    return false;
  };
  if ((seen_ & kNul) != 0) {
    const bool is_bad = fault_of_row("nul", "holds a NUL character");
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const Part& part = parts_[i];
      const std::string_view from = part.is_copied ? std::string_view(copied_) : row;
      if (from.substr(part.from, part.bytes).find('\0') == std::string_view::npos) continue;
      fault_.field = i;
      break;
    }
    return is_bad;
  }
  fields_.clear();
  for (const Part& part : parts_) {
    const std::string_view from = part.is_copied ? std::string_view(copied_) : row;
    fields_.push_back(from.substr(part.from, part.bytes));
  }
  if ((seen_ & kHigh) != 0 && !decode_fields()) {
    const std::size_t field = fault_.field;
    fault_of_row("not_utf8",
                 options_.encoding == catalog::Encoding::Utf8
                     ? "holds bytes that are not UTF-8"
                     : fmt::format("holds bytes that are not {}", name_of(options_.encoding)));
    if (options_.encoding != catalog::Encoding::Utf8) fault_.slug = "wrong_bytes";
    fault_.field = field;
    return false;
  }
  if (width_ != 0 && parts_.size() != width_) {
    return fault_of_row("field_count",
                        fmt::format("has {} fields instead of {}", parts_.size(), width_));
  }
  width_ = parts_.size();
  return true;
}

// False, with the field in fault_, when bytes do not belong to the encoding.
bool CsvReader::decode_fields() {
  decoded_.clear();
  const bool is_copied = options_.encoding != catalog::Encoding::Utf8;
  // Decoded text is at most three times as long: the views below must not move.
  if (is_copied) decoded_.reserve(3 * row_bytes_ + 1);
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const std::size_t from = decoded_.size();
    const bool is_valid =
        is_copied ? append_utf8(options_.encoding, fields_[i], decoded_) : is_utf8(fields_[i]);
    if (!is_valid) {
      fault_.field = i;
      return false;
    }
    if (is_copied) fields_[i] = std::string_view(decoded_).substr(from);
  }
  return true;
}

CsvReader::Ended CsvReader::faulty(std::string_view slug, std::string reason, std::size_t at) {
  // Of a fault at the end of a field, the field is already among the parts.
  const bool is_behind_field =
      slug == "stray_quote" || slug == "text_behind_quote" || slug == "stray_line_end";
  fault_ = {std::move(reason), slug, at, is_behind_field ? parts_.size() - 1 : parts_.size()};
  return Ended::Faulty;
}

// Everything up to the end of the line where the fault is belongs to the bad row.
Status CsvReader::take_bad_row() {
  bad_ = {row_line_, window_.offset(), std::move(fault_.reason), {}, fault_.slug, {}};
  if (line_end_ == LineEnd::Unknown && fault_.slug != "unclosed_quote") line_end_ = LineEnd::Lf;
  std::size_t at = fault_.at;
  bool is_line_end = false;
  while (!is_line_end) {
    const auto has_byte = window_.has(at);
    if (!has_byte) return tl::unexpected(has_byte.error());
    const std::string_view bytes = window_.bytes();
    std::size_t end = *has_byte ? bytes.find(line_end(), at) : bytes.size();
    is_line_end = !*has_byte || end != std::string_view::npos;
    if (!is_line_end) end = bytes.size();
    const std::string_view part = bytes.substr(0, end);
    bad_.raw.append(part.substr(0, kBadRowBytesMax - bad_.raw.size()));
    line_ += std::count(part.begin(), part.end(), line_end());
    std::size_t dropped = end;
    if (is_line_end && *has_byte) {
      ++line_;
      ++dropped;
    }
    window_.drop(dropped);  // a line of any length passes through the window
    at = 0;
  }
  if (bad_.raw.ends_with('\r')) bad_.raw.pop_back();
  consumed_ = 0;
  row_bytes_ = 0;
  return {};
}

}  // namespace martgate::ingest
