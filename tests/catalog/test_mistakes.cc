// One change to a valid project, one mistake found: at its place, with what would be accepted.
#include <doctest/doctest.h>

#include <array>
#include <string>

#include "catalog/golden.h"
#include "catalog/project_folder.h"

using namespace martgate::catalog;

namespace {

constexpr const char* kSettings = "martgate.yaml";
constexpr const char* kBilling = "catalog/sources/billing.yaml";
constexpr const char* kStaging = "catalog/models/staging/stg_orders.yaml";
constexpr const char* kOrders = "catalog/models/marts/orders.yaml";
constexpr const char* kCustomers = "catalog/models/marts/customers.yaml";
constexpr const char* kLedger = "catalog/models/marts/ledger.yaml";
constexpr const char* kRevenue = "catalog/metrics/net_revenue.yaml";
constexpr const char* kCount = "catalog/metrics/order_count.yaml";
constexpr const char* kAverage = "catalog/metrics/average_order_value.yaml";
constexpr const char* kJobs = "catalog/jobs.yaml";
constexpr const char* kQuestions = "catalog/questions.yaml";

// What makes average_order_value a ratio.
constexpr const char* kRatioLines =
    "type: ratio\nnumerator: net_revenue\n"
    "denominator: {name: order_count, filter: [{field: items, op: gt, value: 0}]}\n";

struct Case {
  const char* name;
  const char* file;
  const char* from;
  const char* to;
};

const std::array kCases{
    Case{"an unknown key", kRevenue, "label: Net", "lable: Net"},
    Case{"a missing key", kRevenue, "model: orders\n", ""},
    Case{"a wrong type", kCustomers, "layer: marts", "layer: [marts]"},
    Case{"a value outside its list", kRevenue, "agg: sum", "agg: summ"},
    Case{"a name that is not snake_case", kBilling, "  - name: orders", "  - name: Orders"},
    Case{"a key of another metric type", kCount, "agg: count",
         "agg: count\nnumerator: net_revenue"},
    Case{"a key that a ratio does not have", kAverage, "type: ratio", "type: ratio\nmodel: orders"},
    Case{"an aggregation without an expression", kRevenue, "expr: net_amount\n", ""},
    Case{"a decimal without a scale", kOrders, "data_type: decimal, scale: 2",
         "data_type: decimal"},
    Case{"a scale on something else", kOrders, "items, data_type: integer",
         "items, data_type: integer, scale: 2"},
    Case{"an unknown column test", kOrders, "      - not_null", "      - not_nul"},
    Case{"an unknown model test", kOrders, "row_count: {min: 1}", "row_cont: {min: 1}"},
    Case{"two checks in one test", kOrders, "row_count: {min: 1}",
         "row_count: {min: 1}, unique: {columns: [order_id]}"},
    Case{"a currency without a code", kAverage, ", code: EUR", ""},
    Case{"a delimiter on jsonl", kBilling, "format: jsonl", "format: jsonl\n    delimiter: \",\""},
    Case{"a name that differs from its file", kCount, "name: order_count", "name: orders_count"},
    Case{"a layer that differs from its folder", kStaging, "layer: staging", "layer: marts"},
    Case{"a day that does not exist", kBilling, "2026-09-01", "2026-09-31"},
    Case{"an absolute file pattern", kBilling, "billing/orders-*.csv", "/billing/orders-*.csv"},
    Case{"a file pattern that climbs", kBilling, "billing/orders-*.csv", "../orders-*.csv"},
    Case{"a warning later than the error", kBilling, "count: 26", "count: 226"},
    Case{"source columns that differ in case alone", kBilling, "name: Email", "name: orderid"},
    Case{"a source column that every raw table has", kBilling, "name: Email", "name: _row"},
    Case{"a primary key that is no column of the table", kBilling, "    delimiter: \";\"",
         "    delimiter: \";\"\n    primary_key: [OrderNo]"},
    Case{"personal data that is public", kBilling, "classification: restricted",
         "classification: public, personal_data: direct"},
    Case{"an unknown kind of personal data", kBilling, "classification: restricted",
         "classification: restricted, personal_data: directly"},
    Case{"a source that serves an unknown question", kBilling, "system: stripe",
         "system: stripe\nserves: [revenue_by_months]"},
    Case{"a model's freshness without a time", kCustomers, "layer: marts",
         "layer: marts\nfreshness: {warn_after: {count: 1, period: day}}"},
    Case{"an unknown verdict to refuse", kRevenue, "model: orders",
         "model: orders\ntrust: {refuse: [stall]}"},
    Case{"a trust without a rule", kSettings, "title: Corner shop", "trust: {}"},
    Case{"a reconciliation without a rule", kBilling, "system: stripe",
         "system: stripe\nreconciliation: {against: ledger}"},
    Case{"a job that loads an unknown source", kJobs, "ingest: [billing]", "ingest: [biling]"},
    Case{"a schedule with too few fields", kJobs, "30 2 * * *", "30 2 * *"},
    Case{"a schedule with an unknown weekday", kJobs, "30 2 * * *", "30 2 * * mun"},
    Case{"a schedule on a day no year has", kJobs, "30 2 * * *", "30 2 30 2 *"},
    Case{"an unknown time zone", kJobs, "Europe/Berlin", "Europe/Berln"},
    Case{"a schedule by cron and by interval", kJobs, "every: 15m", "every: 15m, cron: 0 1 * * *"},
    Case{"an interval under a minute", kJobs, "every: 15m", "every: 15s"},
    Case{"a span without its unit", kJobs, "timeout: 45m", "timeout: 45"},
    Case{"two jobs of one name", kJobs, "name: hourly", "name: nightly"},
    Case{"an unknown step", kJobs, "- build", "- biuld"},
    Case{"alerts over two channels", kJobs, "file: alerts.jsonl",
         "file: alerts.jsonl, webhook_env: HOOK"},
    Case{"an alert file outside the state folder", kJobs, "alerts.jsonl", "../alerts.jsonl"},
    Case{"a job without an owner", kJobs, "    owner: {team: finance}\n    schedule: {every",
         "    schedule: {every"},
    Case{"a listen address without a port", kSettings, "title: Corner shop",
         "server: {http: localhost}"},
    Case{"a column twice", kOrders, "name: is_gift", "name: status"},
    Case{"a column called like a period", kOrders, "name: is_gift", "name: gift__month"},
    Case{"a time dimension on text", kOrders, "{name: status, data_type: text}",
         "{name: status, data_type: text, dimension: {type: time}}"},
    Case{"a primary entity beside the primary key", kOrders, "primary_key: [order_id]",
         "primary_key: [customer_id]"},
    Case{"a primary key that is no column", kOrders, "primary_key: [order_id]",
         "primary_key: [order_id, order_no]"},
    Case{"an unknown model time", kOrders, "agg_time_dimension: ordered_at",
         "agg_time_dimension: order_at"},
    Case{"a model time that is no time", kOrders, "agg_time_dimension: ordered_at",
         "agg_time_dimension: channel"},
    Case{"an accepted value of another type", kOrders, "values: [web, shop]", "values: [web, 1]"},
    Case{"a pattern that is not RE2", kOrders, R"("^[a-z]+$")", R"("(?<=a)b")"},
    Case{"a pattern on a number", kOrders, "items, data_type: integer",
         "items, data_type: integer, tests: [{matches: {pattern: x}}]"},
    Case{"a test twice", kOrders, "      - not_null",
         "      - not_null\n      - not_null: {where: items > 0}"},
    Case{"a reference to an unknown model", kOrders, "items, data_type: integer",
         "items, data_type: integer, tests: [{relationship: {to: custmers, column: customer_id}}]"},
    Case{"a reference to an unknown column", kOrders, "items, data_type: integer",
         "items, data_type: integer, tests: [{relationship: {to: customers, column: id}}]"},
    Case{
        "a reference to a column of another type", kOrders, "items, data_type: integer",
        "items, data_type: integer, tests: [{relationship: {to: customers, column: customer_id}}]"},
    Case{"a unique test on an unknown column", kOrders, "columns: [customer_id, ordered_at]",
         "columns: [customer_id, order_at]"},
    Case{"a row count with nothing to count", kOrders, "row_count: {min: 1}",
         "row_count: {severity: warn}"},
    Case{"a row count turned around", kOrders, "row_count: {min: 1}",
         "row_count: {min: 5, max: 1}"},
    Case{"a sql test without a comparison", kOrders, ", must_be_between: [0, 2]", ""},
    Case{"a sql test with two comparisons", kOrders, "must_be_between: [0, 2]",
         "must_be: 0, must_not_be: 1"},
    Case{"a relationship to an unknown model", kOrders, "to: customers", "to: customer"},
    Case{"a relationship that is not many to one", kOrders, "to_columns: [customer_id]",
         "to_columns: [segment]"},
    Case{"a relationship to an unknown column", kOrders, "to_columns: [customer_id]",
         "to_columns: [customr_id]"},
    Case{"a relationship from an unknown column", kOrders, "from_columns: [customer_id]",
         "from_columns: [customr_id]"},
    Case{"a relationship from a column of another type", kOrders, "from_columns: [customer_id]",
         "from_columns: [items]"},
    Case{"a relationship with more columns here", kOrders, "from_columns: [customer_id]",
         "from_columns: [customer_id, status]"},
    Case{"a relationship to a private mart", kOrders,
         "to: customers, from_columns: [customer_id], to_columns: [customer_id]}",
         "to: customers, from_columns: [customer_id], to_columns: [customer_id]}\n  - {name: "
         "entry, to: ledger, from_columns: [items], to_columns: [entry_id]}"},
    Case{"a relationship of a mart to staging", kOrders,
         "to: customers, from_columns: [customer_id], to_columns: [customer_id]}",
         "to: customers, from_columns: [customer_id], to_columns: [customer_id]}\n  - {name: "
         "raw_order, to: stg_orders, from_columns: [order_id], to_columns: [order_id]}"},
    Case{"a relationship with the name of a column", kOrders,
         "to: customers, from_columns: [customer_id], to_columns: [customer_id]}",
         "to: customers, from_columns: [customer_id], to_columns: [customer_id]}\n  - {name: "
         "status, to: customers, from_columns: [customer_id], to_columns: [customer_id]}"},
    Case{"an entity that is primary in two public marts", kLedger, "access: private\n", ""},
    Case{"a metric on an unknown model", kCount, "model: orders", "model: order"},
    Case{"a metric on staging", kCount, "model: orders", "model: stg_orders"},
    Case{"a metric on a private mart", kCount, "model: orders", "model: ledger"},
    Case{"an unknown metric time", kCount, "agg: count", "agg: count\nagg_time_dimension: ordered"},
    Case{"a metric time that is no time", kCount, "agg: count",
         "agg: count\nagg_time_dimension: channel"},
    Case{"an expression that is an unknown column", kRevenue, "expr: net_amount",
         "expr: net_amont"},
    Case{"a sum of text", kRevenue, "expr: net_amount", "expr: status"},
    Case{"a sum of a boolean", kRevenue, "expr: net_amount", "expr: is_gift"},
    Case{"a scale that differs from the column's", kRevenue, "scale: 2", "scale: 3"},
    Case{"a unit without the column's scale", kRevenue, ", scale: 2", ""},
    Case{"a count with a scale", kCount, "{kind: count}", "{kind: count, scale: 2}"},
    Case{"a filter on an unknown column", kRevenue, "field: status", "field: state"},
    Case{"a filter on an unknown related column", kRevenue, "{field: customer.segment",
         "{field: customer.segmnt"},
    Case{"a filter over an unknown relationship", kRevenue, "{field: customer.segment",
         "{field: customers.segment"},
    Case{"a filter value of another type", kAverage, "op: gt, value: 0", "op: gt, value: many"},
    Case{"a list for one value", kRevenue, "op: ne, value: test", "op: ne, value: [test]"},
    Case{"one value for a list", kRevenue, "op: in, value: [paid, shipped]", "op: in, value: paid"},
    Case{"a filter without a value", kRevenue, "op: ne, value: test", "op: ne"},
    Case{"a value where none belongs", kRevenue, "op: ne, value: test", "op: is_null, value: test"},
    Case{"contains on a number", kAverage, "op: gt, value: 0", "op: contains, value: many"},
    Case{"an order on a boolean", kAverage, "{field: items, op: gt, value: 0}",
         "{field: is_gift, op: gt, value: true}"},
    Case{"a decimal with too many digits", kAverage, "{field: items, op: gt, value: 0}",
         "{field: net_amount, op: gt, value: 0.005}"},
    Case{"a filter day that does not exist", kAverage, "{field: items, op: gt, value: 0}",
         "{field: ordered_at, op: gte, value: 2026-02-30}"},
    Case{"an unknown grain in a filter", kAverage, "{field: items, op: gt, value: 0}",
         "{field: ordered_at__mnth, op: gte, value: 2026-02-01}"},
    Case{"an unknown dimension in the allow-list", kRevenue,
         "[channel, customer.segment, ordered_at]", "[chanel, customer.segment, ordered_at]"},
    Case{"a fact in the allow-list", kRevenue, "[channel, customer.segment, ordered_at]",
         "[items]"},
    Case{"a restricted dimension in the allow-list", kRevenue, "ordered_at]", "customer.email]"},
    Case{"a grain in the allow-list", kRevenue, "ordered_at]", "ordered_at__month]"},
    Case{"metric_time in the allow-list", kRevenue, "ordered_at]", "metric_time]"},
    Case{"a ratio of an unknown metric", kAverage, "numerator: net_revenue",
         "numerator: net_revenu"},
    Case{"a ratio of ratios", kAverage, "numerator: net_revenue", "numerator: average_order_value"},
    Case{"a ratio over two marts", kAverage,
         "name: order_count, filter: [{field: items, op: gt, value: 0}]", "name: customer_count"},
    Case{"a derived metric whose expression uses what is no input", kAverage, kRatioLines,
         "type: derived\nexpr: net_revenue / orders\ninput_metrics: [net_revenue, order_count]\n"},
    Case{"a derived metric with an input it does not use", kAverage, kRatioLines,
         "type: derived\nexpr: 2 * net_revenue\ninput_metrics: [net_revenue, order_count]\n"},
    Case{"a derived metric with two inputs of one name", kAverage, kRatioLines,
         "type: derived\nexpr: net_revenue / 2\ninput_metrics: [net_revenue, net_revenue]\n"},
    Case{"a derived metric with a condition its input does not understand", kAverage, kRatioLines,
         "type: derived\nexpr: net_revenue / 2\ninput_metrics:\n"
         "  - {name: net_revenue, filter: [{field: colour, op: eq, value: red}]}\n"},
    Case{"a derived metric that names a model", kAverage, kRatioLines,
         "type: derived\nmodel: orders\nexpr: net_revenue / 2\ninput_metrics: [net_revenue]\n"},
    Case{"an unknown metric in an example", kRevenue, "metrics: [net_revenue]",
         "metrics: [net_revenues]"},
    Case{"an unknown dimension in an example", kRevenue, "group_by: [metric_time__month]",
         "group_by: [metric_time__month, segment]"},
    Case{"an unknown metric in a question", kQuestions, "metrics: [average_order_value]",
         "metrics: [average_value]"},
    Case{"a question split by a dimension outside the allow-list", kQuestions,
         "[metric_time__month, channel]", "[metric_time__month, is_gift]"},
    Case{"a question with an unknown period", kQuestions, "[metric_time__month, channel]",
         "[metric_time__decade, channel]"},
    Case{"a question with a grain on a word", kQuestions, "[metric_time__month, channel]",
         "[metric_time__month, channel__month]"},
    Case{"a question over two meanings of a name", kQuestions,
         "metrics: [average_order_value], group_by: [customer.segment]",
         "metrics: [order_count, customer_count], group_by: [channel]"},
    Case{"a question twice", kQuestions, "value_by_segment", "revenue_by_month"},
    Case{"metric_time of a metric without a time", kQuestions,
         "metrics: [average_order_value], group_by: [customer.segment]",
         "metrics: [segment_count], group_by: [metric_time]"},
    Case{"a successor that does not exist", kCount, "agg: count",
         "agg: count\nstatus: deprecated\nreplaced_by: orders_counted"},
    Case{"a successor that is the object itself", kCount, "agg: count",
         "agg: count\nreplaced_by: order_count"},
    Case{"a list of questions with another name", kQuestions, "name: questions", "name: other"},
};

}  // namespace

TEST_CASE("load: each mistake is refused once, at its place") {
  std::string report;
  for (const Case& one : kCases) {
    CAPTURE(one.name);
    ProjectFolder folder = ProjectFolder::fixture("shop");
    folder.replace(one.file, one.from, one.to);
    const Loaded loaded = folder.load();
    CHECK_FALSE(loaded.project);
    CHECK_MESSAGE(loaded.diagnostics.size() == 1, to_lines(loaded.diagnostics));
    report += std::string("# ") + one.name + "\n" + to_lines(loaded.diagnostics) + "\n";
  }
  check_golden("mistakes.txt", report);
}
