// What a source's file says for people and the audit, beside how its files are read.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "catalog/read_objects.h"

namespace martgate::catalog {
namespace {

PersonalData read_personal_data(const Node& node) {
  const std::string name = node.text();
  if (name == "direct") return PersonalData::Direct;
  if (name == "special") return PersonalData::Special;
  return name == "indirect" ? PersonalData::Indirect : PersonalData::None;
}

void read_columns(const Node& list, SourceTable& table) {
  const std::vector<Node> columns = list.items();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Node personal = columns[i].at("personal_data");
    SourceColumn& column = table.columns[i];
    column.personal_data = read_personal_data(personal);
    if (column.personal_data != PersonalData::None &&
        column.classification == Classification::Public) {
      personal.mistake(fmt::format("personal data in {}, which is public", shown(column.name, 80)),
                       {"accepted: classification internal, confidential or restricted"});
    }
  }
}

void read_primary_key(const Node& key, SourceTable& table) {
  std::vector<std::string> names;
  for (const SourceColumn& column : table.columns) names.push_back(column.name);
  for (const Node& item : key.items()) {
    table.primary_key.push_back(item.text());
    if (std::ranges::find(names, item.text()) == names.end()) {
      item.mistake(fmt::format("{} has no column \"{}\"", table.name, shown(item.text(), 80)),
                   name_hints(item.text(), names));
    }
  }
}

}  // namespace

void read_inventory(const Node& node, Source& source) {
  if (const Node rule = node.at("reconciliation"); rule.exists()) {
    source.reconciliation =
        Reconciliation{.rule = rule.at("rule").text(),
                       .against = rule.at("against").text(),
                       .every = rule.at("every").text(),
                       .tolerance_percent = rule.at("tolerance_percent").number()};
  }
  source.serves = node.at("serves").texts();
  const std::vector<Node> tables = node.at("tables").items();
  for (std::size_t i = 0; i < tables.size(); ++i) {
    read_columns(tables[i].at("columns"), source.tables[i]);
    read_primary_key(tables[i].at("primary_key"), source.tables[i]);
  }
}

}  // namespace martgate::catalog
