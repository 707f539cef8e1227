#include "demo/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "base/decimal.h"

namespace martgate::demo {
namespace {

constexpr std::size_t kBufferBytes = 64U << 10U;
constexpr std::int64_t kTwicePermille = 4;

}  // namespace

void OutputFile::append(std::string_view line) {
  buffer_.append(line).push_back('\n');
  if (buffer_.size() >= kBufferBytes) flush();
}

void OutputFile::header(std::string_view line) {
  append(line);
}

void OutputFile::row(std::string_view line) {
  ++file_.rows;
  append(line);
}

void OutputFile::row_maybe_twice(std::string_view line, Random& random) {
  row(line);
  if (happens(random, kTwicePermille)) row(line);
}

void OutputFile::flush() {
  output_.write(file_.path, buffer_, file_.bytes == 0);
  file_.bytes += static_cast<std::int64_t>(buffer_.size());
  buffer_.clear();
}

OutputFile& Output::open(const std::string& path, std::string_view header) {
  files_.push_back(std::make_unique<OutputFile>(*this, path));
  std::error_code failed;
  std::filesystem::create_directories((folder_ / path).parent_path(), failed);
  if (!header.empty()) files_.back()->header(header);
  return *files_.back();
}

// Opened for each write: a run has some two hundred files, too many to hold open everywhere.
void Output::write(const std::string& path, std::string_view bytes, bool is_new) {
  if (error_) return;
  std::ofstream file(folder_ / path, std::ios::binary | (is_new ? std::ios::trunc : std::ios::app));
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    error_ =
        Error{Code::Unavailable,
              fmt::format("cannot write {}: {}", (folder_ / path).string(), std::strerror(errno)),
              {}};
  }
}

Result<DemoSummary> Output::finish() {
  DemoSummary summary;
  for (const auto& file : files_) {
    file->flush();
    summary.files.push_back(file->file_);
    summary.rows += file->file_.rows;
    summary.bytes += file->file_.bytes;
  }
  if (error_) return tl::unexpected(*error_);
  std::ranges::sort(summary.files, {}, &DemoFile::path);
  return summary;
}

MonthlyFiles::MonthlyFiles(Output& output, const World& world, const std::string& stem,
                           const std::string& ending, std::string_view header) {
  for (int month = 0; month < world.month_count(); ++month) {
    std::string name = stem;
    name.append("-").append(world.month_text(month)).append(ending);
    files_.push_back(&output.open(name, header));
  }
}

CsvLine& CsvLine::text(std::string_view value) {
  if (!is_first_) line_.push_back(delimiter_);
  is_first_ = false;
  const bool is_plain = std::ranges::none_of(
      value, [&](char c) { return c == delimiter_ || c == '"' || c == '\n' || c == '\r'; });
  if (is_plain) {
    line_.append(value);
    return *this;
  }
  line_.push_back('"');
  for (const char c : value) line_.append(c == '"' ? 2U : 1U, c);
  line_.push_back('"');
  return *this;
}

CsvLine& CsvLine::number(std::int64_t value) {
  return text(fmt::format("{}", value));
}

CsvLine& CsvLine::money(std::int64_t cents) {
  return text(decimal_text(cents, 2));
}

}  // namespace martgate::demo
