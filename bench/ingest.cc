#include "ingest.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "ingest/ingest.h"

namespace martgate::bench {
namespace {

namespace fs = std::filesystem;

constexpr int kRows = 1'000'000;
constexpr int kRounds = 2;  // in turns; the best of each counts
constexpr std::uint64_t kSeed = 20261121;

// Ten columns of the usual kinds: a key, texts, a decimal, an integer, a day, a moment, a boolean.
void write_rows(const fs::path& path) {
  Random random(kSeed);
  std::ofstream file(path, std::ios::binary);
  file << "order_id,customer_id,email,channel,status,amount,quantity,ordered_on,updated_at,paid\n";
  std::string text;
  for (int i = 0; i < kRows; ++i) {
    text += fmt::format(
        "O{:08},C{:06},person{}@shop.example,{},{},{}.{:02},{},2026-{:02}-{:02},"
        "2026-{:02}-{:02}T{:02}:{:02}:{:02}Z,{}\n",
        i, random.below(200'000), random.below(200'000), random.chance(0.7) ? "web" : "\"shop, A\"",
        random.chance(0.9) ? "paid" : "open", random.below(5'000), random.below(100),
        1 + random.below(9), 1 + random.below(12), 1 + random.below(28), 1 + random.below(12),
        1 + random.below(28), random.below(24), random.below(60), random.below(60),
        random.chance(0.8) ? "true" : "false");
    if (text.size() > 1U << 20U) {
      file << text;
      text.clear();
    }
  }
  file << text;
}

catalog::Project project_of(const fs::path& folder) {
  catalog::Project project;
  project.settings.data_folder = folder / "rows";
  project.settings.state_folder = folder / "rows-state";
  catalog::SourceTable table;
  table.name = "orders";
  table.raw_name = "bench_orders";
  table.files = "orders.csv";
  const auto add = [&](const char* name, const char* type) -> catalog::SourceColumn& {
    catalog::SourceColumn column;
    column.name = name;
    column.data_type = type;
    column.required = true;
    table.columns.push_back(std::move(column));
    return table.columns.back();
  };
  add("order_id", "text").unique = true;
  for (const char* name : {"customer_id", "email", "channel", "status"}) add(name, "text");
  add("amount", "decimal").contract.scale = 2;
  add("quantity", "integer");
  add("ordered_on", "date");
  add("updated_at", "timestamp");
  add("paid", "boolean");
  catalog::Source source;
  source.common.name = "bench";
  source.tables.push_back(std::move(table));
  project.sources.push_back(std::move(source));
  return project;
}

double seconds_of(const std::function<bool()>& work, bool& is_good) {
  const auto begun = std::chrono::steady_clock::now();
  is_good = work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

}  // namespace

bool run_ingest_bench(cli::Terminal& terminal, const fs::path& folder) {
  const catalog::Project project = project_of(folder);
  const fs::path file = project.settings.data_folder / "orders.csv";
  fs::create_directories(project.settings.data_folder);
  write_rows(file);
  const SystemClock clock;
  double door = 1e9;
  double import = 1e9;
  bool has_import = std::system("command -v sqlite3 >/dev/null 2>&1") == 0;
  for (int round = 0; round < kRounds; ++round) {
    bool is_good = false;
    fs::remove_all(project.settings.state_folder);
    door = std::min(door, seconds_of(
                              [&] {
                                const auto done =
                                    ingest::ingest(project, project.settings.state_folder, clock);
                                return done && done->tables[0].rows == kRows;
                              },
                              is_good));
    if (!is_good) return false;
    if (!has_import) continue;
    const fs::path plain = folder / "plain.db";
    fs::remove(plain);
    const std::string command = fmt::format("sqlite3 '{}' '.import --csv {} orders' >/dev/null",
                                            plain.string(), file.string());
    import = std::min(import,
                      seconds_of([&] { return std::system(command.c_str()) == 0;
  }, has_import));
}
rusage usage{};
::getrusage(RUSAGE_SELF, &usage);
cli::Table table({{"1,000,000 rows of 10 columns"},
                  {"seconds", cli::Align::Right},
                  {"rows/s", cli::Align::Right},
                  {"to .import", cli::Align::Right},
                  {"peak MiB", cli::Align::Right}});
table.add_row({"ingest: typed, keyed, hashed", fmt::format("{:.2f}", door),
               fmt::format("{:.0f}", kRows / door),
               has_import ? fmt::format("x{:.2f}", import / door) : "-",
               std::to_string(usage.ru_maxrss / 1'024)});
if (has_import) {
  table.add_row({"sqlite3 .import into a plain table", fmt::format("{:.2f}", import),
                 fmt::format("{:.0f}", kRows / import), "x1.00", "-"});
}
terminal.print_table(table);
return true;
}  // namespace martgate::bench

}  // namespace martgate::bench
