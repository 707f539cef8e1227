// What people see: results on stdout, everything else on stderr under one prefix; color, tables and
// progress bars on a terminal, plain text anywhere else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace martgate::cli {

enum class Style : std::uint8_t { Plain, Bold, Dim, Good, Warn, Bad, Accent };
enum class Align : std::uint8_t { Left, Right };

// Columns of a table that is printed with aligned cells; widths count code points.
class Table {
 public:
  struct Column {
    std::string title;
    Align align = Align::Left;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add_row(std::vector<std::string> cells);
  [[nodiscard]] std::string text(std::string_view indent, bool with_color, int width_max) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

struct TerminalOptions {
  bool quiet = false;  // no notes and no progress; errors still come
};

class Terminal {
 public:
  // NO_COLOR and a stream that is no terminal turn color off.
  Terminal(const Clock& clock, TerminalOptions options);

  // stdout
  void print(std::string_view text);
  void print_table(const Table& table, std::string_view indent = "");
  [[nodiscard]] std::string table_text(const Table& table, std::string_view indent = "") const;
  [[nodiscard]] std::string styled(std::string_view text, Style style) const;  // for stdout

  // stderr, "martgate: …"
  void note(std::string_view text);
  void error(const Error& error);

  // One line on stderr, redrawn in place; shown only on a terminal and after a second.
  void progress(std::string_view what, std::int64_t done, std::int64_t total);
  void end_progress();

  [[nodiscard]] int width() const { return width_; }

 private:
  const Clock& clock_;
  TerminalOptions options_;
  bool out_is_terminal_;
  bool err_is_terminal_;
  bool color_;
  int width_ = 10'000;                  // nothing is cut where nobody's screen ends
  std::int64_t progress_since_ns_ = 0;  // 0: none is running
  std::int64_t progress_drawn_ns_ = 0;
  bool progress_visible_ = false;
};

}  // namespace martgate::cli
