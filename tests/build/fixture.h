// A small project made by hand: a source, its models and a temporary state folder.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "build/build.h"
#include "build/plan.h"
#include "catalog/project.h"
#include "ingest/ingest.h"
#include "store/connection.h"
#include "temp_folder.h"

namespace martgate::build {

// Moves on by a second each time it is asked.
class TickingClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return at_ += std::chrono::seconds(1); }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return 0; }

 private:
  mutable WallTime at_{std::chrono::milliseconds(1'795'000'000'000)};
};

inline catalog::Column column(std::string name, catalog::DataType type = catalog::DataType::Text) {
  catalog::Column made;
  made.name = std::move(name);
  made.type = type;
  return made;
}

inline catalog::Model model(catalog::Layer layer, const std::string& name, std::string sql,
                            std::vector<catalog::Column> columns) {
  catalog::Model made;
  made.common.name = name;
  made.common.file = name + ".yaml";
  made.common.digest = sha256_hex(sql);
  made.layer = layer;
  made.sql = std::move(sql);
  made.sql_file = name + ".sql";
  made.columns = std::move(columns);
  return made;
}

inline catalog::DataTest data_test(std::string name, std::string model_name,
                                   std::string column_name, catalog::Check check) {
  catalog::DataTest made;
  made.name = std::move(name);
  made.model = std::move(model_name);
  made.column = std::move(column_name);
  made.check = std::move(check);
  return made;
}

// Raw table shop_orders (id, customer, amount, day) -> stg_orders -> orders and customers.
class Shop {
 public:
  catalog::Project project;
  TickingClock clock;

  Shop() {
    using enum catalog::DataType;
    project.settings.name = "shop";
    project.settings.data_folder = folder_.path() / "data";
    project.settings.state_folder = folder_.path() / "state";
    project.commit = "abc";
    std::filesystem::create_directories(project.settings.data_folder);
    catalog::SourceTable orders;
    orders.name = "orders";
    orders.raw_name = "shop_orders";
    orders.files = "orders.csv";
    for (const char* name : {"id", "customer", "amount", "day"}) {
      catalog::SourceColumn raw;
      raw.name = name;
      raw.data_type = "text";
      orders.columns.push_back(raw);
    }
    catalog::Source shop;
    shop.common.name = "shop";
    shop.tables.push_back(orders);
    project.sources.push_back(shop);
    add(model(catalog::Layer::Marts, "customers",
              "SELECT DISTINCT customer AS customer_id FROM stg_orders WHERE customer IS NOT NULL",
              {column("customer_id")}));
    add(model(catalog::Layer::Marts, "orders",
              "SELECT order_id, customer_id, cents, day FROM stg_orders_typed",
              {column("order_id", Integer), column("customer_id"), column("cents", Decimal),
               column("day", Date)}));
    add(model(catalog::Layer::Staging, "stg_orders_typed",
              "SELECT id AS order_id, customer AS customer_id,\n"
              "  CAST(round(amount * 100) AS INTEGER) AS cents, day FROM stg_orders;",
              {column("order_id", Integer), column("customer_id"), column("cents", Integer),
               column("day", Date)}));
    add(model(catalog::Layer::Staging, "stg_orders",
              "SELECT id, customer, amount, day FROM raw.shop_orders",
              {column("id"), column("customer"), column("amount"), column("day")}));
    mart("orders").primary_key = {"order_id"};
    mart("customers").primary_key = {"customer_id"};
    mart("orders").relationships = {{"customer", "customers", {"customer_id"}, {"customer_id"}}};
  }
  Shop(const Shop&) = delete;
  Shop& operator=(const Shop&) = delete;

  void add(catalog::Model added) {
    project.models.push_back(std::move(added));
    std::ranges::sort(project.models, {}, [](const catalog::Model& m) { return m.common.name; });
    touch();
  }
  catalog::Model& mart(std::string_view name) {
    const catalog::Model* found = project.model(name);
    REQUIRE(found != nullptr);
    return project.models[static_cast<std::size_t>(found - project.models.data())];
  }
  // The project changed.
  void touch() {
    project.digest = sha256_hex(std::to_string(++version_));
    for (catalog::Model& one : project.models) {
      one.common.digest = sha256_hex(one.sql + std::to_string(version_));
    }
  }

  void ingest_csv(std::string_view rows) {
    std::ofstream(project.settings.data_folder / "orders.csv") << "id,customer,amount,day\n"
                                                               << rows;
    const auto done = ingest::ingest(project, state(), clock);
    REQUIRE_MESSAGE(done, (done ? std::string() : to_text(done.error())));
    REQUIRE_FALSE(done->has_refusals());
  }
  [[nodiscard]] const std::filesystem::path& state() const { return project.settings.state_folder; }
  std::vector<engine::LoadedTable> loaded() const {
    auto tables = ingest::loaded_tables(ingest::raw_store_path(state()), project);
    REQUIRE_MESSAGE(tables, (tables ? std::string() : to_text(tables.error())));
    return *tables;
  }
  Result<BuildReport> try_build(const BuildOptions& options = {}) {
    return build::build(project, loaded(), clock, options);
  }
  BuildReport build_all(const BuildOptions& options = {}) {
    auto report = try_build(options);
    REQUIRE_MESSAGE(report.has_value(), (report ? "" : to_text(report.error())));
    return *report;
  }
  std::string error_text(const BuildOptions& options = {}) {
    const auto report = try_build(options);
    REQUIRE_FALSE(report);
    return to_text(report.error());
  }
  // The diagnostics of the plan, one a line.
  std::string diagnostics() const {
    const auto plan = plan_models(project);
    REQUIRE(plan);
    std::string text;
    for (const catalog::Diagnostic& diagnostic : plan->diagnostics)
      text += to_text(diagnostic) + "\n";
    return text;
  }
  // First column of every row of the current snapshot, joined by a blank.
  std::string values(std::string_view sql) const {
    const auto id = engine::current_snapshot(state());
    REQUIRE(id);
    auto snapshot = store::Connection::open_readonly(engine::snapshot_path(state(), *id));
    REQUIRE(snapshot);
    const auto rows = snapshot->query(store::Sql::rendered(sql));
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
  std::vector<std::string> snapshot_files() const {
    std::vector<std::string> names = files();
    std::erase_if(names, [](const std::string& name) { return !name.ends_with(".db"); });
    return names;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(state() / "marts")) {
      names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }

 private:
  TempFolder folder_;
  int version_ = 0;
};

}  // namespace martgate::build
