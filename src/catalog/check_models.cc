#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "catalog/check_names.h"
#include "catalog/checks.h"
#include "catalog/fields.h"

namespace martgate::catalog {
namespace {

bool is_public_mart(const Model& model) {
  return model.layer == Layer::Marts && model.access == Access::Public;
}

// Names that group_by would read otherwise: metric_time, and a grain behind two underscores.
void check_column_name(const Node& name) {
  const std::string text = name.text();
  const std::size_t suffix = text.rfind("__");
  const bool ends_in_grain =
      suffix != std::string::npos && grain_named(std::string_view(text).substr(suffix + 2));
  if (text == kMetricTime || ends_in_grain) {
    name.mistake(fmt::format("column name {} is taken", text),
                 {"metric_time and names ending in __day, __week, __month, __quarter or __year "
                  "mean periods"});
  }
}

void check_accepted_values(const Column& column, const Node& values) {
  for (const Node& value : values.items()) check_value(value, column);
}

void check_pattern(const Column& column, const Node& pattern) {
  if (column.type != DataType::Text) {
    pattern.mistake(
        fmt::format("matches works on text, and {} is {}", column.name, name_of(column.type)));
  }
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 expression(pattern.text(), options);
  if (!expression.ok()) {
    pattern.mistake(fmt::format("not an RE2 expression: {}", shown(expression.error(), 120)));
  }
}

void check_reference_test(const Draft& draft, const Column& column, const Node& params) {
  const Model* target = draft.models.resolve(params.at("to"), "model");
  if (target == nullptr) return;
  const Column* other = resolve_column(*target, params.at("column"));
  if (other != nullptr && other->type != column.type) {
    params.at("column").mistake(
        fmt::format("{} is {}, while {}.{} is {}", column.name, name_of(column.type),
                    target->common.name, other->name, name_of(other->type)),
        {"values of two types never meet"});
  }
}

void check_column(const Draft& draft, const Model& model, const Column& column, const Node& node) {
  check_column_name(node.at("name"));
  if (column.dimension == DimensionType::Time && !is_time(column.type)) {
    node.at("dimension")
        .mistake(
            fmt::format("a time dimension on {}, which is {}", column.name, name_of(column.type)),
            {"accepted: data_type date or timestamp", "or dimension: {type: categorical}"});
  }
  if (column.entity_type == EntityType::Primary && is_public_mart(model) &&
      std::ranges::find(model.primary_key, column.name) == model.primary_key.end()) {
    node.at("entity").mistake(
        fmt::format("the primary entity {} is looked up by {}, which is not in the primary key",
                    column.entity, column.name),
        {fmt::format("write primary_key: [{}], or entity: {{type: foreign}}", column.name)});
  }
  for (const Node& test : node.at("tests").items()) {
    check_accepted_values(column, test.at("accepted_values").at("values"));
    if (const Node pattern = test.at("matches").at("pattern"); pattern.exists()) {
      check_pattern(column, pattern);
    }
    if (const Node params = test.at("relationship"); params.exists()) {
      check_reference_test(draft, column, params);
    }
  }
}

void check_columns(const Draft& draft, const Model& model, const Node& list) {
  const std::vector<Node> nodes = list.items();
  std::map<std::string, int> lines;
  bool has_primary = false;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Column& column = model.columns[i];
    const Node name = nodes[i].at("name");
    const auto [first, is_new] = lines.emplace(column.name, name.position().line);
    if (!is_new) {
      name.mistake(fmt::format("column \"{}\" appears twice", column.name),
                   {fmt::format("first on line {}", first->second)});
      continue;
    }
    if (column.entity_type == EntityType::Primary) {
      if (has_primary) nodes[i].at("entity").mistake("a second primary entity in one model");
      has_primary = true;
    }
    check_column(draft, model, column, nodes[i]);
  }
}

void check_own_columns(const Model& model, const Node& names) {
  for (const Node& name : names.items()) (void)resolve_column(model, name);
}

void check_time(const Model& model, const Node& node) {
  if (!node.exists()) return;
  const Column* column = resolve_column(model, node);
  if (column != nullptr && column->dimension != DimensionType::Time) {
    node.mistake(fmt::format("{} is not a time dimension", column->name),
                 {"its column needs data_type date or timestamp, and dimension: {type: time}"});
  }
}

bool is_same_set(std::vector<std::string> left, std::vector<std::string> right) {
  std::ranges::sort(left);
  std::ranges::sort(right);
  return left == right;
}

void check_key(const Relationship& relationship, const Model& model, const Model& target,
               const Node& node) {
  const Node to_columns = node.at("to_columns");
  bool are_known = true;
  for (const Node& name : to_columns.items()) {
    are_known = resolve_column(target, name) != nullptr && are_known;
  }
  if (!are_known) return;
  const std::string& to = target.common.name;
  if (target.primary_key.empty()) {
    to_columns.mistake(
        fmt::format("{} declares no primary_key, so one row here may meet many there", to),
        {fmt::format("declare primary_key: [{}] in {}", join(relationship.to_columns, ", "),
                     target.common.file)});
    return;
  }
  if (!is_same_set(relationship.to_columns, target.primary_key)) {
    to_columns.mistake(fmt::format("not many to one: {} is not the primary key of {}",
                                   join(relationship.to_columns, ", "), to),
                       {fmt::format("accepted: [{}]", join(target.primary_key, ", "))});
    return;
  }
  if (relationship.from_columns.size() != relationship.to_columns.size()) {
    node.at("from_columns")
        .mistake(fmt::format("{} columns here, {} there", relationship.from_columns.size(),
                             relationship.to_columns.size()));
    return;
  }
  for (std::size_t i = 0; i < relationship.from_columns.size(); ++i) {
    const Column* from = model.column(relationship.from_columns[i]);
    const Column* other = target.column(relationship.to_columns[i]);
    if (from != nullptr && other != nullptr && from->type != other->type) {
      node.at("from_columns")
          .mistake(fmt::format("{} is {}, while {}.{} is {}", from->name, name_of(from->type), to,
                               other->name, name_of(other->type)),
                   {"values of two types never meet"});
    }
  }
}

// Columns behind a relationship can be asked for, so a mart leads only to what may be shown.
void check_reach(const Model& model, const Model& target, const Node& to) {
  if (model.layer != Layer::Marts) return;
  if (target.layer != Layer::Marts) {
    to.mistake(
        fmt::format("a mart cannot lead to {}, which is a staging model", target.common.name));
  } else if (model.access == Access::Public && target.access == Access::Private) {
    to.mistake(
        fmt::format("a public mart cannot lead to {}, which is private", target.common.name));
  }
}

void check_relationships(const Draft& draft, const Model& model, const Node& list) {
  const std::vector<Node> nodes = list.items();
  std::map<std::string, int> lines;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Relationship& relationship = model.relationships[i];
    const Node name = nodes[i].at("name");
    const auto [first, is_new] = lines.emplace(relationship.name, name.position().line);
    if (!is_new) {
      name.mistake(fmt::format("relationship \"{}\" appears twice", relationship.name),
                   {fmt::format("first on line {}", first->second)});
    }
    if (model.column(relationship.name) != nullptr) {
      name.mistake(fmt::format("relationship {} has the name of a column", relationship.name),
                   {"dimensions are named relationship.column, so the two must differ"});
    }
    check_own_columns(model, nodes[i].at("from_columns"));
    const Model* target = draft.models.resolve(nodes[i].at("to"), "model");
    if (target == nullptr) continue;
    check_reach(model, *target, nodes[i].at("to"));
    check_key(relationship, model, *target, nodes[i]);
  }
}

