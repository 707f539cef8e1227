#include "tools/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace martgate::tools {
namespace {

using catalog::FilterOp;
using nlohmann::json;

Result<catalog::Scalar> scalar_from(const json& value, const std::string& field) {
  if (value.is_string()) return catalog::Scalar(value.get<std::string>());
  if (value.is_boolean()) return catalog::Scalar(value.get<bool>());
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) {
    return fail(Code::InvalidArgument, fmt::format("the value for {} is too large", field), {},
                "bad_value");
  }
  if (value.is_number_integer()) return catalog::Scalar(value.get<std::int64_t>());
  if (value.is_number_float()) return catalog::Scalar(value.get<double>());
  if (value.is_null()) {
    return fail(Code::InvalidArgument, fmt::format("null cannot be compared with {}", field),
                {"accepted: op is_null or not_null, without a value"}, "bad_value");
  }
  return fail(Code::InvalidArgument, fmt::format("the value for {} is a list or an object", field),
              {"accepted: one text, number or boolean; a list of them for in and not_in"},
              "bad_value");
}

Result<catalog::Filter> filter_from(const json& item) {
  catalog::Filter filter;
  filter.field = item.at("field").get<std::string>();
  filter.op = *catalog::filter_op_named(item.at("op").get<std::string>());
  const bool takes_none = filter.op == FilterOp::IsNull || filter.op == FilterOp::NotNull;
  const bool takes_list = filter.op == FilterOp::In || filter.op == FilterOp::NotIn;
  const auto value = item.find("value");
  if (takes_none != (value == item.end())) {
    return fail(Code::InvalidArgument,
                takes_none ? fmt::format("op {} takes no value", name_of(filter.op))
                           : fmt::format("the filter on {} has no value", shown(filter.field, 80)),
                {"accepted: value for every op but is_null and not_null"}, "bad_value");
  }
  if (takes_none) return filter;
  if (takes_list != value->is_array() || (takes_list && value->empty())) {
    return fail(Code::InvalidArgument,
                takes_list
                    ? fmt::format("op {} takes a list with at least one value", name_of(filter.op))
                    : fmt::format("op {} takes one value, not a list", name_of(filter.op)),
                {R"(accepted: {"op": "eq", "value": "EU"} or {"op": "in", "value": ["EU", "US"]})"},
                "bad_value");
  }
  const auto add = [&](const json& one) -> Status {
    auto scalar = scalar_from(one, filter.field);
    if (!scalar) return tl::unexpected(scalar.error());
    filter.values.push_back(std::move(*scalar));
    return {};
  };
  if (!takes_list) {
    if (auto added = add(*value); !added) return tl::unexpected(added.error());
    return filter;
  }
  for (const json& one : *value) {
    if (auto added = add(one); !added) return tl::unexpected(added.error());
  }
  return filter;
}

Result<std::optional<Date>> day_from(const json& time, const char* key) {
  const auto value = time.find(key);
  if (value == time.end()) return std::nullopt;
  auto day = parse_date(value->get<std::string>());
  if (!day) return tl::unexpected(with_context(day.error(), fmt::format("time.{}", key)));
  return *day;
}

}  // namespace

Result<metrics::MetricQuery> metric_query_from(const json& arguments, std::int64_t rows_max) {
  metrics::MetricQuery query;
  query.metrics = arguments.at("metrics").get<std::vector<std::string>>();
  query.group_by = arguments.value("group_by", std::vector<std::string>{});
  if (const auto where = arguments.find("where"); where != arguments.end()) {
    for (const json& item : *where) {
      auto filter = filter_from(item);
      if (!filter) return tl::unexpected(filter.error());
      query.where.push_back(std::move(*filter));
    }
  }
  if (const auto time = arguments.find("time"); time != arguments.end()) {
    const auto from = day_from(*time, "from");
    if (!from) return tl::unexpected(from.error());
    const auto to = day_from(*time, "to");
    if (!to) return tl::unexpected(to.error());
    query.time = {*from, *to};
  }
  if (const auto order_by = arguments.find("order_by"); order_by != arguments.end()) {
    for (const json& item : *order_by) {
      query.order_by.push_back(
          {item.at("field").get<std::string>(), item.value("direction", "asc") == "desc"
                                                    ? metrics::Direction::Descending
                                                    : metrics::Direction::Ascending});
    }
  }
  query.limit = std::min(arguments.value("limit", query.limit), rows_max);
  return query;
}

}  // namespace martgate::tools
