// A checked project: what the YAML and SQL files of a project folder say, as plain values.
// Everything here has been validated; names resolve, columns exist, nothing is half-filled.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/calendar.h"
#include "catalog/auth_settings.h"
#include "catalog/connector.h"
#include "catalog/contract.h"
#include "catalog/expression.h"
#include "catalog/jobs.h"

namespace martgate::catalog {

struct Owner {
  std::string team;
  std::string contact;
};

enum class Status : std::uint8_t { Draft, Active, Deprecated };
enum class Classification : std::uint8_t { Public, Internal, Confidential, Restricted };

// What every catalog object carries.
struct Common {
  std::string name;
  std::string label;  // the name when none is given
  std::string description;
  Owner owner;
  std::string domain;
  std::vector<std::string> tags;
  std::vector<std::string> synonyms;  // ai_context.synonyms
  std::string instructions;           // ai_context.instructions
  Status status = Status::Active;
  std::string replaced_by;
  std::string file;    // relative to the project folder
  std::string digest;  // SHA-256 hex of the object's canonical JSON; a model's covers its SQL too
};

// ---- sources

enum class LoadPattern : std::uint8_t { Batch, Polling, Webhook };
[[nodiscard]] std::string_view name_of(LoadPattern pattern);
enum class FileFormat : std::uint8_t { Csv, Jsonl };
enum class LoadMode : std::uint8_t { Append, Snapshot };

struct Freshness {
  std::optional<std::chrono::minutes> warn_after;
  std::optional<std::chrono::minutes> error_after;
};

// Whether a value says something about a person; words as in the General Data Protection
// Regulation.
enum class PersonalData : std::uint8_t { None, Indirect, Direct, Special };

// Verdicts that turn an answer into a refusal; all others are warnings.
struct TrustPolicy {
  bool refuse_warn = false;
  bool refuse_unknown = false;
  bool refuse_stale = false;
  bool refuse_fail = false;
};

struct SourceColumn {
  std::string name;
  std::string data_type;
  std::string description;
  bool required = false;
  bool unique = false;
  Classification classification = Classification::Internal;
  PersonalData personal_data = PersonalData::None;
  ColumnContract contract = {};
};

struct SourceTable {
  std::string name;
  std::string raw_name;  // "<source>_<table>", the table's name in the raw store
  std::string description;
  std::string files;  // glob under the data folder
  FileFormat format = FileFormat::Csv;
  LoadMode load = LoadMode::Append;
  char delimiter = ',';
  std::vector<std::string> primary_key;               // of the system's rows; may be empty
  std::vector<std::vector<std::string>> unique_keys;  // of several columns
  FileShape shape;
  DriftPolicy on_drift;
  VolumePolicy volume;
  Overlap overlap = Overlap::Skip;
  std::vector<SourceColumn> columns;
  std::optional<Extract> extract;  // instead of files, where the source has a connector
};

struct Credentials {
  int rotate_every_days = 0;
  std::string last_rotated;  // ISO date
};

// How the rows are shown to be complete.
struct Reconciliation {
  std::string rule;
  std::string against;  // may be empty
  std::string every;    // "month"; may be empty
  double tolerance_percent = 0;
};

struct Source {
  Common common;
  std::string system;
  LoadPattern pattern = LoadPattern::Batch;
  std::string schedule;
  Freshness freshness;
  std::optional<Credentials> credentials;
  std::optional<Reconciliation> reconciliation;
  std::vector<std::string> serves;  // ids of questions
  std::optional<Connector> connector;
  std::vector<SourceTable> tables;
};

// ---- filters and checks, shared by metrics, tests and queries

enum class FilterOp : std::uint8_t {
  Eq,
  Ne,
  Lt,
  Lte,
  Gt,
  Gte,
  In,
  NotIn,
  Contains,
  IsNull,
  NotNull,
};
[[nodiscard]] std::string_view name_of(FilterOp op);  // "not_in"
[[nodiscard]] std::optional<FilterOp> filter_op_named(std::string_view name);

using Scalar = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

struct Filter {
  std::string field;  // "channel", "customer.segment"
  FilterOp op = FilterOp::Eq;
  std::vector<Scalar> values;  // one, several for in/not_in, none for is_null/not_null
};

// ---- models

enum class Layer : std::uint8_t { Raw, Staging, Marts };
[[nodiscard]] std::string_view name_of(Layer layer);

enum class DataType : std::uint8_t { Text, Integer, Real, Decimal, Boolean, Date, Timestamp };
[[nodiscard]] std::string_view name_of(DataType type);

enum class DimensionType : std::uint8_t { None, Categorical, Time };
enum class EntityType : std::uint8_t { None, Primary, Foreign };
enum class Access : std::uint8_t { Public, Private };

struct Column {
  std::string name;
  std::string label;
  std::string description;
  DataType type = DataType::Text;
  int scale = 0;  // decimal only
  DimensionType dimension = DimensionType::None;
  EntityType entity_type = EntityType::None;
  std::string entity;
  std::vector<std::string> synonyms;
  Classification classification = Classification::Internal;
};

// Many to one: each row of the model has at most one row in `to`.
struct Relationship {
  std::string name;
  std::string to;
  std::vector<std::string> from_columns;
  std::vector<std::string> to_columns;
};

enum class Severity : std::uint8_t { Error, Warn };

struct NotNull {};
struct Unique {
  std::vector<std::string> columns;
};
struct AcceptedValues {
  std::vector<Scalar> values;
};
struct References {  // check "relationship"
  std::string to;
  std::string column;
};
struct Matches {
  std::string pattern;  // RE2, must match somewhere in the value
};
struct RowCount {
  std::optional<std::int64_t> min;
  std::optional<std::int64_t> max;
};
enum class Comparison : std::uint8_t {
  MustBe,
  MustNotBe,
  MustBeLessThan,
  MustBeLessOrEqualTo,
  MustBeGreaterThan,
  MustBeGreaterOrEqualTo,
  MustBeBetween,
  MustNotBeBetween,
};
struct SqlCheck {
  std::string query;  // one row, one column
  Comparison comparison = Comparison::MustBe;
  double low = 0;   // the operand; lower bound of between (included)
  double high = 0;  // upper bound of between (included)
};
// What the number of offenders must be; without one it must be 0.
struct Threshold {
  Comparison comparison = Comparison::MustBe;
  double low = 0;
  double high = 0;
  bool is_percent = false;  // of the rows that are tested
};
using Check =
    std::variant<NotNull, Unique, AcceptedValues, References, Matches, RowCount, SqlCheck>;

struct DataTest {
  std::string name;  // "orders.channel.accepted_values"
  std::string model;
  std::string column;  // empty for a model-level test
  Check check;
  Severity severity = Severity::Error;
  std::string where;                        // SQL condition, may be empty
  int line = 0;                             // in the model's YAML
  std::optional<Threshold> threshold = {};  // of tests that count offenders
};

// A row of a unit test: column and value; a column that is not named is NULL.
using UnitRow = std::vector<std::pair<std::string, Scalar>>;
struct UnitInput {
  std::string input;  // a model, or raw.<table>
  std::vector<UnitRow> rows;
};
struct UnitTest {
  std::string name;  // "orders.refunds_are_subtracted"
  std::string description;
  std::vector<UnitInput> given;
  std::vector<UnitRow> expect;  // in any order; columns that no row names are not compared
  int line = 0;                 // in the model's YAML
};

// How a mart grows by what is new instead of being computed whole.
struct Incremental {
  std::string time;   // rows from the newest time before, less late_days, are selected again
  int late_days = 0;  // how late a row may come and still be seen
  std::vector<std::string>
      unique_key;  // they replace rows of the same key; empty: all of that time
};

struct Model {
  Common common;
  Layer layer = Layer::Marts;
  Access access = Access::Public;
  bool is_seed = false;  // the rows of a CSV in git
  std::string sql;       // the SELECT
  std::string sql_file;  // relative to the project folder
  std::vector<std::string> primary_key;
  std::string agg_time_dimension;  // may be empty
  Freshness freshness;             // of the newest event, by agg_time_dimension
  std::vector<Column> columns;
  std::vector<Relationship> relationships;
  std::vector<DataTest> tests;
  std::optional<Incremental> incremental = {};
  std::vector<std::vector<std::string>> indexes = {};  // columns of each that is declared
  std::vector<UnitTest> unit_tests = {};

