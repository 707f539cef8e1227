#include "cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace martgate::cli {
namespace {

constexpr std::int64_t kProgressAfterNs = 1'000'000'000;
constexpr std::int64_t kProgressEveryNs = 80'000'000;
constexpr int kBarCells = 28;

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string cut_to(std::string_view text, std::size_t points_max) {
  if (code_points(text) <= points_max) return std::string(text);
  std::string cut;
  std::size_t points = 0;
  for (const char c : text) {
    if ((c & 0xC0) != 0x80 && ++points >= points_max) break;
    cut.push_back(c);
  }
  return cut + "…";
}

std::string_view code_of(Style style) {
  switch (style) {
    case Style::Plain:
      return "";
    case Style::Bold:
      return "\x1b[1m";
    case Style::Dim:
      return "\x1b[2m";
    case Style::Good:
      return "\x1b[32m";
    case Style::Warn:
      return "\x1b[33m";
    case Style::Bad:
      return "\x1b[31m";
    case Style::Accent:
      return "\x1b[36m";
  }
  return "";
}

}  // namespace

void Table::add_row(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::text(std::string_view indent, bool with_color, int width_max) const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t width = code_points(columns_[c].title);
    for (const auto& row : rows_) width = std::max(width, code_points(row[c]));
    widths.push_back(width);
  }
  // The last column gives way when the line would be longer than the terminal.
  std::size_t before = indent.size();
  for (std::size_t c = 0; c + 1 < widths.size(); ++c) before += widths[c] + 2;
  const auto line_max = static_cast<std::size_t>(std::max(width_max, 40));
  if (!widths.empty() && before + widths.back() > line_max) {
    widths.back() = line_max > before + 16 ? line_max - before : 16;
  }
  std::string text;
  const auto add_line = [&](const std::vector<std::string>& cells, Style style) {
    std::string line(indent);
    if (with_color) line += code_of(style);
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::string cell = cut_to(cells[c], widths[c]);
      const std::string blanks(widths[c] - std::min(widths[c], code_points(cell)), ' ');
      if (c > 0) line += "  ";
      if (columns_[c].align == Align::Right)
        line += blanks + cell;
      else
        line += c + 1 < cells.size() ? cell + blanks : cell;
    }
    if (with_color && style != Style::Plain) line += "\x1b[0m";
    while (line.ends_with(' ')) line.pop_back();
    text += line + '\n';
  };
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  add_line(titles, Style::Dim);
  for (const auto& row : rows_) add_line(row, Style::Plain);
  return text;
}

Terminal::Terminal(const Clock& clock, TerminalOptions options)
    : clock_(clock),
      options_(options),
      out_is_terminal_(::isatty(STDOUT_FILENO) == 1),
      err_is_terminal_(::isatty(STDERR_FILENO) == 1),
      color_(out_is_terminal_ && std::getenv("NO_COLOR") == nullptr) {
  winsize size{};
  if (out_is_terminal_ && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    width_ = size.ws_col;
  }
}

void Terminal::print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);  // whoever reads a pipe waits for the address of `serve`
}

void Terminal::print_table(const Table& table, std::string_view indent) {
  print(table_text(table, indent));
}

std::string Terminal::table_text(const Table& table, std::string_view indent) const {
  return table.text(indent, color_, width_);
}

std::string Terminal::styled(std::string_view text, Style style) const {
  if (!color_ || style == Style::Plain) return std::string(text);
  return fmt::format("{}{}\x1b[0m", code_of(style), text);
}

void Terminal::note(std::string_view text) {
  if (options_.quiet) return;
  end_progress();
  fmt::print(stderr, "martgate: {}\n", text);
}

void Terminal::error(const Error& error) {
  end_progress();
  fmt::print(stderr, "martgate: {}\n", error.message);
  for (const std::string& hint : error.hints) fmt::print(stderr, "  {}\n", hint);
}

void Terminal::progress(std::string_view what, std::int64_t done, std::int64_t total) {
  if (options_.quiet || !err_is_terminal_) return;
  const std::int64_t now_ns = clock_.monotonic_ns();
  if (progress_since_ns_ == 0) progress_since_ns_ = now_ns;
  if (now_ns - progress_since_ns_ < kProgressAfterNs ||
      now_ns - progress_drawn_ns_ < kProgressEveryNs)
    return;
  progress_drawn_ns_ = now_ns;
  progress_visible_ = true;
  const double share =
      total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0) : 0;
  const int full = static_cast<int>(share * kBarCells);
  std::string bar;
  for (int i = 0; i < kBarCells; ++i) bar += i < full ? "━" : "┄";
  fmt::print(stderr, "\r\x1b[K{} {:3.0f}%  {}", bar, share * 100, cut_to(what, 60));
  std::fflush(stderr);
}

void Terminal::end_progress() {
  if (progress_visible_) {
    fmt::print(stderr, "\r\x1b[K");
    std::fflush(stderr);
  }
  progress_visible_ = false;
  progress_since_ns_ = 0;
}

}  // namespace martgate::cli
