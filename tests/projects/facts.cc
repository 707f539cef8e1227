#include "facts.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <set>
#include <stdexcept>

namespace martgate {
namespace {

using nlohmann::json;

std::string key_text(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string period_text(const std::string& day, const std::string& period) {
  if (period == "month") return day.substr(0, 7);
  if (period == "quarter")
    return day.substr(0, 4) + "-Q" + std::to_string((std::stoi(day.substr(5, 2)) + 2) / 3);
  throw std::runtime_error("unknown period " + period);
}

json number_of(const json& value) {
  if (!value.is_string()) return value;
  const auto text = value.get<std::string>();
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != '\0') return value;
  if (number == std::floor(number) && std::abs(number) < 1e15)
    return json(static_cast<std::int64_t>(number));
  return json(number);
}

// The number that an observed value begins with: "21 rows" is 21.
json leading_number(const std::string& observed) {
  char* end = nullptr;
  const double number = std::strtod(observed.c_str(), &end);
  if (end == observed.c_str()) throw std::runtime_error("no number begins \"" + observed + "\"");
  return number == std::floor(number) ? json(static_cast<std::int64_t>(number)) : json(number);
}

json mapped_value(const json& row, const json& source) {
  if (source.is_string()) return row.at(source.get<std::string>());
  json value;
  if (source.contains("value"))
    value = source.at("value");
  else if (source.contains("test"))
    value = leading_number(row.at(source.at("test").get<std::string>()).get<std::string>());
  else
    value = row.at(source.at("field").get<std::string>());
  if (const auto names = source.find("names"); names != source.end()) {
    if (const auto name = names->find(key_text(value)); name != names->end()) value = *name;
  }
  if (source.contains("period") && value.is_string())
    value = period_text(value.get<std::string>(), source.at("period"));
  if (source.contains("times"))
    value = number_of(value).get<double>() * source.at("times").get<double>();
  if (source.contains("round")) {
    const double power = std::pow(10.0, source.at("round").get<int>());
    value = std::round(number_of(value).get<double>() * power) / power;
  }
  return value;
}

bool agrees(const json& expected, const json& found) {
  if (expected.is_null() || expected.is_string()) return expected == found;
  const json number = number_of(found);
  if (!number.is_number()) return false;
  if (expected.is_number_integer() && number.is_number_integer()) return expected == number;
  const double wanted = expected.get<double>();
  if (expected.is_number_integer()) return number.get<double>() == wanted;
  return std::abs(number.get<double>() - wanted) <=
         std::min(0.005, 1e-6 * std::max(1.0, std::abs(wanted)));
}

AnswerRows rows_of_call(const json& call, const Ask& ask) {
  AnswerRows mapped;
  for (const json& row : ask(call.at("tool"), call.at("arguments"))) {
    json values = json::object();
    for (const auto& [column, source] : call.at("columns").items())
      values[column] = mapped_value(row, source);
    mapped.push_back(std::move(values));
  }
  return mapped;
}

AnswerRows rows_of(const json& mapping, const Ask& ask) {
  AnswerRows rows;
  bool first = true;
  for (const json& call : mapping.at("calls")) {
    AnswerRows more = rows_of_call(call, ask);
    if (first || !mapping.contains("joined_by")) {
      rows.insert(rows.end(), more.begin(), more.end());
    } else {
      for (json& row : rows) {
        std::vector<const json*> partners;
        for (const json& other : more) {
          const bool same = std::ranges::all_of(mapping.at("joined_by"), [&](const json& key) {
            return row.at(key.get<std::string>()) == other.at(key.get<std::string>());
          });
          if (same) partners.push_back(&other);
        }
        if (partners.size() != 1)
          throw std::runtime_error(row.dump() + " has " + std::to_string(partners.size()) +
                                   " partners");
        row.update(*partners.front());
      }
    }
    first = false;
  }
  return rows;
}

std::set<std::string> never_columns(const json& mapping) {
  std::set<std::string> columns;
  for (const json& call : mapping.at("calls")) {
    for (const auto& [column, source] : call.at("columns").items()) {
      if (source.is_object() && source.value("never", false)) columns.insert(column);
    }
  }
  return columns;
}

// The row of the answer that stands for this row of the fact.
const json* partner_of(const json& fact_row, const std::vector<std::string>& columns,
                       const AnswerRows& rows, const std::set<std::string>& never) {
  const json* found = nullptr;
  for (const json& row : rows) {
    bool same = true;
    for (std::size_t c = 0; c < columns.size() && same; ++c) {
      if (!fact_row[c].is_string() || never.contains(columns[c])) continue;
      same = fact_row[c] == row.at(columns[c]);
    }
    if (same && found != nullptr) throw std::runtime_error(fact_row.dump() + " fits several rows");
    if (same) found = &row;
  }
  return found;
}

}  // namespace

std::string compare_fact(const json& fact, const json& mapping, const Ask& ask) {
  const AnswerRows rows = rows_of(mapping, ask);
  const auto columns = fact.at("columns").get<std::vector<std::string>>();
  const json& wanted = fact.at("rows");
  const auto never = never_columns(mapping);
  if (rows.size() != wanted.size()) {
    return std::to_string(rows.size()) + " rows, the fact has " + std::to_string(wanted.size());
  }
  const bool as_given = mapping.value("order", "any") == "as_given";
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const json* row = as_given ? &rows[i] : partner_of(wanted[i], columns, rows, never);
    if (row == nullptr) return "no row for " + wanted[i].dump();
    if (row->size() != columns.size()) return "mapped columns are not the fact's: " + row->dump();
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const bool same = agrees(wanted[i][c], row->at(columns[c]));
      if (same == never.contains(columns[c])) {
        return columns[c] + " is " + row->at(columns[c]).dump() + ", the fact has " +
               wanted[i][c].dump() + " in " + wanted[i].dump();
      }
    }
  }
  return "";
}

}  // namespace martgate
