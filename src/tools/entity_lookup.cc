// Kind entity_lookup: one row of a mart by its primary key.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "metrics/sql/dialect.h"
#include "tools/cells.h"
#include "tools/tool.h"

namespace martgate::tools {
namespace {

using catalog::Column;
using catalog::Model;
using nlohmann::json;

Result<const Model*> mart_of_entity(const catalog::Project& project, const std::string& entity) {
  if (const Model* mart = project.mart_of_entity(entity)) return mart;
  std::vector<std::string> names;
  for (const Model& model : project.models) {
    for (const Column& column : model.columns) {
      if (column.entity_type == catalog::EntityType::Primary &&
          project.mart_of_entity(column.entity) == &model) {
        names.push_back(column.entity);
      }
    }
  }
  return fail(Code::NotFound, fmt::format("there is no entity \"{}\"", shown(entity, 80)),
              name_hints(entity, names), "unknown_entity");
}

// The key's parts as the columns store them: a number for an integer key, text otherwise.
Result<std::vector<store::Value>> key_values(const Model& mart, const json& key) {
  const json parts = key.is_array() ? key : json::array({key});
  if (parts.size() != mart.primary_key.size()) {
    return fail(
        Code::InvalidArgument, fmt::format("the key has {} parts", parts.size()),
        {fmt::format("the key of {} is ({})", mart.common.name, join(mart.primary_key, ", "))},
        "bad_key");
  }
  std::vector<store::Value> values;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Column& column = *mart.column(mart.primary_key[i]);
    const bool number_wanted = column.type == catalog::DataType::Integer;
    if (number_wanted != parts[i].is_number_integer()) {
      // An id that looks like a number is often sent as one; text keys take its digits.
      if (!number_wanted) {
        values.emplace_back(parts[i].dump());
        continue;
      }
      return fail(Code::InvalidArgument,
                  fmt::format("\"{}\" is not a key", shown(parts[i].get<std::string>(), 60)),
                  {fmt::format("{} holds integers", column.name)}, "bad_key");
    }
    if (number_wanted)
      values.emplace_back(parts[i].get<std::int64_t>());
    else
      values.emplace_back(parts[i].get<std::string>());
  }
  return values;
}

}  // namespace

Result<ToolAnswer> lookup_entity(const Context& context, const json& arguments) {
  const auto entity = arguments.at("entity").get<std::string>();
  const auto mart = mart_of_entity(context.project, entity);
  if (!mart) return tl::unexpected(mart.error());
  auto values = key_values(**mart, arguments.at("key"));
  if (!values) return tl::unexpected(values.error());

  // Restricted columns stay out until a policy says who may see them.
  std::vector<const Column*> columns;
  std::vector<std::string> names;
  std::vector<std::string> withheld;
  for (const Column& column : (*mart)->columns) {
    if (column.classification == catalog::Classification::Restricted) {
      withheld.push_back(column.name);
      continue;
    }
    columns.push_back(&column);
    names.push_back(metrics::identifier(column.name));
  }
  std::vector<std::string> conditions;
  for (const std::string& part : (*mart)->primary_key)
    conditions.push_back(metrics::identifier(part) + " = ?");
  const engine::Query query{
      fmt::format("SELECT {}\nFROM {}\nWHERE {}", join(names, ", "),
                  metrics::identifier((*mart)->common.name), join(conditions, " AND ")),
      std::move(*values)};
  auto run = context.mart.run(query, context.run_limits(1));
  if (!run) return tl::unexpected(run.error());

  ToolAnswer answer;
  answer.reads = std::move(run->reads);
  answer.rows = static_cast<std::int64_t>(run->rows.row_count());
  answer.work = run->work;
  answer.plan_digest = sha256_hex(query.sql);
  JsonWriter json(answer.members);
  json.field("entity", entity).field("mart", (*mart)->common.name).field("found", answer.rows > 0);
  if (answer.rows == 0) {
    answer.text = fmt::format("no {} with this key\n", entity);
    return answer;
  }
  json.key("row").begin_object();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const metrics::OutputColumn output = output_of(*columns[i]);
    json.key(columns[i]->name);
    write_cell(json, run->rows.at(0, i), output);
    answer.text += fmt::format("{}: {}\n", columns[i]->name,
                               shown(cell_text(run->rows.at(0, i), output), 400));
  }
  json.end_object();
  if (!withheld.empty()) {
    json.key("withheld").begin_array();
    for (const std::string& name : withheld) json.string(name);
    json.end_array();
    answer.text += fmt::format("withheld (restricted): {}\n", join(withheld, ", "));
  }
  return answer;
}

}  // namespace martgate::tools
