#include "catalog/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "json/number.h"

namespace martgate::catalog {
namespace {

std::vector<std::string> grain_names() {
  std::vector<std::string> names;
  names.reserve(kGrains.size());
  for (const Grain grain : kGrains) names.emplace_back(name_of(grain));
  return names;
}

bool is_open(const Column& column) {
  return column.dimension != DimensionType::None &&
         column.classification != Classification::Restricted;
}

void add_names(const Model& model, std::string_view prefix, Reach reach,
               std::vector<std::string>& names) {
  for (const Column& column : model.columns) {
    if (reach == Reach::Definition || is_open(column)) {
      names.push_back(fmt::format("{}{}", prefix, column.name));
    }
  }
}

std::vector<std::string> field_names(const Draft& draft, const Model& model, Reach reach) {
  std::vector<std::string> names;
  add_names(model, "", reach, names);
  for (const Relationship& relationship : model.relationships) {
    const Model* target = draft.models.find(relationship.to);
    if (target != nullptr) add_names(*target, relationship.name + ".", reach, names);
  }
  return names;
}

struct Lookup {
  ResolvedField field;
  bool is_unread = false;  // behind a relationship whose target could not be read
};

Lookup look_up(const Draft& draft, const Model& model, std::string_view path) {
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) return {{&model, model.column(path), {}}};
  const Relationship* relationship = model.relationship(path.substr(0, dot));
  if (relationship == nullptr) return {};
  const Model* target = draft.models.find(relationship->to);
  // A relationship to nothing has been reported where it is declared.
  if (target == nullptr) return {{}, true};
  return {{target, target->column(path.substr(dot + 1)), {}}};
}

std::string in_words(const Column& column) {
  switch (column.type) {
    case DataType::Text:
      return "text; quote it";
    case DataType::Integer:
      return "whole numbers";
    case DataType::Real:
      return "numbers";
    case DataType::Decimal:
      return fmt::format("numbers with at most {} digits behind the point", column.scale);
    case DataType::Boolean:
      return "true or false";
    case DataType::Date:
      return "days as YYYY-MM-DD";
    case DataType::Timestamp:
      return "times as YYYY-MM-DDTHH:MM:SSZ";
  }
  return {};
}

bool is_decimal(const nlohmann::json& value, int scale) {
  if (!value.is_number()) return false;
  const DecimalDigits digits = digits_of(value);
  return digits.exponent >= -scale;
}

bool fits(const nlohmann::json& value, const Column& column, std::optional<Grain> grain) {
  const auto text = [&] { return value.is_string() ? value.get<std::string>() : std::string(); };
  if (grain) return parse_date(text()).has_value();
  switch (column.type) {
    case DataType::Text:
      return value.is_string();
    case DataType::Integer:
      return is_decimal(value, 0);
    case DataType::Real:
      return value.is_number();
    case DataType::Decimal:
      return is_decimal(value, column.scale);
    case DataType::Boolean:
      return value.is_boolean();
    case DataType::Date:
      return parse_date(text()).has_value();
    case DataType::Timestamp:
      return parse_rfc3339(text()).has_value();
  }
  return false;
}

bool is_ordering(FilterOp op) {
  return op == FilterOp::Lt || op == FilterOp::Lte || op == FilterOp::Gt || op == FilterOp::Gte;
}

// Whether `value` is there, absent or a list, as the operator wants it.
bool has_right_shape(const Node& filter, FilterOp op) {
  const Node value = filter.at("value");
  const std::string_view name = name_of(op);
  if (op == FilterOp::IsNull || op == FilterOp::NotNull) {
    if (!value.exists()) return true;
    value.mistake(fmt::format("{} takes no value", name));
    return false;
  }
  if (!value.exists()) {
    filter.mistake(fmt::format("{} needs a value", name));
    return false;
  }
  const bool wants_list = op == FilterOp::In || op == FilterOp::NotIn;
  if (wants_list && value.items().empty()) {
    value.mistake(fmt::format("{} takes a list of values", name), {"accepted: [one, two]"});
    return false;
  }
  if (!wants_list && value.is_list()) {
    value.mistake(fmt::format("{} takes one value", name), {"a list goes with in or not_in"});
    return false;
  }
  return true;
}

void check_filter(const Draft& draft, const Model& model, const Node& filter) {
  const FilterOp op = filter_op_named(filter.at("op").text()).value_or(FilterOp::Eq);
  const bool has_shape = has_right_shape(filter, op);
  const auto field = resolve_field(draft, model, filter.at("field"), Reach::Definition);
  if (!field) return;
  const Column& column = *field->column;
  if (op == FilterOp::Contains && column.type != DataType::Text) {
    filter.at("op").mistake(
        fmt::format("contains works on text, and {} is {}", column.name, name_of(column.type)));
    return;
  }
  if (is_ordering(op) && column.type == DataType::Boolean) {
    filter.at("op").mistake(
        fmt::format("{} has no meaning for {}, which is boolean", name_of(op), column.name),
        {"accepted: eq, ne"});
    return;
  }
  if (!has_shape) return;
  const Node value = filter.at("value");
  for (const Node& item : value.items()) check_value(item, column, field->grain);
  if (value.exists() && !value.is_list()) check_value(value, column, field->grain);
}

}  // namespace

