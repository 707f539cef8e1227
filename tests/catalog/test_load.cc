#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "catalog/git_commit.h"
#include "catalog/golden.h"
#include "catalog/project_folder.h"

using namespace martgate;
using namespace martgate::catalog;
namespace fs = std::filesystem;

namespace {

std::string mistakes_of(const ProjectFolder& folder) {
  return to_lines(folder.load().diagnostics);
}

Project loaded_shop() {
  Loaded loaded = ProjectFolder::fixture("shop").load();
  REQUIRE_MESSAGE(loaded.project, to_lines(loaded.diagnostics));
  return std::move(*loaded.project);
}

constexpr const char* kCommit = "0123456789abcdef0123456789abcdef01234567";

std::string tool_text(const std::string& name, const std::string& more = "") {
  return "kind: metric_query\nname: " + name + "\ndescription: Numbers.\n" + more;
}

}  // namespace

TEST_CASE("load: a folder that is no project is one mistake") {
  ProjectFolder folder;
  CHECK(mistakes_of(folder) ==
        "martgate.yaml: the file is missing; a project folder holds martgate.yaml with at least a "
        "name\n");
  folder.write("martgate.yml", "name: x\n");
  CHECK(mistakes_of(folder) ==
        "martgate.yaml: the file is missing; rename martgate.yml to martgate.yaml\n");
  const Loaded nowhere = load_project(folder.path() / "nowhere");
  REQUIRE(nowhere.diagnostics.size() == 1);
  CHECK(nowhere.diagnostics[0].hints[0].starts_with("there is no folder "));
}

TEST_CASE("load: half a model is reported under the name of the missing file") {
  ProjectFolder folder = ProjectFolder::fixture("shop");
  folder.remove("catalog/models/marts/orders.sql");
  folder.write("catalog/models/staging/stg_extra.sql", "SELECT 1\n");
  folder.write("catalog/models/marts/ledger.sql", "\n\n");
  CHECK(mistakes_of(folder) ==
        "catalog/models/marts/ledger.sql:1:1: the file is empty; it holds one SELECT\n"
        "catalog/models/marts/orders.sql: the file is missing; catalog/models/marts/orders.yaml "
        "needs its SELECT beside it\n"
        "catalog/models/staging/stg_extra.yaml: the file is missing; "
        "catalog/models/staging/stg_extra.sql needs its columns and owner beside it\n");
}

TEST_CASE("load: files in places that are not read are mistakes, notes and hidden files are not") {
  ProjectFolder folder = ProjectFolder::fixture("shop");
  folder.write("catalog/README.md", "Notes.\n");
  folder.write("catalog/metrics/.draft.yaml", "}\n");
  folder.write("catalog/metrics/margin.yml", "kind: metric\n");
  folder.write("catalog/metrics/old/margin.yaml", "kind: metric\n");
  folder.write("catalog/models/orders.yaml", "kind: model\n");
  folder.write("catalog/models/mart/orders.yaml", "kind: model\n");
  folder.write("catalog/source/web.yaml", "kind: source\n");
  folder.write("catalog/question.yaml", "kind: questions\n");
  CHECK(mistakes_of(folder) ==
        "catalog/metrics/margin.yml: a file that is not read; rename it to .yaml\n"
        "catalog/metrics/old: a folder that is not read; files lie directly in catalog/metrics\n"
        "catalog/models/mart: a folder that is not read; accepted: staging, marts\n"
        "catalog/models/orders.yaml: a file that is not read; models lie in "
        "catalog/models/staging and catalog/models/marts\n"
        "catalog/question.yaml: a file that is not read; did you mean questions.yaml; accepted: "
        "sources, models, seeds, metrics, questions.yaml, jobs.yaml\n"
        "catalog/source: a folder that is not read; did you mean sources; accepted: sources, "
        "models, seeds, metrics, questions.yaml, jobs.yaml\n");
}

