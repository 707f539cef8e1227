#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "base/files.h"
#include "demo/demo_data.h"
#include "extracts.h"
#include "temp_folder.h"

using namespace martgate;
using namespace martgate::demo_test;
namespace fs = std::filesystem;

namespace {

constexpr double kSmall = 0.05;

DemoOptions small(std::uint64_t seed) {
  DemoOptions options;
  options.seed = seed;
  options.scale = kSmall;
  return options;
}

}  // namespace

TEST_CASE(
    "demo data: a scale that is not above 0 and at most 1000 is refused, and nothing written") {
  const TempFolder folder;
  for (const double scale : {0.0, -1.0, 1000.5, std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()}) {
    DemoOptions options;
    options.scale = scale;
    const auto refused = write_demo_data(folder.path(), options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::InvalidArgument);
    CHECK(refused.error().reason == "bad_scale");
    REQUIRE(refused.error().hints.size() == 1);
    CHECK(refused.error().hints[0] == "accepted: above 0, at most 1000");
  }
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("demo data: a last day outside the years 2000 to 2100 is refused") {
  const TempFolder folder;
  for (const char* day : {"1999-12-31", "2101-01-01"}) {
    DemoOptions options = small(1);
    options.until = *parse_date(day);
    const auto refused = write_demo_data(folder.path(), options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason == "bad_until");
  }
}

TEST_CASE("demo data: a folder with somebody else's files is refused and left alone") {
  const TempFolder folder;
  fs::create_directories(folder.path() / "shop");
  REQUIRE(replace_file(folder.path() / "shop" / "orders-2026-01.csv", "mine\n"));
  const auto before = files_below(folder.path());
  const auto refused = write_demo_data(folder.path(), small(1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::FailedPrecondition);
  CHECK(refused.error().reason == "folder_not_empty");
  CHECK(files_below(folder.path()) == before);
}

TEST_CASE("demo data: a folder that cannot be made is an error, not a crash") {
  const TempFolder folder;
  REQUIRE(replace_file(folder.path() / "file", "x"));
  const auto refused = write_demo_data(folder.path() / "file" / "below", small(1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::Unavailable);
}

TEST_CASE("demo data: the same seed gives the same bytes, another seed others") {
  const TempFolder one;
  const TempFolder two;
  const TempFolder other;
  REQUIRE(write_demo_data(one.path(), small(7)));
  REQUIRE(write_demo_data(two.path(), small(7)));
  REQUIRE(write_demo_data(other.path(), small(8)));
  const auto files = files_below(one.path());
  CHECK(files == files_below(two.path()));
  const auto others = files_below(other.path());
  CHECK(files.size() == others.size());
  CHECK(files.at("shop/orders-2026-10.csv") != others.at("shop/orders-2026-10.csv"));
  CHECK(files.at("support/tickets-2026-05.jsonl") != others.at("support/tickets-2026-05.jsonl"));
}

TEST_CASE("demo data: a second run replaces the first, files of other months included") {
  const TempFolder folder;
  const TempFolder fresh;
  DemoOptions earlier = small(1);
  earlier.until = *parse_date("2025-02-10");
  REQUIRE(write_demo_data(folder.path(), earlier));
  CHECK(files_below(folder.path()).contains("shop/orders-2023-03.csv"));
  REQUIRE(write_demo_data(folder.path(), small(1)));
  REQUIRE(write_demo_data(fresh.path(), small(1)));
  CHECK(files_below(folder.path()) == files_below(fresh.path()));
}

TEST_CASE("demo data: nothing is dated behind the last day, in the middle of a month too") {
  const TempFolder folder;
  DemoOptions options = small(3);
  options.until = *parse_date("2026-02-14");
  REQUIRE(write_demo_data(folder.path(), options));
  for (const Row& row : csv_rows(folder.path(), "shop/orders-")) {
    CHECK(row.at("placed_at").substr(0, 10) <= "2026-02-14");
    CHECK(row.at("updated_at").substr(0, 10) <= "2026-02-14");
    CHECK(row.at("placed_at") <= row.at("updated_at"));
  }
  for (const Row& row : csv_rows(folder.path(), "billing/payments-")) {
    CHECK(row.at("created_at").substr(0, 10) <= "2026-02-14");
  }
}

TEST_CASE("demo data: the summary is what stands on disk, and scale multiplies it") {
  const TempFolder folder;
  const TempFolder larger;
  const auto summary = write_demo_data(folder.path(), small(1));
  REQUIRE(summary);
  std::int64_t bytes = 0;
  std::int64_t rows = 0;
  for (const DemoFile& file : summary->files) {
    CHECK(fs::file_size(folder.path() / file.path) == static_cast<std::uintmax_t>(file.bytes));
    const auto in_file =
        static_cast<std::int64_t>(file.bytes == 0 ? 0 : lines(folder.path(), file.path).size());
    CHECK(in_file == file.rows + (file.path.ends_with(".csv") ? 1 : 0));
    bytes += file.bytes;
    rows += file.rows;
  }
  CHECK(summary->bytes == bytes);
  CHECK(summary->rows == rows);
  CHECK(summary->files.size() + 1 == files_below(folder.path()).size());  // and demo-data.txt

  DemoOptions options = small(1);
  options.scale = kSmall * 4;
  REQUIRE(write_demo_data(larger.path(), options));
  const double ratio = double(csv_rows(larger.path(), "shop/order_lines-").size()) /
                       double(csv_rows(folder.path(), "shop/order_lines-").size());
  CHECK(ratio > 3);
  CHECK(ratio < 5);
}

TEST_CASE("demo data: the smallest scale still writes every table") {
  const TempFolder folder;
  DemoOptions options;
  options.scale = 1e-9;
  const auto summary = write_demo_data(folder.path(), options);
  REQUIRE(summary);
  CHECK(summary->files.size() > 200);
  CHECK(summary->rows > 1000);  // traffic and targets have their days and months at any scale
}