bool is_time(DataType type) {
  return type == DataType::Date || type == DataType::Timestamp;
}

bool is_dimension(const Draft& draft, const Model& model, std::string_view path) {
  const Column* column = look_up(draft, model, path).field.column;
  return column != nullptr && is_open(*column);
}

std::vector<std::string> column_names(const Model& model) {
  std::vector<std::string> names;
  for (const Column& column : model.columns) names.push_back(column.name);
  return names;
}

const Column* resolve_column(const Model& model, const Node& node) {
  const Column* column = model.column(node.text());
  if (column == nullptr) {
    node.mistake(fmt::format("{} has no column \"{}\"", model.common.name, shown(node.text(), 80)),
                 name_hints(node.text(), column_names(model)));
  }
  return column;
}

std::optional<ResolvedField> resolve_field(const Draft& draft, const Model& model, const Node& node,
                                           Reach reach) {
  const std::string name = node.text();
  const std::size_t suffix = name.rfind("__");
  Lookup found = look_up(draft, model, name);
  std::string grain;
  // A column whose own name holds "__" is found whole first.
  if (found.field.column == nullptr && suffix != std::string::npos && suffix > 0) {
    grain = name.substr(suffix + 2);
    found = look_up(draft, model, std::string_view(name).substr(0, suffix));
  }
  if (found.is_unread) return std::nullopt;
  const Column* column = found.field.column;
  if (column == nullptr ||
      (reach == Reach::Dimension && column->dimension == DimensionType::None)) {
    const std::string_view what = reach == Reach::Dimension ? "dimension" : "column";
    std::vector<std::string> hints = name_hints(name, field_names(draft, model, reach));
    if (column != nullptr) {
      hints.insert(hints.begin(), fmt::format("column {} of {} declares no dimension", column->name,
                                              found.field.model->common.name));
    }
    node.mistake(fmt::format("{} has no {} \"{}\"", model.common.name, what, shown(name, 80)),
                 std::move(hints));
    return std::nullopt;
  }
  if (reach == Reach::Dimension && !is_open(*column)) {
    node.mistake(fmt::format("{} is restricted, so nobody can group by it", shown(name, 80)));
    return std::nullopt;
  }
  if (grain.empty()) return found.field;
  if (!is_time(column->type)) {
    node.mistake(fmt::format("{} takes no grain: it is {}", column->name, name_of(column->type)));
    return std::nullopt;
  }
  found.field.grain = grain_named(grain);
  if (!found.field.grain) {
    node.mistake(fmt::format("\"{}\" is not a grain", shown(grain, 40)),
                 name_hints(grain, grain_names()));
    return std::nullopt;
  }
  return found.field;
}

void check_filters(const Draft& draft, const Model& model, const Node& list) {
  for (const Node& filter : list.items()) check_filter(draft, model, filter);
}

void check_value(const Node& node, const Column& column, std::optional<Grain> grain) {
  if (node.json() == nullptr || fits(*node.json(), column, grain)) return;
  node.mistake(fmt::format("{} cannot be {}", column.name, shown(node.json()->dump(), 60)),
               {fmt::format("{} holds {}", column.name,
                            grain ? "periods named by a day, as YYYY-MM-DD" : in_words(column))});
}

}  // namespace martgate::catalog