TEST_CASE("load: a link that leads out of the project is not followed") {
  const ProjectFolder folder = ProjectFolder::fixture("shop");
  ProjectFolder outside;
  outside.write("secret.yaml", "kind: metric\nname: secret\nmodel: orders\nagg: count\n");
  outside.store();
  folder.store();
  fs::create_symlink(outside.path() / "secret.yaml", folder.path() / "catalog/metrics/secret.yaml");
  const Loaded loaded = load_project(folder.path());
  CHECK(to_lines(loaded.diagnostics) ==
        "catalog/metrics/secret.yaml: a link that leads out of the project folder\n");
}

TEST_CASE("load: a file that cannot be read gives no second mistake where it is named") {
  ProjectFolder folder = ProjectFolder::fixture("shop");
  SUBCASE("a model that is not YAML") {
    folder.write("catalog/models/marts/orders.yaml", "kind: [model\n");
  }
  SUBCASE("a model that breaks its schema") {
    folder.replace("catalog/models/marts/orders.yaml", "layer: marts", "layers: marts");
  }
  SUBCASE("a model that breaks its schema, behind a relationship") {
    folder.replace("catalog/models/marts/customers.yaml", "layer: marts", "layers: marts");
  }
  SUBCASE("a metric that breaks its schema") {
    folder.replace("catalog/metrics/net_revenue.yaml", "agg: sum", "ag: sum");
  }
  const Loaded loaded = folder.load();
  const std::string lines = to_lines(loaded.diagnostics);
  CAPTURE(lines);
  REQUIRE_FALSE(loaded.diagnostics.empty());
  const std::string& file = loaded.diagnostics.front().file;
  CHECK(std::ranges::all_of(loaded.diagnostics,
                            [&](const Diagnostic& one) { return one.file == file; }));
}

TEST_CASE("load: one file's mistake does not hide another's") {
  ProjectFolder folder = ProjectFolder::fixture("shop");
  folder.write("catalog/models/marts/orders.yaml", "kind: [model\n");
  folder.replace("catalog/metrics/customer_count.yaml", "created_at", "creatd_at");
  const Loaded loaded = folder.load();
  REQUIRE(loaded.diagnostics.size() == 2);
  CHECK(loaded.diagnostics[0].file == "catalog/metrics/customer_count.yaml");
  CHECK(loaded.diagnostics[0].line == 5);
}

TEST_CASE("load: names are unique within their kind, across folders") {
  ProjectFolder folder = ProjectFolder::fixture("shop");
  folder.write("catalog/models/staging/orders.sql", "SELECT order_id FROM stg_orders\n");
  folder.write("catalog/models/staging/orders.yaml",
               "kind: model\nname: orders\nlayer: staging\ncolumns:\n"
               "  - {name: order_id, data_type: text}\n");
  CHECK(mistakes_of(folder).find("catalog/models/marts/orders.yaml:2:7: there are two of the model "
                                 "orders; the other is catalog/models/staging/orders.yaml\n") !=
        std::string::npos);
}

TEST_CASE("load: two tables never share a raw name") {
  ProjectFolder folder = ProjectFolder::fixture("shop");
  folder.write("catalog/sources/billing_eu.yaml",
               "kind: source\nname: billing_eu\ntables:\n"
               "  - {name: x, files: a.csv, columns: [{name: a, data_type: text}]}\n");
  folder.replace("catalog/sources/billing.yaml", "name: events", "name: eu_x");
  CHECK(mistakes_of(folder) ==
        "catalog/sources/billing_eu.yaml:4:12: two tables would be raw.billing_eu_x; the other is "
        "at catalog/sources/billing.yaml:15\n");
}

