// A project with one source table over a temporary data folder.
#pragma once

#include <fmt/format.h>

#include <doctest/doctest.h>

#include <algorithm>
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

// Moves on by a second each time it is asked.
class TickingClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return at_ += std::chrono::seconds(1); }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return 0; }

 private:
  mutable WallTime at_{std::chrono::milliseconds(1'795'000'000'000)};
};

// Source "shop" with the table "orders": id (required), email, amount.
struct Shop {
  TempFolder folder;
  TickingClock clock;
  catalog::Project project;

  Shop() {
    project.settings.data_folder = folder.path() / "data";
    project.settings.state_folder = folder.path() / "state";
    std::filesystem::create_directories(project.settings.data_folder);
    catalog::SourceTable orders;
    orders.name = "orders";
    orders.raw_name = "shop_orders";
    orders.files = "orders-*.csv";
    for (const char* name : {"id", "email", "amount"}) {
      catalog::SourceColumn column;
      column.name = name;
      column.data_type = "text";
      orders.columns.push_back(column);
    }
    orders.columns[0].required = true;
    catalog::Source shop;
    shop.common.name = "shop";
    shop.tables.push_back(orders);
    project.sources.push_back(shop);
  }

  catalog::SourceTable& table() { return project.sources[0].tables[0]; }

  catalog::SourceColumn& column(std::string_view name) {
    return *std::ranges::find(table().columns, name, &catalog::SourceColumn::name);
  }

  // "line slug column" of every row that waits, in order.
  std::string quarantined() const {
    return values(
        "SELECT line || ' ' || slug || ' ' || column_name FROM _martgate_quarantine"
        " WHERE replayed_by IS NULL ORDER BY load_id, line, row",
        ", ");
  }

  void write(const std::string& name, std::string_view text) const {
    const auto path = project.settings.data_folder / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }

  TableReport ingest_all(const IngestOptions& options = {}) {
    auto report = ingest(project, project.settings.state_folder, clock, options);
    REQUIRE_MESSAGE(report.has_value(), (report ? "" : to_text(report.error())));
    REQUIRE(report->tables.size() == 1);
    return report->tables[0];
  }

  // First column of every row, joined.
  std::string values(std::string_view sql, std::string_view between = " ") const {
    auto raw = store::Connection::open_readonly(raw_store_path(project.settings.state_folder));
    REQUIRE(raw);
    const auto rows = raw->query(store::Sql::rendered(sql));
    REQUIRE_MESSAGE(rows.has_value(), (rows ? "" : to_text(rows.error())));
    std::string text;
    for (std::size_t i = 0; i < rows->row_count(); ++i) {
      if (i > 0) text += between;
      const store::Value& value = rows->at(i, 0);
      if (const auto* whole = std::get_if<std::int64_t>(&value))
        text += std::to_string(*whole);
      else if (const auto* word = std::get_if<std::string>(&value))
        text += *word;
      else if (const auto* real = std::get_if<double>(&value))
        text += fmt::format("{}", *real);
      else
        text += "NULL";
    }
    return text;
  }
};

}  // namespace martgate::ingest
