#include <fmt/format.h>

#include "base/calendar.h"
#include "base/digest.h"
#include "base/text.h"
#include "catalog/read_objects.h"
#include "json/canonical.h"

namespace martgate::catalog {
namespace {

Status read_status(const Node& node) {
  const std::string name = node.text("active");
  if (name == "draft") return Status::Draft;
  return name == "deprecated" ? Status::Deprecated : Status::Active;
}

}  // namespace

std::string read_date(const Node& node) {
  const std::string text = node.text();
  if (node.exists() && !parse_date(text)) {
    node.mistake(fmt::format("\"{}\" is not a day", shown(text, 40)),
                 {"accepted: a real day, YYYY-MM-DD"});
  }
  return text;
}

std::string digest_of(const Node& node) {
  return sha256_hex(canonical_json(*node.json()));
}

Classification read_classification(const Node& node) {
  const std::string name = node.text("internal");
  if (name == "public") return Classification::Public;
  if (name == "confidential") return Classification::Confidential;
  return name == "restricted" ? Classification::Restricted : Classification::Internal;
}

Scalar read_scalar(const Node& node) {
  const nlohmann::json* value = node.json();
  if (value == nullptr || value->is_null()) return std::monostate{};
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_number_float()) return value->get<double>();
  if (value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX) {
    return value->get<double>();
  }
  if (value->is_number()) return value->get<std::int64_t>();
  return node.text();
}

std::vector<Filter> read_filters(const Node& node) {
  std::vector<Filter> filters;
  for (const Node& item : node.items()) {
    Filter filter;
    filter.field = item.at("field").text();
    filter.op = filter_op_named(item.at("op").text()).value_or(FilterOp::Eq);
    const Node value = item.at("value");
    if (value.is_list()) {
      for (const Node& element : value.items()) filter.values.push_back(read_scalar(element));
    } else if (value.exists()) {
      filter.values.push_back(read_scalar(value));
    }
    filters.push_back(std::move(filter));
  }
  return filters;
}

Common read_common(const Node& node) {
  Common common;
  common.name = node.at("name").text();
  common.label = node.at("label").text(common.name);
  common.description = node.at("description").text();
  common.owner = {node.at("owner").at("team").text(), node.at("owner").at("contact").text()};
  common.domain = node.at("domain").text();
  common.tags = node.at("tags").texts();
  common.synonyms = node.at("ai_context").at("synonyms").texts();
  common.instructions = node.at("ai_context").at("instructions").text();
  common.status = read_status(node.at("status"));
  common.replaced_by = node.at("replaced_by").text();
  common.file = node.file();
  common.digest = digest_of(node);
  (void)read_date(node.at("deprecation_date"));
  (void)read_date(node.at("certified").at("on"));
  (void)read_date(node.at("certified").at("review_by"));
  return common;
}

}  // namespace martgate::catalog