void check_incremental(const Model& model, const Node& node) {
  if (!node.exists()) return;
  check_own_columns(model, node.at("unique_key"));
  const Column* time = resolve_column(model, node.at("time"));
  if (time != nullptr && !is_time(time->type)) {
    node.at("time").mistake(fmt::format("{} is {}", time->name, name_of(time->type)),
                            {"accepted: a date or a timestamp"});
  }
}

void check_unit_tests(const Model& model, const Node& list) {
  std::map<std::string, int> lines;
  for (const Node& test : list.items()) {
    const Node name = test.at("name");
    const auto [first, is_new] = lines.emplace(name.text(), name.position().line);
    if (!is_new) {
      name.mistake(fmt::format("unit test \"{}\" appears twice", name.text()),
                   {fmt::format("first on line {}", first->second)});
    }
    for (const Node& row : test.at("expect").at("rows").items()) {
      for (const std::string& key : row.keys()) {
        if (model.column(key) != nullptr) continue;
        row.at(key).mistake(fmt::format("{} has no column \"{}\"", model.common.name, key),
                            name_hints(key, column_names(model)));
      }
    }
  }
}

void check_model(const Draft& draft, const Model& model, const Node& node) {
  check_columns(draft, model, node.at("columns"));
  check_own_columns(model, node.at("primary_key"));
  check_time(model, node.at("agg_time_dimension"));
  check_relationships(draft, model, node.at("relationships"));
  check_incremental(model, node.at("incremental"));
  for (const Node& index : node.at("indexes").items()) check_own_columns(model, index);
  check_unit_tests(model, node.at("unit_tests"));
  for (const Node& test : node.at("tests").items()) {
    check_own_columns(model, test.at("unique").at("columns"));
  }
}

// lookup_entity finds one mart by the entity's name.
void check_entities(const Draft& draft, Report& report) {
  std::map<std::string, std::string> first_mart;
  for (const Entry<Model>& entry : draft.models.entries) {
    if (!entry.object || !is_public_mart(*entry.object)) continue;
    for (const Node& column : Node(entry.document, report).at("columns").items()) {
      const Node entity = column.at("entity");
      if (entity.at("type").text() != "primary") continue;
      const std::string name = entity.at("name").text();
      const auto [first, is_new] = first_mart.emplace(name, entry.object->common.name);
      if (!is_new && first->second != entry.object->common.name) {
        entity.mistake(
            fmt::format("entity {} is primary in two public marts", name),
            {fmt::format("the other is {}; one of them is foreign or private", first->second)});
      }
    }
  }
}

}  // namespace

void check_models(const Draft& draft, Report& report) {
  check_names(draft.models, "model", report);
  check_replacements(draft.models, "model", report);
  for (const Entry<Model>& entry : draft.models.entries) {
    if (entry.object) check_model(draft, *entry.object, Node(entry.document, report));
  }
  check_entities(draft, report);
}

}  // namespace martgate::catalog