  [[nodiscard]] const Column* column(std::string_view column_name) const;
  [[nodiscard]] const Relationship* relationship(std::string_view relationship_name) const;
};

// ---- metrics

enum class Aggregation : std::uint8_t {
  Sum,
  Min,
  Max,
  Average,
  Median,
  Count,
  CountDistinct,
  SumBoolean,
};
[[nodiscard]] std::string_view name_of(Aggregation aggregation);

enum class UnitKind : std::uint8_t { Number, Currency, Count, Ratio, Duration };

struct Unit {
  UnitKind kind = UnitKind::Number;
  std::string code;  // EUR, days
  int scale = 0;     // the expression is an integer times 10^scale
};

struct SimpleMetric {
  std::string model;
  Aggregation agg = Aggregation::Sum;
  std::string expr;  // SQL over the model's columns; empty for a plain count
  std::vector<Filter> filter;
  std::string agg_time_dimension;  // the model's when it names none; may be empty
  bool zero_when_empty = false;    // fill_null_with: 0
};
// "7 days", "1 month"
struct TimeSpan {
  int count = 0;
  Grain grain = Grain::Day;

  friend bool operator==(const TimeSpan&, const TimeSpan&) = default;
};

// Another metric, of any type, under further conditions.
struct MetricInput {
  std::string metric;
  std::vector<Filter> filter;
  std::string alias = {};  // in a derived metric's expression; the metric's name if none is given
  std::optional<TimeSpan> offset_window = {};  // its value so much earlier
  std::optional<Grain> offset_to_grain = {};   // its value at the beginning of the grain
};
struct RatioMetric {
  MetricInput numerator;
  MetricInput denominator;
};
struct DerivedMetric {
  std::string expr;  // as written
  Expression expression;
  std::vector<MetricInput> inputs;
};

// Its input over more days than those of the period. Neither window nor grain_to_date: all time.
struct CumulativeMetric {
  MetricInput input;
  std::optional<TimeSpan> window;      // so long up to the end of the period
  std::optional<Grain> grain_to_date;  // from the beginning of the grain to the end of the period
  bool first_day_of_period = false;    // period_agg: first; the value of a period's last day if not
};

struct Example {
  std::string question;
  std::string arguments_json;
};

// A number, or a table of them, that people trust and the metric must equal.
struct TieOut {
  std::string name;              // "net_revenue.annual_report_2025"
  std::string report;            // where the trusted number comes from
  std::string arguments_json;    // of the query; the metric is the one that declares it
  std::optional<double> equals;  // a query without groups
  std::string file;              // a CSV of the project: groups as in group_by, then the value
  double tolerance = 0;
  bool is_percent = false;  // the tolerance is a share of the trusted number
  Severity severity = Severity::Error;
};

struct Metric {
  Common common;
  std::variant<SimpleMetric, RatioMetric, DerivedMetric, CumulativeMetric> definition;
  std::vector<std::string> dimensions;  // allow-list; empty = all
  Unit unit;
  std::optional<TrustPolicy> trust;  // the project's when absent
  std::vector<Example> examples;
  std::vector<TieOut> tie_outs = {};
};

// Of a ratio the numerator, then the denominator; none of a simple metric.
[[nodiscard]] std::vector<const MetricInput*> inputs_of(const Metric& metric);

// ---- questions and tools

struct Question {
  std::string id;
  std::string question;
  std::string asked_by;
  std::string cadence;
  std::vector<std::string> metrics;
  std::vector<std::string> group_by;
};

enum class ToolKind : std::uint8_t {
  CatalogSearch,
  CatalogDescribe,
  MetricQuery,
  DimensionValues,
  EntityLookup,
  DataHealth,
};
[[nodiscard]] std::string_view name_of(ToolKind kind);  // "metric_query"

struct Limits {
  std::int64_t rows_max = 1'000;
  std::int64_t wall_ms_max = 5'000;
  std::int64_t vm_steps_max = 50'000'000;
  std::int64_t response_bytes_max = 1'048'576;
};

struct ToolDefinition {
  ToolKind kind = ToolKind::MetricQuery;
  std::string name;
  std::string title;
  std::string description;
  Limits limits;     // the project's, narrowed by the tool's own
  std::string file;  // empty for a standard tool
  std::string digest;
};

// ---- the whole

struct Settings {
  std::string name;
  std::string title;
  std::string description;
  std::filesystem::path data_folder;   // absolute
  std::filesystem::path state_folder;  // absolute
  std::string http_address = "127.0.0.1:8765";
  AuthSettings auth;
  Limits limits;
  TrustPolicy trust;
  int snapshots_keep = 5;
};

struct Project {
  std::filesystem::path root;  // absolute
  Settings settings;
  // Sorted by name.
  std::vector<Source> sources;
  std::vector<Model> models;
  std::vector<Metric> metrics;
  std::vector<ToolDefinition> tools;
  std::vector<Question> questions;  // in file order
  Jobs jobs;                        // say when, not what: the digest leaves them out
  std::string digest;  // SHA-256 hex over every object's digest, in order of kind and name
  std::string commit;  // git commit the folder stands on, as HEAD names it; may be empty

  [[nodiscard]] const Source* source(std::string_view name) const;
  [[nodiscard]] const Model* model(std::string_view name) const;
  [[nodiscard]] const Metric* metric(std::string_view name) const;
  // The simple metrics that `metric` is computed from, each once, in the order of its definition;
  // a simple one is its own.
  [[nodiscard]] std::vector<const Metric*> simple_metrics_of(const Metric& metric) const;
  [[nodiscard]] const ToolDefinition* tool(std::string_view name) const;
  [[nodiscard]] const SourceTable* raw_table(std::string_view raw_name) const;
  [[nodiscard]] const Source* source_of_raw_table(std::string_view raw_name) const;
  // The public mart whose primary entity is `entity`, or null.
  [[nodiscard]] const Model* mart_of_entity(std::string_view entity) const;
};

}  // namespace martgate::catalog
