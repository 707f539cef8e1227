// A strict streaming reader of RFC 4180: what is not well formed becomes a bad row, never a guess.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ingest/byte_source.h"

namespace martgate::ingest {

// A row that was not read, for the quarantine.
struct BadRow {
  std::int64_t line = 0;     // where it begins, from 1
  std::uint64_t offset = 0;  // of its first byte in the (inflated) file
  std::string reason;        // one clause
  std::string raw;           // its bytes as they are, at most kBadRowBytesMax of them
};
inline constexpr std::size_t kBadRowBytesMax = 64UL << 10U;

// Lines end with LF or CRLF; quoted fields may hold delimiters, line ends and doubled quotes; a
// UTF-8 byte order mark is skipped. The first row sets the number of fields of all others. An empty
// line is no row, unless rows have one field. Refused as bad rows: another number of fields, a
// quote inside an unquoted field or behind a closing one, a carriage return alone, NUL, bytes that
// are not UTF-8, a row longer than row_bytes_max. Reading goes on with the line behind the fault;
// when a quote is never closed, with the line behind the one where the row began.
class CsvReader {
 public:
  struct Options {
    char delimiter = ',';
    std::size_t row_bytes_max = 1UL << 20U;
  };
  // Borrows the source.
  CsvReader(ByteSource& source, Options options) : window_(source), options_(options) {}

  enum class Kind : std::uint8_t { Row, Bad, End };
  // Errors: Unavailable, from the source.
  [[nodiscard]] Result<Kind> next();

  // After Row, until the next call of next(). A quoted empty field is as empty as an unquoted one.
  [[nodiscard]] std::span<const std::string_view> fields() const { return fields_; }
  // After Row: the line where it begins, from 1, and its bytes without the line end.
  [[nodiscard]] std::int64_t line() const { return row_line_; }
  [[nodiscard]] std::string_view raw() const { return window_.bytes().substr(0, row_bytes_); }
  [[nodiscard]] std::uint64_t offset() const { return window_.offset(); }
  // After Bad.
  [[nodiscard]] const BadRow& bad() const { return bad_; }

 private:
  struct Part {  // a field while the window may still move
    std::size_t from = 0;
    std::size_t bytes = 0;
    bool is_copied = false;  // from and bytes are in copied_, else in the window
  };
  enum class Ended : std::uint8_t { Field, Row, Faulty };
  struct Fault {
    std::string reason;
    std::size_t at = 0;  // where reading gave up; the rest of that line belongs to the bad row
  };

  [[nodiscard]] Result<bool> skip_to_row();
  [[nodiscard]] Result<bool> parse_row();
  [[nodiscard]] Result<Ended> parse_field(std::size_t& at);
  [[nodiscard]] Result<Ended> parse_quoted(std::size_t& at);
  [[nodiscard]] Result<Ended> parse_plain(std::size_t& at);
  [[nodiscard]] Result<Ended> end_of_field(std::size_t& at);
  Ended faulty(std::string reason, std::size_t at);
  [[nodiscard]] Status take_bad_row();
  void forget_row();

  Window window_;
  Options options_;
  std::size_t width_ = 0;  // fields of a row; 0 before the first
  bool is_begun_ = false;
  std::int64_t line_ = 1;  // of the window's first byte
  std::int64_t row_line_ = 1;
  std::size_t row_bytes_ = 0;  // without the line end
  std::size_t consumed_ = 0;   // with it; dropped by the next call
  std::vector<Part> parts_;
  std::vector<std::string_view> fields_;
  std::string copied_;  // quoted fields that held doubled quotes
  Fault fault_;
  BadRow bad_;
};

}  // namespace martgate::ingest