TEST_CASE("load: twenty mistakes at once are all told, in order") {
  ProjectFolder folder = ProjectFolder::fixture("shop");
  const char* orders = "catalog/models/marts/orders.yaml";
  const char* revenue = "catalog/metrics/net_revenue.yaml";
  folder.replace("martgate.yaml", "rows_max", "row_max");
  folder.replace("catalog/sources/billing.yaml", "period: day", "period: days");
  folder.replace("catalog/sources/billing.yaml", "description: Orders", "descripton: Orders");
  folder.replace("catalog/sources/crm.yaml", "files: crm/*.csv", "files: ../crm/*.csv");
  folder.write("catalog/models/staging/stg_extra.sql", "SELECT 1\n");
  folder.replace("catalog/models/staging/stg_orders.yaml", "[not_null, unique]", "[not_nul]");
  folder.replace("catalog/models/marts/ledger.yaml", "access: private",
                 "access: private\naccess: public");
  folder.replace(orders, "primary_key: [order_id]", "primary_key: [order_id, order_nr]");
  folder.replace(orders, "time}", "categorical}");
  folder.replace(orders, "values: [web, shop]", "values: [web, 2]");
  folder.replace(orders, "to_columns: [customer_id]", "to_columns: [segment]");
  folder.replace(revenue, "expr: net_amount", "expr: net_amont");
  folder.replace(revenue, "op: in, value: [paid, shipped]", "op: in, value: paid");
  folder.replace(revenue, "customer.segment, op", "customer.segmnt, op");
  folder.replace(revenue, "ordered_at]", "orderd_at]");
  folder.replace(revenue, "metric_time__month", "metric_time__mont");
  folder.replace("catalog/metrics/average_order_value.yaml", "name: order_count",
                 "name: customer_count");
  folder.replace("catalog/metrics/customer_count.yaml", "name: customer_count",
                 "name: customers_count");
  folder.replace("catalog/metrics/order_count.yaml", "kind: count", "kind: counts");
  folder.replace("catalog/questions.yaml", "metrics: [average_order_value]",
                 "metrics: [average_order_valu]");
  folder.write("tools/ask.yaml", "kind: metrics_query\nname: ask\ndescription: Numbers.\n");
  const Loaded loaded = folder.load();
  CHECK_FALSE(loaded.project);
  CHECK(loaded.diagnostics.size() >= 20);
  check_golden("twenty_mistakes.txt", to_lines(loaded.diagnostics));
  const Error error = to_error(loaded.diagnostics);
  CHECK(error.code == Code::InvalidArgument);
  CHECK(error.message == to_text(loaded.diagnostics[0]));
  CHECK(error.hints.size() + 1 == loaded.diagnostics.size());
}

