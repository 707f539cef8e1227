#include <doctest/doctest.h>

#include "base/text.h"
#include "build/fixture.h"
#include "build/selection.h"

using namespace martgate;
using namespace martgate::build;

namespace {

std::string chosen(const Shop& shop, std::vector<std::string> expressions) {
  const auto plan = plan_models(shop.project);
  REQUIRE(plan);
  const auto names = select_models(shop.project, plan->lineage, expressions);
  if (!names) return to_text(names.error());
  const std::vector<std::string> list(names->begin(), names->end());
  return join(list, " ");
}

}  // namespace

TEST_CASE("selection: names, what is behind them and what is made of them") {
  Shop shop;
  shop.mart("orders").common.tags = {"money"};
  shop.mart("orders").common.file = "catalog/models/marts/orders.yaml";
  CHECK(chosen(shop, {"ordrs"}).starts_with("no model is \"ordrs\"; did you mean orders"));
  CHECK(chosen(shop, {"tag:mony"}).find("did you mean tag:money") != std::string::npos);
  CHECK(chosen(shop, {"orders"}) == "orders");
  CHECK(chosen(shop, {"+orders"}) == "orders stg_orders stg_orders_typed");
  CHECK(chosen(shop, {"stg_orders+"}) == "customers orders stg_orders stg_orders_typed");
  CHECK(chosen(shop, {"+stg_orders_typed+"}) == "orders stg_orders stg_orders_typed");
  CHECK(chosen(shop, {"tag:money", "customers"}) == "customers orders");
  CHECK(chosen(shop, {"source:shop"}) == "stg_orders");
  CHECK(chosen(shop, {"catalog/models/marts/"}) == "orders");
  CHECK(chosen(shop, {"catalog/models/mart"}).starts_with("no model"));
}
