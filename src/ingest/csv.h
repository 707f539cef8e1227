// A strict streaming reader of RFC 4180: what is not well formed becomes a bad row, never a guess.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/contract.h"
#include "ingest/bad_row.h"
#include "ingest/byte_source.h"

namespace martgate::ingest {

// Lines end with LF or CRLF, or all of them with CR: the first line end outside quotes decides.
// Quoted fields may hold delimiters, line ends and doubled quotes; a UTF-8 byte order mark is
// skipped. The first row sets the number of fields of all others. An empty line is no row, unless
// rows have one field. Refused as bad rows: another number of fields, a quote inside an unquoted
// field or behind a closing one, a line end of the other kind, NUL, bytes that do not belong to the
// encoding, a row longer than row_bytes_max. Reading goes on with the line behind the fault; when a
// quote is never closed, with the line behind the one where the row began.
class CsvReader {
 public:
  struct Options {
    char delimiter = ',';
    std::size_t row_bytes_max = 1UL << 20U;
    char quote = '"';                                      // 0: quotes are text
    catalog::Encoding encoding = catalog::Encoding::Utf8;  // not Utf16: see Utf16Source
  };
  // Borrows the source.
  CsvReader(ByteSource& source, Options options);

  enum class Kind : std::uint8_t { Row, Bad, End };
  // Errors: Unavailable, from the source; InvalidArgument (reason "wrong_encoding") for UTF-16.
  [[nodiscard]] Result<Kind> next();

  // After Row, until the next call of next(): UTF-8. A quoted empty field is as empty as an
  // unquoted one.
  [[nodiscard]] std::span<const std::string_view> fields() const { return fields_; }
  // After Row: the line where it begins, from 1, and its bytes without the line end.
  [[nodiscard]] std::int64_t line() const { return row_line_; }
  [[nodiscard]] std::string_view raw() const { return window_.bytes().substr(0, row_bytes_); }
  [[nodiscard]] std::uint64_t offset() const { return window_.offset(); }
  // After Bad; fault_field() is the field where reading gave up, from 0, or none.
  [[nodiscard]] const BadRow& bad() const { return bad_; }
  [[nodiscard]] std::size_t fault_field() const { return fault_.field; }
  static constexpr std::size_t kNoField = static_cast<std::size_t>(-1);

 private:
  struct Part {  // a field while the window may still move
    std::size_t from = 0;
    std::size_t bytes = 0;
    bool is_copied = false;  // from and bytes are in copied_, else in the window
  };
  enum class Ended : std::uint8_t { Field, Row, Faulty, OutOfBytes };
  enum class LineEnd : std::uint8_t { Unknown, Lf, Cr };
  struct Fault {
    std::string reason;
    std::string_view slug;
    std::size_t at = 0;  // where reading gave up; the rest of that line belongs to the bad row
    std::size_t field = kNoField;
  };

  [[nodiscard]] Result<bool> skip_to_row();
  [[nodiscard]] Result<bool> parse_row();
  Ended parse_fields(std::string_view bytes, bool is_all);
  Ended parse_quoted(std::string_view bytes, bool is_all, std::size_t& at);
  Ended parse_plain(std::string_view bytes, bool is_all, std::size_t& at);
  Ended end_of_field(std::string_view bytes, bool is_all, std::size_t& at);
  [[nodiscard]] bool finish_row();
  [[nodiscard]] bool decode_fields();
  Ended faulty(std::string_view slug, std::string reason, std::size_t at);
  [[nodiscard]] Status take_bad_row();
  [[nodiscard]] char line_end() const { return line_end_ == LineEnd::Cr ? '\r' : '\n'; }
  void forget_row();

  Window window_;
  Options options_;
  std::array<std::uint8_t, 256> classes_{};  // what a byte means outside quotes
  LineEnd line_end_ = LineEnd::Unknown;
  std::size_t width_ = 0;  // fields of a row; 0 before the first
  bool is_begun_ = false;
  std::int64_t line_ = 1;  // of the window's first byte
  std::int64_t row_line_ = 1;
  std::int64_t lines_in_row_ = 0;  // ends of lines inside quotes
  std::size_t row_bytes_ = 0;      // without the line end
  std::size_t consumed_ = 0;       // with it; dropped by the next call
  std::uint8_t seen_ = 0;          // classes of the row's bytes
  std::vector<Part> parts_;
  std::vector<std::string_view> fields_;
  std::string copied_;   // quoted fields that held doubled quotes
  std::string decoded_;  // the row's fields when their bytes are not UTF-8 as they lie
  Fault fault_;
  BadRow bad_;
};

}  // namespace martgate::ingest