TEST_CASE("load: a valid project says what its files say") {
  const Project shop = loaded_shop();
  CHECK(shop.settings.title == "Corner shop");
  CHECK(shop.settings.limits.rows_max == 500);
  CHECK(shop.settings.limits.vm_steps_max == 50'000'000);
  REQUIRE(shop.models.size() == 4);
  CHECK(shop.models[0].common.name == "customers");

  const Source* billing = shop.source("billing");
  REQUIRE(billing != nullptr);
  CHECK(billing->freshness.warn_after == std::chrono::minutes(26 * 60));
  CHECK(billing->freshness.error_after == std::chrono::minutes(3 * 24 * 60));
  CHECK(billing->credentials->last_rotated == "2026-09-01");
  CHECK(billing->tables[0].delimiter == ';');
  CHECK(billing->tables[0].columns[1].classification == Classification::Restricted);
  const SourceTable* events = shop.raw_table("billing_events");
  REQUIRE(events != nullptr);
  CHECK(events->format == FileFormat::Jsonl);
  CHECK(events->load == LoadMode::Snapshot);
  CHECK(shop.source_of_raw_table("crm_customers") == shop.source("crm"));
  CHECK(shop.raw_table("crm_nobody") == nullptr);

  const Model* orders = shop.model("orders");
  REQUIRE(orders != nullptr);
  CHECK(orders->common.label == "Orders");
  CHECK(orders->common.file == "catalog/models/marts/orders.yaml");
  CHECK(orders->sql_file == "catalog/models/marts/orders.sql");
  CHECK(orders->sql.starts_with("SELECT order_id"));
  CHECK(orders->column("net_amount")->scale == 2);
  CHECK(orders->column("channel")->synonyms == std::vector<std::string>{"medium"});
  CHECK(orders->relationship("customer")->to == "customers");
  REQUIRE(orders->tests.size() == 6);
  CHECK(orders->tests[1].name == "orders.channel.accepted_values");
  CHECK(orders->tests[1].severity == Severity::Warn);
  CHECK(orders->tests[1].line == 19);
  CHECK(orders->tests[2].where == "status <> 'test'");
  CHECK(orders->tests[3].name == "orders.unique");
  CHECK(orders->tests[5].name == "orders.no_refund_above_order");
  CHECK(std::get<SqlCheck>(orders->tests[5].check).high == 2);
  CHECK(shop.model("ledger")->access == Access::Private);
  // The private ledger has the same entity and is not found by it.
  CHECK(shop.mart_of_entity("order") == orders);

  const auto& revenue = std::get<SimpleMetric>(shop.metric("net_revenue")->definition);
  CHECK(revenue.agg_time_dimension == "ordered_at");
  CHECK(revenue.filter[0].values.size() == 2);
  CHECK(revenue.filter[1].op == FilterOp::Ne);
  CHECK(shop.metric("net_revenue")->examples[0].arguments_json ==
        R"({"group_by":["metric_time__month"],"metrics":["net_revenue"]})");
  const auto& ratio = std::get<RatioMetric>(shop.metric("average_order_value")->definition);
  CHECK(std::get<std::int64_t>(ratio.denominator.filter[0].values[0]) == 0);
  CHECK(shop.questions[1].id == "value_by_segment");
}

TEST_CASE("load: data and state folders start from the project, and options replace them") {
  const ProjectFolder folder = ProjectFolder::fixture("shop");
  const Loaded loaded = folder.load();
  REQUIRE(loaded.project);
  CHECK(loaded.project->root == folder.path());
  CHECK(loaded.project->settings.data_folder == folder.path() / "data");
  CHECK(loaded.project->settings.state_folder == folder.path() / "state");
  const Loaded other = folder.load({.data_folder = "/data/", .state_folder = "elsewhere"});
  REQUIRE(other.project);
  CHECK(other.project->settings.data_folder == "/data");
  CHECK(other.project->settings.state_folder == fs::current_path() / "elsewhere");
}

