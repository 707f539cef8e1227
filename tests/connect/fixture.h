// A project with one source behind a connector, and its raw store.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "catalog/project.h"
#include "ingest/ingest.h"
#include "store/connection.h"
#include "temp_folder.h"

namespace martgate::ingest {

// The wall stands still unless the test moves it; monotonic time is real, for deadlines.
class TestClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return at; }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return real_.monotonic_ns(); }
  WallTime at{std::chrono::milliseconds(1'795'255'200'000)};  // 2026-11-21T10:00:00Z

 private:
  SystemClock real_;
};

inline catalog::SourceColumn column(std::string name, bool required = false) {
  catalog::SourceColumn made;
  made.name = std::move(name);
  made.data_type = "text";
  made.required = required;
  return made;
}

// Source "shop" with the table "orders": id (required), amount, updated_at.
struct Polled {
  TempFolder folder;
  TestClock clock;
  catalog::Project project;
  std::vector<std::int64_t> waits;  // what a run would have slept

  Polled() {
    project.settings.data_folder = folder.path() / "data";
    project.settings.state_folder = folder.path() / "state";
    std::filesystem::create_directories(project.settings.data_folder);
    catalog::SourceTable orders;
    orders.name = "orders";
    orders.raw_name = "shop_orders";
    orders.format = catalog::FileFormat::Jsonl;
    orders.columns = {column("id", true), column("amount"), column("updated_at")};
    orders.extract.emplace();
    catalog::Source shop;
    shop.common.name = "shop";
    shop.connector.emplace();
    shop.tables.push_back(orders);
    project.sources.push_back(shop);
  }

  catalog::Source& source() { return project.sources[0]; }
  catalog::SourceTable& table() { return project.sources[0].tables[0]; }

  Result<IngestReport> try_ingest(IngestOptions options = {}) {
    if (options.connect.seed == 0) options.connect.seed = 1;
    options.connect.wait = [this](std::int64_t ms) { waits.push_back(ms); };
    return ingest(project, project.settings.state_folder, clock, options);
  }

  // The run of the only pull, or of the one of that name.
  PullReport pulled(IngestOptions options = {}, std::size_t index = 0) {
    auto report = try_ingest(std::move(options));
    REQUIRE_MESSAGE(report.has_value(), (report ? "" : to_text(report.error())));
    REQUIRE(report->tables.size() == 1);
    REQUIRE(report->tables[0].pulls.size() > index);
    return report->tables[0].pulls[index];
  }
  PullRun pulled_well(IngestOptions options = {}, std::size_t index = 0) {
    const PullReport report = pulled(std::move(options), index);
    CHECK_MESSAGE(!report.error, report.run.error);
    return report.run;
  }

  // First column of every row, joined by a blank.
  [[nodiscard]] std::string values(std::string_view sql) const {
    auto raw = store::Connection::open_readonly(raw_store_path(project.settings.state_folder));
    REQUIRE(raw);
    const auto rows = raw->query(store::Sql::rendered(sql));
    REQUIRE_MESSAGE(rows.has_value(), (rows ? "" : to_text(rows.error())));
    std::string text;
    for (std::size_t i = 0; i < rows->row_count(); ++i) {
      if (i > 0) text += ' ';
      const store::Value& value = rows->at(i, 0);
      if (const auto* whole = std::get_if<std::int64_t>(&value))
        text += std::to_string(*whole);
      else if (const auto* word = std::get_if<std::string>(&value))
        text += *word;
      else
        text += "NULL";
    }
    return text;
  }
  [[nodiscard]] std::string ids() const {
    return values("SELECT id FROM shop_orders ORDER BY CAST(id AS INTEGER), id");
  }
  [[nodiscard]] std::string row_count() const {
    return values("SELECT count(*) FROM shop_orders__rows");
  }
};

}  // namespace martgate::ingest
