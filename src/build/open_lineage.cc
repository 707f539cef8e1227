#include "build/open_lineage.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/json_writer.h"

namespace martgate::build {
namespace {

constexpr std::string_view kProducer = "urn:martgate:build";
constexpr std::string_view kSchemaFacet =
    "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet";
constexpr std::string_view kColumnLineageFacet =
    "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/"
    "ColumnLineageDatasetFacet";
constexpr std::string_view kStatisticsFacet =
    "https://openlineage.io/spec/facets/1-0-2/OutputStatisticsOutputDatasetFacet.json#/$defs/"
    "OutputStatisticsOutputDatasetFacet";
constexpr std::string_view kSqlFacet =
    "https://openlineage.io/spec/facets/1-0-1/SQLJobFacet.json#/$defs/SQLJobFacet";

// The form of a random UUID (RFC 9562, version 4).
std::string uuid_of(RandomBits128 bits) {
  bits[6] = static_cast<std::uint8_t>((bits[6] & 0x0FU) | 0x40U);
  bits[8] = static_cast<std::uint8_t>((bits[8] & 0x3FU) | 0x80U);
  std::string text;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text += fmt::format("{:02x}", bits[i]);
  }
  return text;
}

class Events {
 public:
  Events(const catalog::Project& project, const BuildPlan& plan, const engine::SnapshotFacts* facts,
         WallTime at)
      : project_(project),
        plan_(plan),
        facts_(facts),
        at_(to_rfc3339(at)),
        namespace_("martgate://" + project.settings.name) {}

  [[nodiscard]] std::string event(const catalog::Model& model, std::string_view type,
                                  const std::string& run) const {
    std::string text;
    JsonWriter json(text);
    json.begin_object().field("eventType", type).field("eventTime", at_);
    json.field("producer", kProducer).field("schemaURL", kOpenLineageSchema);
    json.key("run").begin_object().field("runId", run).end_object();
    json.key("job").begin_object().field("namespace", namespace_).field("name", model.common.name);
    json.key("facets").begin_object().key("sql").begin_object();
    begin_facet(json, kSqlFacet);
    json.field("query", model.sql).end_object().end_object().end_object();
    json.key("inputs").begin_array();
    for (const engine::LineageEdge& edge : plan_.lineage) {
      if (edge.model != model.common.name) continue;
      json.begin_object().field("namespace", namespace_);
      json.field("name", dataset(edge.reads_layer, edge.reads)).key("facets").begin_object();
      write_schema(json, edge);
      json.end_object().end_object();
    }
    json.end_array().key("outputs").begin_array().begin_object().field("namespace", namespace_);
    json.field("name", dataset(catalog::name_of(model.layer), model.common.name));
    json.key("facets").begin_object();
    write_schema(json, model);
    write_columns(json, model);
    json.end_object();
    const engine::BuiltModel* built =
        facts_ == nullptr ? nullptr : facts_->model(model.common.name);
    if (built != nullptr && type == "COMPLETE") {
      json.key("outputFacets").begin_object().key("outputStatistics").begin_object();
      begin_facet(json, kStatisticsFacet);
      json.field("rowCount", built->rows).end_object().end_object();
    }
    json.end_object().end_array().end_object();
    return text;
  }

 private:
  static std::string dataset(std::string_view layer, std::string_view name) {
    return fmt::format("{}.{}", layer, name);
  }

  static void begin_facet(JsonWriter& json, std::string_view schema) {
    json.field("_producer", kProducer).field("_schemaURL", schema);
  }

  static void write_schema(JsonWriter& json, const catalog::Model& model) {
    json.key("schema").begin_object();
    begin_facet(json, kSchemaFacet);
    json.key("fields").begin_array();
    for (const catalog::Column& column : model.columns) {
      json.begin_object().field("name", column.name).field("type", catalog::name_of(column.type));
      if (!column.description.empty()) json.field("description", column.description);
      json.end_object();
    }
    json.end_array().end_object();
  }

  void write_schema(JsonWriter& json, const engine::LineageEdge& edge) const {
    if (const catalog::Model* model = project_.model(edge.reads);
        model != nullptr && edge.reads_layer != "raw")
      return write_schema(json, *model);
    const catalog::SourceTable* table = project_.raw_table(edge.reads);
    if (table == nullptr) return;
    json.key("schema").begin_object();
    begin_facet(json, kSchemaFacet);
    json.key("fields").begin_array();
    for (const catalog::SourceColumn& column : table->columns) {
      json.begin_object().field("name", column.name).field("type", "text").end_object();
    }
    json.end_array().end_object();
  }

  // DIRECT: the value is made from it. INDIRECT, of the whole dataset: it decides which rows exist.
  void write_columns(JsonWriter& json, const catalog::Model& model) const {
    std::map<std::string, std::vector<const ColumnEdge*>> of_column;
    std::set<std::pair<std::string, std::string>> direct;
    for (const ColumnEdge& edge : plan_.columns) {
      if (edge.model != model.common.name) continue;
      of_column[edge.column].push_back(&edge);
      direct.insert({dataset(edge.reads_layer, edge.reads), edge.read_column});
    }
    json.key("columnLineage").begin_object();
    begin_facet(json, kColumnLineageFacet);
    json.key("fields").begin_object();
    for (const auto& [column, edges] : of_column) {
      json.key(column).begin_object().key("inputFields").begin_array();
      for (const ColumnEdge* edge : edges) {
        write_input(json, dataset(edge->reads_layer, edge->reads), edge->read_column, "DIRECT",
                    "TRANSFORMATION");
      }
      json.end_array().end_object();
    }
    json.end_object().key("dataset").begin_array();
    for (const engine::LineageEdge& edge : plan_.lineage) {
      if (edge.model != model.common.name) continue;
      for (const std::string& column : edge.columns) {
        const std::string name = dataset(edge.reads_layer, edge.reads);
        if (!direct.contains({name, column})) write_input(json, name, column, "INDIRECT", "FILTER");
      }
    }
    json.end_array().end_object();
  }

  void write_input(JsonWriter& json, const std::string& name, const std::string& column,
                   std::string_view type, std::string_view subtype) const {
    json.begin_object().field("namespace", namespace_).field("name", name).field("field", column);
    json.key("transformations").begin_array().begin_object().field("type", type);
    json.field("subtype", subtype).end_object().end_array().end_object();
  }

  const catalog::Project& project_;
  const BuildPlan& plan_;
  const engine::SnapshotFacts* facts_;
  std::string at_;
  std::string namespace_;
};

}  // namespace

std::vector<std::string> open_lineage_events(const catalog::Project& project, const BuildPlan& plan,
                                             const engine::SnapshotFacts* facts, WallTime at,
                                             IdSource& ids) {
  std::vector<std::string> events;
  const Events writer(project, plan, facts, at);
  for (const std::string& name : plan.order) {
    const catalog::Model* model = project.model(name);
    if (model == nullptr) continue;
    const std::string run = uuid_of(ids.next());
    events.push_back(writer.event(*model, "START", run));
    events.push_back(writer.event(*model, "COMPLETE", run));
  }
  return events;
}

}  // namespace martgate::build
