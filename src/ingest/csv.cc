#include "ingest/csv.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace martgate::ingest {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

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
  const std::string_view row = window_.bytes().substr(0, consumed_);
  line_ += std::count(row.begin(), row.end(), '\n');
  window_.drop(consumed_);
  consumed_ = 0;
  row_bytes_ = 0;
  parts_.clear();
  fields_.clear();
  copied_.clear();
}

// Past the byte order mark and empty lines. False at the end.
Result<bool> CsvReader::skip_to_row() {
  if (!is_begun_) {
    is_begun_ = true;
    if (auto read = window_.has(kByteOrderMark.size() - 1); !read) return read;
    if (window_.bytes().starts_with(kByteOrderMark)) window_.drop(kByteOrderMark.size());
  }
  for (;;) {
    auto has_byte = window_.has(0);
    if (!has_byte || !*has_byte) return has_byte;
    if (width_ == 1) return true;
    std::size_t end_bytes = 0;
    if (window_.bytes()[0] == '\n') end_bytes = 1;
    if (window_.bytes()[0] == '\r') {
      auto has_second = window_.has(1);
      if (!has_second) return has_second;
      if (*has_second && window_.bytes()[1] == '\n') end_bytes = 2;
    }
    if (end_bytes == 0) return true;
    window_.drop(end_bytes);
    ++line_;
  }
}

// True when the row is good; fields_, row_bytes_ and consumed_ are set.
Result<bool> CsvReader::parse_row() {
  std::size_t at = 0;
  Ended ended = Ended::Field;
  while (ended == Ended::Field) {
    const auto parsed = parse_field(at);
    if (!parsed) return tl::unexpected(parsed.error());
    ended = *parsed;
  }
  if (ended == Ended::Faulty) return false;
  const std::string_view row = raw();
  // Faults of the whole row are found behind it: its bad row ends where it does.
  const std::size_t last = consumed_ == row_bytes_ ? consumed_ : consumed_ - 1;
  if (row.find('\0') != std::string_view::npos) {
    faulty("holds a NUL character", last);
    return false;
  }
  if (!is_utf8(row)) {
    faulty("holds bytes that are not UTF-8", last);
    return false;
  }
  if (width_ != 0 && parts_.size() != width_) {
    faulty(fmt::format("has {} fields instead of {}", parts_.size(), width_), last);
    return false;
  }
  width_ = parts_.size();
  for (const Part& part : parts_) {
    const std::string_view from = part.is_copied ? std::string_view(copied_) : row;
    fields_.push_back(from.substr(part.from, part.bytes));
  }
  return true;
}

Result<CsvReader::Ended> CsvReader::parse_field(std::size_t& at) {
  const auto has_byte = window_.has(at);
  if (!has_byte) return tl::unexpected(has_byte.error());
  if (*has_byte && window_.bytes()[at] == '"') return parse_quoted(at);
  return parse_plain(at);
}

Result<CsvReader::Ended> CsvReader::parse_plain(std::size_t& at) {
  const std::size_t from = at;
  for (;;) {
    const std::string_view bytes = window_.bytes();
    while (at < bytes.size()) {
      const char c = bytes[at];
      if (c == options_.delimiter || c == '\n' || c == '\r' || c == '"') break;
      ++at;
    }
    if (at > options_.row_bytes_max) {
      return faulty(fmt::format("is longer than {} bytes", options_.row_bytes_max), at);
    }
    if (at < bytes.size()) break;
    const auto has_more = window_.has(at);
    if (!has_more) return tl::unexpected(has_more.error());
    if (!*has_more) break;
  }
  parts_.push_back({from, at - from, false});
  return end_of_field(at);
}

Result<CsvReader::Ended> CsvReader::parse_quoted(std::size_t& at) {
  std::size_t from = ++at;
  const std::size_t copied_from = copied_.size();
  for (;;) {
    const auto has_byte = window_.has(at);
    if (!has_byte) return tl::unexpected(has_byte.error());
    const bool is_too_long = at > options_.row_bytes_max;
    if (!*has_byte || is_too_long) {
      return faulty(is_too_long ? fmt::format("opens a quote that is not closed within {} bytes",
                                              options_.row_bytes_max)
                                : "opens a quote that is never closed",
                    0);
    }
    const std::string_view bytes = window_.bytes();
    const std::size_t quote = bytes.find('"', at);
    if (quote == std::string_view::npos) {
      at = bytes.size();
      continue;
    }
    at = quote + 1;
    const auto has_next = window_.has(at);
    if (!has_next) return tl::unexpected(has_next.error());
    if (!*has_next || window_.bytes()[at] != '"') {
      if (copied_.size() == copied_from) {
        parts_.push_back({from, quote - from, false});
      } else {
        copied_.append(window_.bytes().substr(from, quote - from));
        parts_.push_back({copied_from, copied_.size() - copied_from, true});
      }
      return end_of_field(at);
    }
    copied_.append(window_.bytes().substr(from, at - from));  // one quote of the two
    from = ++at;
  }
}

// `at` stands behind a field: at a delimiter, a line end, the end of the file, or on a fault.
Result<CsvReader::Ended> CsvReader::end_of_field(std::size_t& at) {
  const auto has_byte = window_.has(at);
  if (!has_byte) return tl::unexpected(has_byte.error());
  row_bytes_ = at;
  consumed_ = at;
  if (!*has_byte) return Ended::Row;
  const char c = window_.bytes()[at];
  if (c == options_.delimiter) {
    ++at;
    return Ended::Field;
  }
  if (c == '\n') {
    consumed_ = at + 1;
    return Ended::Row;
  }
  if (c == '\r') {
    const auto has_next = window_.has(at + 1);
    if (!has_next) return tl::unexpected(has_next.error());
    if (*has_next && window_.bytes()[at + 1] == '\n') {
      consumed_ = at + 2;
      return Ended::Row;
    }
    return faulty("holds a carriage return outside quotes", at);
  }
  if (at > 0 && window_.bytes()[at - 1] == '"')
    return faulty("has text behind a closing quote", at);
  return faulty("has a quote inside an unquoted field", at);
}

CsvReader::Ended CsvReader::faulty(std::string reason, std::size_t at) {
  fault_ = {std::move(reason), at};
  return Ended::Faulty;
}

// Everything up to the end of the line where the fault is belongs to the bad row.
Status CsvReader::take_bad_row() {
  bad_ = {row_line_, window_.offset(), std::move(fault_.reason), {}};
  std::size_t at = fault_.at;
  bool is_line_end = false;
  while (!is_line_end) {
    const auto has_byte = window_.has(at);
    if (!has_byte) return tl::unexpected(has_byte.error());
    const std::string_view bytes = window_.bytes();
    std::size_t end = *has_byte ? bytes.find('\n', at) : bytes.size();
    is_line_end = !*has_byte || end != std::string_view::npos;
    if (!is_line_end) end = bytes.size();
    const std::string_view part = bytes.substr(0, end);
    bad_.raw.append(part.substr(0, kBadRowBytesMax - bad_.raw.size()));
    line_ += std::count(part.begin(), part.end(), '\n');
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
