#include "metrics/resolve/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/text.h"

namespace martgate::metrics {
namespace {

using catalog::Column;
using catalog::DataType;
using catalog::DimensionType;
using catalog::FilterOp;
using catalog::Model;
using catalog::Project;
using catalog::Scalar;
using store::Value;

// Integers above this lose digits when a double carries them.
constexpr double kExactDoubleMax = 9007199254740992.0;

std::vector<std::string> grain_names() {
  std::vector<std::string> names;
  names.reserve(kGrains.size());
  for (const Grain grain : kGrains) names.emplace_back(name_of(grain));
  return names;
}

bool is_open(const Column& column) {
  return column.dimension != DimensionType::None &&
         column.classification != catalog::Classification::Restricted;
}

void add_dimensions(const Model& model, std::string_view prefix, std::vector<std::string>& names) {
  for (const Column& column : model.columns) {
    if (is_open(column)) names.push_back(fmt::format("{}{}", prefix, column.name));
  }
}

std::string in_words(const Column& column) {
  switch (column.type) {
    case DataType::Text:
      return "text";
    case DataType::Integer:
      return "integers";
    case DataType::Real:
      return "numbers";
    case DataType::Decimal:
      return fmt::format("numbers with at most {} digits behind the point", column.scale);
    case DataType::Boolean:
      return "true or false";
    case DataType::Date:
      return "days as YYYY-MM-DD";
    case DataType::Timestamp:
      return "times as YYYY-MM-DDTHH:MM:SSZ, or days with a grain such as __day";
  }
  return "text";
}

std::string shown_scalar(const Scalar& scalar) {
  if (const auto* flag = std::get_if<bool>(&scalar)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&scalar)) return std::to_string(*number);
  if (const auto* real = std::get_if<double>(&scalar)) return fmt::format("{}", *real);
  if (const auto* text = std::get_if<std::string>(&scalar))
    return fmt::format("\"{}\"", shown(*text, 60));
  return "null";
}

// The scaled integer that `real` means exactly, if there is one within a double's precision.
std::optional<std::int64_t> scaled_exactly(double real, int scale) {
  const double scaled = std::round(real * power_of_ten(scale));
  if (std::abs(scaled) > kExactDoubleMax) return std::nullopt;
  if (scaled / power_of_ten(scale) != real) return std::nullopt;
  return static_cast<std::int64_t>(scaled);
}

// What the column stores for this scalar, or nothing when it holds no such value.
std::optional<Value> stored_as(const Field& field, const Scalar& scalar) {
  const Column& column = *field.column;
  const auto* text = std::get_if<std::string>(&scalar);
  const auto* number = std::get_if<std::int64_t>(&scalar);
  const auto* real = std::get_if<double>(&scalar);
  if (field.grain) {
    if (text == nullptr) return std::nullopt;
    const auto day = parse_date(*text);
    if (!day) return std::nullopt;
    return Value(to_iso(start_of(*field.grain, *day)));
  }
  switch (column.type) {
    case DataType::Text:
      if (text != nullptr) return Value(*text);
      return std::nullopt;
    case DataType::Integer:
      if (number != nullptr) return Value(*number);
      if (real != nullptr) {
        if (const auto whole = scaled_exactly(*real, 0)) return Value(*whole);
      }
      return std::nullopt;
    case DataType::Real:
      if (number != nullptr) return Value(static_cast<double>(*number));
      if (real != nullptr) return Value(*real);
      return std::nullopt;
    case DataType::Decimal: {
      if (number != nullptr) {
        const auto factor = static_cast<std::int64_t>(power_of_ten(column.scale));
        std::int64_t scaled = 0;
        if (__builtin_mul_overflow(*number, factor, &scaled)) return std::nullopt;
        return Value(scaled);
      }
      if (real != nullptr) {
        if (const auto scaled = scaled_exactly(*real, column.scale)) return Value(*scaled);
      }
      return std::nullopt;
    }
    case DataType::Boolean:
      if (const auto* flag = std::get_if<bool>(&scalar)) return Value(std::int64_t{*flag ? 1 : 0});
      return std::nullopt;
    case DataType::Date:
      if (text != nullptr && parse_date(*text)) return Value(*text);
      return std::nullopt;
    case DataType::Timestamp: {
      if (text == nullptr) return std::nullopt;
      const auto at = parse_rfc3339(*text);
      if (!at) return std::nullopt;
      std::string stored = to_rfc3339(*at).substr(0, 19);
      stored[10] = ' ';
      return Value(std::move(stored));
    }
  }
  return std::nullopt;
}

}  // namespace

FieldName split_field_name(std::string_view name) {
  const std::size_t at = name.rfind("__");
  if (at == std::string_view::npos || at == 0) return {name, {}};
  return {name.substr(0, at), name.substr(at + 2)};
}

