#include <doctest/doctest.h>

#include "base/digest.h"
#include "ingest/fixture.h"
#include "ingest/raw_store.h"

using namespace martgate;
using namespace martgate::ingest;

namespace {

// Rows of two columns that a connector holds in memory.
class PageRows final : public TableRows {
 public:
  explicit PageRows(std::vector<std::string> ids) : ids_(std::move(ids)) {}
  Result<Kind> next() override {
    if (at_ == ids_.size()) return Kind::End;
    cells_ = {Cell(ids_[at_++]), Cell(), Cell("5")};
    return Kind::Row;
  }
  std::span<const Cell> cells() const override { return cells_; }
  BadRow as_bad(std::string reason) const override {
    return {static_cast<std::int64_t>(at_), 0, std::move(reason), ids_[at_ - 1]};
  }
  const BadRow& bad() const override { return bad_; }

 private:
  std::vector<std::string> ids_;
  std::size_t at_ = 0;
  std::vector<Cell> cells_;
  BadRow bad_;
};

struct Page {
  Shop& shop;
  RawStore store;
  std::string name = "page-1";

  static Page open(Shop& shop) {
    std::filesystem::create_directories(shop.project.settings.state_folder);
    auto store = RawStore::open(raw_store_path(shop.project.settings.state_folder));
    REQUIRE(store);
    REQUIRE(store->prepare_table(shop.table()));
    REQUIRE(store->connection().execute("CREATE TABLE cursor(at TEXT NOT NULL) STRICT"));
    return {shop, std::move(*store)};
  }

  Result<Load> load(std::vector<std::string> ids,
                    std::function<Status(store::Connection&, const Load&)> in_transaction) {
    PageRows rows(std::move(ids));
    return store.load({"shop", shop.table(), name, shop.clock.now()},
                      {rows,
                       [] {
                         return DeliveryIdentity{sha256_hex("page"), 4};
                       },
                       std::move(in_transaction)});
  }
};

}  // namespace

TEST_CASE("delivery: what a connector cannot write takes the rows back with it") {
  Shop shop;
  Page page = Page::open(shop);
  const auto refused = page.load({"1", "2"}, [](store::Connection& raw, const Load&) -> Status {
    REQUIRE(raw.execute("INSERT INTO cursor VALUES ('half')"));
    return fail(Code::Unavailable, "the cursor was refused");
  });
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "the cursor was refused");
  CHECK(shop.values("SELECT count(*) FROM shop_orders__rows") == "0");
  CHECK(shop.values("SELECT count(*) FROM _martgate_loads") == "0");
  CHECK(shop.values("SELECT count(*) FROM cursor") == "0");
}

TEST_CASE("delivery: rows and the connector's cursor are committed together") {
  Shop shop;
  Page page = Page::open(shop);
  const auto loaded = page.load({"1", "2"}, [](store::Connection& raw, const Load& load) {
    CHECK(load.rows == 2);
    const store::Value values[] = {"after " + std::to_string(load.load_id)};
    return raw.query("INSERT INTO cursor VALUES (?)", values).map([](const auto&) {});
  });
  REQUIRE(loaded);
  CHECK(loaded->load_id == 1);
  CHECK(shop.values("SELECT at FROM cursor") == "after 1");
  CHECK(shop.values("SELECT id FROM shop_orders ORDER BY _row") == "1 2");
  CHECK(shop.values("SELECT path || bytes FROM _martgate_loads") == "page-14");
}
