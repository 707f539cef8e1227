// The files of one run: buffered, counted, and the first error kept for the end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "base/random.h"
#include "base/result.h"
#include "demo/demo_data.h"
#include "demo/world.h"

namespace martgate::demo {

class Output;

class OutputFile {
 public:
  OutputFile(Output& output, std::string path) : output_(output), file_{std::move(path)} {}
  void header(std::string_view line);
  void row(std::string_view line);
  // The row, and once in a while the very same row again: exports that were retried.
  void row_maybe_twice(std::string_view line, Random& random);

 private:
  friend class Output;
  void append(std::string_view line);
  void flush();

  Output& output_;
  DemoFile file_;
  std::string buffer_;
};

class Output {
 public:
  explicit Output(std::filesystem::path folder) : folder_(std::move(folder)) {}
  // Creates the file empty; the reference lives as long as the Output. An empty header: none.
  OutputFile& open(const std::string& path, std::string_view header);
  [[nodiscard]] Result<DemoSummary> finish();

 private:
  friend class OutputFile;
  void write(const std::string& path, std::string_view bytes, bool is_new);

  std::filesystem::path folder_;
  std::vector<std::unique_ptr<OutputFile>> files_;
  std::optional<Error> error_;
};

// One file a month: "shop/orders-2026-10.csv" for ("shop/orders", ".csv").
class MonthlyFiles {
 public:
  MonthlyFiles(Output& output, const World& world, const std::string& stem,
               const std::string& ending, std::string_view header);
  [[nodiscard]] OutputFile& at(int month) { return *files_.at(std::size_t(month)); }

 private:
  std::vector<OutputFile*> files_;
};

// One CSV line, quoted where RFC 4180 asks for it.
class CsvLine {
 public:
  explicit CsvLine(char delimiter = ',') : delimiter_(delimiter) {}
  CsvLine& text(std::string_view value);
  CsvLine& number(std::int64_t value);
  CsvLine& money(std::int64_t cents);
  CsvLine& empty() { return text({}); }
  [[nodiscard]] const std::string& line() const { return line_; }

 private:
  char delimiter_;
  bool is_first_ = true;
  std::string line_;
};

}  // namespace martgate::demo