TEST_CASE("load: a project without a tools folder has the six standard tools") {
  const Project shop = loaded_shop();
  std::string names;
  for (const ToolDefinition& tool : shop.tools) {
    names += std::string(name_of(tool.kind)) + " " + tool.name + "\n";
    CHECK(tool.limits.rows_max == 500);
    CHECK(tool.file.empty());
    CHECK_FALSE(tool.title.empty());
    CHECK(tool.description.size() > 100);
    CHECK(tool.description.size() < 1'000);
  }
  CHECK(names ==
        "data_health check_health\ncatalog_describe describe_asset\n"
        "dimension_values list_dimension_values\nentity_lookup lookup_entity\n"
        "metric_query query_metrics\ncatalog_search search_catalog\n");
}

TEST_CASE("load: a tool's own limits narrow the project's and never widen them") {
  ProjectFolder folder = ProjectFolder::fixture("shop");
  folder.write("tools/ask.yaml", tool_text("ask", "limits: {rows_max: 10, wall_ms_max: 9000}\n"));
  const Loaded loaded = folder.load();
  REQUIRE_MESSAGE(loaded.project, to_lines(loaded.diagnostics));
  REQUIRE(loaded.project->tools.size() == 1);
  CHECK(loaded.project->tool("ask")->limits.rows_max == 10);
  CHECK(loaded.project->tool("ask")->limits.wall_ms_max == 2'000);
  CHECK(loaded.project->tool("ask")->file == "tools/ask.yaml");
}

TEST_CASE("load: more than fifteen tools, and a folder without one, are refused") {
  ProjectFolder folder = ProjectFolder::fixture("shop");
  for (int i = 0; i < 15; ++i) {
    const std::string name = "ask_" + std::to_string(i);
    folder.write("tools/" + name + ".yaml", tool_text(name));
  }
  CHECK(folder.load().project);
  folder.write("tools/ask_15.yaml", tool_text("ask_15"));
  CHECK(mistakes_of(folder) ==
        "tools: 16 tools; accepted: at most 15; agents choose badly among more\n");
  ProjectFolder empty = ProjectFolder::fixture("shop");
  empty.write("tools/README.md", "Nothing yet.\n");
  CHECK(mistakes_of(empty) ==
        "tools: a folder without a tool; remove it, and the six standard tools are there\n");
}

TEST_CASE("load: digests change with the meaning and not with the layout") {
  const Project before = loaded_shop();
  ProjectFolder folder = ProjectFolder::fixture("shop");
  folder.replace("catalog/metrics/order_count.yaml", "type: simple\n",
                 "# as it is\ntype:   simple\n\n");
  const Loaded spaced = folder.load();
  REQUIRE(spaced.project);
  CHECK(spaced.project->digest == before.digest);
  folder.replace("catalog/models/marts/orders.sql", "SELECT", "select");
  const Loaded changed = folder.load();
  REQUIRE(changed.project);
  CHECK(changed.project->digest != before.digest);
  CHECK(changed.project->model("orders")->common.digest != before.model("orders")->common.digest);
  CHECK(changed.project->model("customers")->common.digest ==
        before.model("customers")->common.digest);
  CHECK(before.digest.size() == 64);
}

TEST_CASE("git: the commit is found in loose and packed references, worktrees and detached heads") {
  ProjectFolder folder;
  const auto commit_in = [&](const char* below = "project") {
    folder.store();
    fs::create_directories(folder.path() / below);
    return git_commit_of(folder.path() / below);
  };
  SUBCASE("none") {
    folder.write(".git/HEAD", "ref: refs/heads/main\n");
    CHECK(commit_in().empty());
  }
  SUBCASE("a reference that climbs out of the folder is not followed") {
    folder.write("outside", std::string(kCommit) + "\n");
    folder.write(".git/HEAD", "ref: refs/../../outside\n");
    CHECK(commit_in().empty());
  }
  SUBCASE("loose") {
    folder.write(".git/HEAD", "ref: refs/heads/main\n");
    folder.write(".git/refs/heads/main", std::string(kCommit) + "\n");
    CHECK(commit_in() == kCommit);
    CHECK(commit_in("deep/er/project") == kCommit);
  }
  SUBCASE("packed") {
    folder.write(".git/HEAD", "ref: refs/heads/main\n");
    folder.write(".git/packed-refs", "# pack-refs with: peeled\n" + std::string(40, 'f') +
                                         " refs/heads/mainly\n" + kCommit + " refs/heads/main\n");
    CHECK(commit_in() == kCommit);
  }
  SUBCASE("detached") {
    folder.write(".git/HEAD", std::string(kCommit) + "\n");
    CHECK(commit_in() == kCommit);
  }
  SUBCASE("worktree") {
    folder.write("project/.git", "gitdir: ../main/.git/worktrees/project\n");
    folder.write("main/.git/worktrees/project/HEAD", "ref: refs/heads/topic\n");
    folder.write("main/.git/worktrees/project/commondir", "../..\n");
    folder.write("main/.git/refs/heads/topic", std::string(kCommit) + "\n");
    CHECK(commit_in() == kCommit);
  }
}

TEST_CASE("filters: every operator is found by its name") {
  for (const char* name :
       {"eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "contains", "is_null", "not_null"}) {
    const auto op = filter_op_named(name);
    REQUIRE(op);
    CHECK(name_of(*op) == name);
  }
  CHECK_FALSE(filter_op_named("like"));
}
