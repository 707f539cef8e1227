// The demo company's catalog as resources and prompts.
#include <doctest/doctest.h>

#include <algorithm>

#include "catalog/load.h"
#include "gate/prompts.h"
#include "gate/resources.h"
#include "support/golden.h"

using namespace martgate;
using namespace martgate::gate;

namespace {

std::shared_ptr<const World> world_of(catalog::Project project) {
  auto world = make_world(std::move(project));
  REQUIRE(world);
  return *world;
}

catalog::Project company() {
  auto loaded = catalog::load_project(MARTGATE_SOURCE_DIR);
  REQUIRE(loaded.project);
  return std::move(*loaded.project);
}

catalog::Project company_without(catalog::ToolKind kind) {
  catalog::Project project = company();
  std::erase_if(project.tools, [&](const auto& tool) { return tool.kind == kind; });
  return project;
}

}  // namespace

TEST_CASE("resources: every listed address can be read, and names what the tool describes") {
  const auto world = world_of(company());
  const auto listed = resources_of(*world);
  REQUIRE(listed.size() > 50);
  for (const ResourceListing& listing : listed) {
    CAPTURE(listing.uri);
    const auto call = resource_call(*world, listing.uri);
    REQUIRE(call);
    CHECK(call->tool == "describe_asset");
    CHECK(listing.uri.starts_with("martgate://"));
    CHECK_FALSE(listing.description.empty());
  }
  CHECK(resource_call(*world, "martgate://model/orders")->asset == "mart.orders");
}

TEST_CASE(
    "resources: a staging model, a path and another scheme are unknown, with near addresses") {
  const auto world = world_of(company());
  for (const char* uri : {"martgate://model/stg_shop_orders", "martgate://metric/../../etc/passwd",
                          "martgate://metric/", "file:///etc/passwd",
                          "martgate://metric/net_revenue/", "MARTGATE://metric/net_revenue", ""}) {
    CAPTURE(uri);
    const auto call = resource_call(*world, uri);
    REQUIRE_FALSE(call);
    CHECK(call.error().reason == "unknown_resource");
  }
  const auto near = resource_call(*world, "martgate://metric/net_revenu");
  REQUIRE_FALSE(near);
  CHECK(near.error().hints.front().find("martgate://metric/net_revenue") != std::string::npos);
}

TEST_CASE("resources: a project that does not expose the describing tool has none") {
  const auto world = world_of(company_without(catalog::ToolKind::CatalogDescribe));
  CHECK(resources_of(*world).empty());
  CHECK(resource_templates_of(*world).empty());
  CHECK_FALSE(resource_call(*world, "martgate://metric/net_revenue"));
  CHECK_FALSE(resource_names(*world, "martgate://metric/{name}", "name", ""));
}

TEST_CASE("resources: a template's variable completes to catalog names only") {
  const auto world = world_of(company());
  const auto names = resource_names(*world, "martgate://metric/{name}", "name", "net_");
  REQUIRE(names);
  CHECK(std::ranges::find(*names, "net_revenue") != names->end());
  CHECK(std::ranges::all_of(*names, [](const auto& name) { return name.starts_with("net_"); }));
  const auto marts = resource_names(*world, "martgate://model/{name}", "name", "stg_");
  REQUIRE(marts);
  CHECK(marts->empty());
  CHECK_FALSE(resource_names(*world, "martgate://metric/{name}", "id", ""));
}

TEST_CASE("prompts: names are unique, and every one renders without arguments") {
  const auto world = world_of(company());
  std::vector<std::string> names;
  for (const PromptListing& listing : prompts_of(*world)) {
    CAPTURE(listing.name);
    names.push_back(listing.name);
    CHECK(std::ranges::none_of(listing.arguments, &PromptArgument::required));
    const auto text = prompt_text(*world, listing.name, {});
    REQUIRE(text);
    CHECK(text->find("query_metrics") != std::string::npos);
  }
  REQUIRE(names.size() > 20);
  CHECK(names.front() == "weekly_review");
  std::ranges::sort(names);
  CHECK(std::ranges::adjacent_find(names) == names.end());
}

TEST_CASE("prompts: the weekly review and one question read as a person would write them") {
  const auto world = world_of(company());
  const auto review =
      prompt_text(*world, "weekly_review", {{"from", "2026-03-01"}, {"asked_by", "owner"}});
  REQUIRE(review);
  const auto question =
      prompt_text(*world, "revenue_by_month", {{"from", "2026-01-01"}, {"to", "2026-04-01"}});
  REQUIRE(question);
  check_golden(std::filesystem::path(MARTGATE_SOURCE_DIR) / "tests/gate/goldens/prompts.txt",
               *review + "\n----\n" + *question);
}

TEST_CASE("prompts: a wrong argument is refused and named") {
  const auto world = world_of(company());
  const auto reason = [&](std::string_view name, PromptArguments arguments) {
    const auto text = prompt_text(*world, name, arguments);
    REQUIRE_FALSE(text);
    return text.error().reason;
  };
  CHECK(reason("weekly_reviews", {}) == "unknown_prompt");
  CHECK(reason("weekly_review", {{"form", "2026-01-01"}}) == "prompt_argument");
  CHECK(reason("weekly_review", {{"from", "2026-02-30"}}) == "prompt_argument");
  CHECK(reason("weekly_review", {{"from", "2026-02-01"}, {"to", "2026-02-01"}}) ==
        "prompt_argument");
  CHECK(reason("weekly_review", {{"asked_by", "nobody"}}) == "prompt_argument");
  CHECK(reason("revenue_by_month", {{"asked_by", "owner"}}) == "prompt_argument");
}

TEST_CASE("prompts: who asks is completed from the questions of that review") {
  const auto world = world_of(company());
  CHECK(*prompt_values(*world, "weekly_review", "asked_by", "own") ==
        std::vector<std::string>{"owner"});
  CHECK(prompt_values(*world, "weekly_review", "from", "2")->empty());
  CHECK_FALSE(prompt_values(*world, "weekly_review", "nothing", ""));
}

TEST_CASE("prompts: without a tool that answers metric queries there are none") {
  CHECK(prompts_of(*world_of(company_without(catalog::ToolKind::MetricQuery))).empty());
}