std::vector<std::string> dimension_names(const Project& project, const Model& model,
                                         const std::vector<std::string>& allowed) {
  std::vector<std::string> names;
  add_dimensions(model, "", names);
  for (const catalog::Relationship& relationship : model.relationships) {
    const Model* target = project.model(relationship.to);
    if (target != nullptr) add_dimensions(*target, relationship.name + ".", names);
  }
  if (!allowed.empty()) {
    std::erase_if(names, [&](const std::string& name) {
      return std::ranges::find(allowed, name) == allowed.end();
    });
  }
  return names;
}

std::vector<std::string> dimension_names(const Project& project, const catalog::Metric& metric) {
  const auto mart_of = [&](const catalog::Metric* simple) -> const Model& {
    return *project.model(std::get<catalog::SimpleMetric>(simple->definition).model);
  };
  const auto simple_metrics = project.simple_metrics_of(metric);
  const Model& first = mart_of(simple_metrics.front());
  std::vector<std::string> names = dimension_names(project, first, metric.dimensions);
  std::erase_if(names, [&](const std::string& name) {
    const auto meant = resolve_field(project, first, name);
    return std::ranges::any_of(simple_metrics, [&](const catalog::Metric* simple) {
      const auto here = resolve_field(project, mart_of(simple), name);
      return !meant || !here || here->column != meant->column;
    });
  });
  return names;
}

Result<Field> resolve_field(const Project& project, const Model& model, std::string_view name,
                            Reach reach) {
  const FieldName parts = split_field_name(name);
  // A column whose own name holds "__" is found whole first.
  const auto find = [&](std::string_view path) {
    Field field;
    const std::size_t dot = path.find('.');
    if (dot == std::string_view::npos) {
      field.model = &model;
      field.column = model.column(path);
    } else {
      field.via = model.relationship(path.substr(0, dot));
      field.model = field.via == nullptr ? nullptr : project.model(field.via->to);
      if (field.model != nullptr) field.column = field.model->column(path.substr(dot + 1));
    }
    if (reach == Reach::Caller && field.column != nullptr &&
        field.column->dimension == DimensionType::None) {
      field.column = nullptr;
    }
    return field;
  };
  Field field = find(name);
  std::string_view grain;
  if (field.column == nullptr) {
    field = find(parts.path);
    grain = parts.grain;
  }
  if (field.column == nullptr) {
    return fail(Code::NotFound,
                fmt::format("\"{}\" is not a dimension of {}", shown(name, 80), model.common.name),
                name_hints(parts.path, dimension_names(project, model)), "unknown_dimension");
  }
  if (reach == Reach::Caller && !is_open(*field.column)) {
    return fail(Code::PermissionDenied,
                fmt::format("\"{}\" holds restricted data", shown(name, 80)),
                {fmt::format("accepted: {}", join(dimension_names(project, model), ", "))},
                "restricted_dimension");
  }
  if (field.column->type == DataType::Date || field.column->type == DataType::Timestamp) {
    if (!grain.empty()) {
      field.grain = grain_named(grain);
      if (!field.grain) {
        return fail(Code::InvalidArgument, fmt::format("\"{}\" is not a grain", shown(grain, 40)),
                    name_hints(grain, grain_names()), "bad_grain");
      }
    }
  } else if (!grain.empty()) {
    return fail(Code::InvalidArgument,
                fmt::format("\"{}\" takes no grain: {} is not a time", shown(name, 80), parts.path),
                {}, "bad_grain");
  }
  return field;
}

Result<ResolvedFilter> resolve_filter(const Project& project, const Model& model,
                                      const catalog::Filter& filter, Reach reach) {
  auto field = resolve_field(project, model, filter.field, reach);
  if (!field) return tl::unexpected(field.error());
  ResolvedFilter resolved{filter.field, *field, filter.op, {}};
  const bool text_only = filter.op == FilterOp::Contains;
  if (text_only && field->column->type != DataType::Text) {
    return fail(
        Code::InvalidArgument,
        fmt::format("contains works on text; {} holds {}", filter.field, in_words(*field->column)),
        {"accepted here: eq, ne, lt, lte, gt, gte, in, not_in, is_null, not_null"}, "bad_operator");
  }
  for (const Scalar& scalar : filter.values) {
    auto value = stored_as(*field, scalar);
    if (!value) {
      return fail(Code::InvalidArgument,
                  fmt::format("{} cannot be compared with {}", filter.field, shown_scalar(scalar)),
                  {fmt::format("{} holds {}", filter.field,
                               field->grain ? "periods named by a day, as YYYY-MM-DD"
                                            : in_words(*field->column))},
                  "bad_value");
    }
    resolved.values.push_back(std::move(*value));
  }
  return resolved;
}

}  // namespace martgate::metrics
