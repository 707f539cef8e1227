// The contract part of a source's YAML: formats of columns, shape of files, drift and volume.
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "base/text.h"
#include "base/time_format.h"
#include "base/time_zone.h"
#include "catalog/read_contract.h"

namespace martgate::catalog {
namespace {

bool is_numeric(std::string_view type) {
  return type == "integer" || type == "real" || type == "decimal";
}

bool is_temporal(std::string_view type) {
  return type == "date" || type == "timestamp";
}

// Numbers and texts as the file writes them: 0.10 stays 0.10 only in quotes, so bounds of decimals
// are quoted or short.
std::string scalar_text(const Node& node) {
  if (!node.exists()) return {};
  return node.is_text() ? node.text() : node.json()->dump();
}

char separator(const Node& node, char fallback) {
  const std::string text = node.text();
  return text.empty() ? fallback : text.front();
}

NumberFormat read_number(const Node& node) {
  NumberFormat format;
  format.group = separator(node.at("group"), '\0');
  format.point = separator(node.at("point"), '.');
  format.prefix = node.at("prefix").text();
  format.suffix = node.at("suffix").text();
  format.parentheses = node.at("parentheses").truth();
  if (format.group == format.point) {
    node.mistake("group and point are the same character", {"1,234.50 has \",\" and \".\""});
  }
  return format;
}

// A key that says nothing about columns of this type would look as if it did.
void refuse_misplaced(const Node& column, std::string_view type) {
  const auto refuse = [&](std::string_view key, bool is_fitting, std::string_view fitting) {
    const Node value = column.at(key);
    if (value.exists() && !is_fitting) {
      value.mistake(fmt::format("{} says nothing about a column of type {}", key, type),
                    {fmt::format("it belongs to {}", fitting)});
    }
  };
  refuse("scale", type == "decimal", "decimal");
  refuse("number", is_numeric(type), "integer, real and decimal");
  refuse("formats", is_temporal(type), "date and timestamp");
  refuse("time_zone", type == "timestamp", "timestamp");
  refuse("boolean", type == "boolean", "boolean");
  refuse("range", is_numeric(type) || is_temporal(type),
         "integer, real, decimal, date and timestamp");
}

DriftAction read_action(const Node& node, DriftAction fallback) {
  const std::string name = node.text();
  if (name == "accept") return DriftAction::Accept;
  if (name == "quarantine") return DriftAction::Quarantine;
  return name == "refuse" ? DriftAction::Refuse : fallback;
}

}  // namespace

ColumnContract read_column_contract(const Node& column, const Node& table) {
  ColumnContract contract;
  const std::string type = column.at("data_type").text();
  refuse_misplaced(column, type);
  contract.null_values = column.at("null_values").exists() ? column.at("null_values").texts()
                                                           : table.at("null_values").texts();
  contract.trim = column.at("trim").truth(table.at("trim").truth());
  contract.scale = static_cast<int>(column.at("scale").integer());
  if (type == "decimal" && !column.at("scale").exists()) {
    column.mistake("a decimal column without scale", {"scale: 2 keeps cents"});
  }
  contract.number = read_number(column.at("number"));
  contract.formats = column.at("formats").texts();
  for (const Node& item : column.at("formats").items()) {
    const auto format = TimeFormat::make(item.text());
    if (!format) {
      item.mistake(format.error().message, format.error().hints);
    } else if (type == "date" && format->has_time()) {
      item.mistake("a date has no time of day", {"data_type: timestamp has one"});
    }
  }
  contract.time_zone = column.at("time_zone").text();
  if (const Node zone = column.at("time_zone"); zone.exists()) {
    if (const auto found = TimeZone::named(zone.text()); !found) {
      zone.mistake(found.error().message, found.error().hints);
    }
  }
  contract.true_values = column.at("boolean").at("true").texts();
  contract.false_values = column.at("boolean").at("false").texts();
  for (const std::string& text : contract.true_values) {
    if (std::ranges::find(contract.false_values, text) != contract.false_values.end()) {
      column.at("boolean").mistake(fmt::format("\"{}\" is both true and false", shown(text, 80)));
    }
  }
  contract.min = scalar_text(column.at("range").at("min"));
  contract.max = scalar_text(column.at("range").at("max"));
  const Node length = column.at("length");
  if (length.at("min").exists()) contract.length_min = length.at("min").integer();
  if (length.at("max").exists()) contract.length_max = length.at("max").integer();
  contract.accepted_values = column.at("accepted_values").texts();
  contract.pattern = column.at("pattern").text();
  if (const re2::RE2 pattern(contract.pattern, re2::RE2::Quiet); !pattern.ok()) {
    column.at("pattern").mistake(fmt::format("not a regular expression: {}", pattern.error()),
                                 {"accepted: RE2 syntax"});
  }
  return contract;
}

FileShape read_file_shape(const Node& table) {
  FileShape shape;
  const std::string encoding = table.at("encoding").text("utf-8");
  if (encoding == "windows-1252") shape.encoding = Encoding::Windows1252;
  if (encoding == "iso-8859-1") shape.encoding = Encoding::Latin1;
  if (encoding == "utf-8-else-windows-1252") shape.encoding = Encoding::Utf8ElseWindows1252;
  if (encoding == "utf-16") shape.encoding = Encoding::Utf16;
  const Node quote = table.at("quote");
  if (quote.exists()) shape.quote = quote.text() == "none" ? '\0' : quote.text().front();
  if (shape.quote != '\0' && quote.exists() && quote.text() == table.at("delimiter").text(",")) {
    quote.mistake("quote and delimiter are the same character");
  }
  return shape;
}

DriftPolicy read_drift_policy(const Node& node) {
  DriftPolicy policy;
  if (node.is_text()) {
    const DriftAction action = read_action(node, DriftAction::Refuse);
    policy = {action, action, action, action, action};
    if (action == DriftAction::Accept) policy.type_changed = DriftAction::Quarantine;
    return policy;
  }
  policy.added = read_action(node.at("added"), policy.added);
  policy.removed = read_action(node.at("removed"), policy.removed);
  policy.renamed = read_action(node.at("renamed"), policy.renamed);
  policy.reordered = read_action(node.at("reordered"), policy.reordered);
  policy.type_changed = read_action(node.at("type_changed"), policy.type_changed);
  return policy;
}

VolumePolicy read_volume_policy(const Node& node) {
  VolumePolicy policy;
  policy.is_checked = node.at("check").truth(true);
  policy.history = static_cast<int>(node.at("history").integer(policy.history));
  policy.history_min = static_cast<int>(node.at("history_min").integer(policy.history_min));
  policy.ratio_min = node.at("ratio_min").number(policy.ratio_min);
  policy.ratio_max = node.at("ratio_max").number(policy.ratio_max);
  if (policy.history_min > policy.history) {
    node.mistake("history_min is more than history, so nothing is ever unusual");
  }
  return policy;
}

}  // namespace martgate::catalog
