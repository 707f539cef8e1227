#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include "base/text.h"
#include "catalog/read_contract.h"
#include "catalog/read_objects.h"

namespace martgate::catalog {
namespace {

LoadPattern read_pattern(const Node& node) {
  const std::string name = node.text("batch");
  if (name == "polling") return LoadPattern::Polling;
  return name == "webhook" ? LoadPattern::Webhook : LoadPattern::Batch;
}

void check_files_pattern(const Node& node) {
  const std::filesystem::path pattern(node.text());
  if (pattern.is_absolute()) {
    node.mistake("an absolute path", {"patterns start from the data folder"});
    return;
  }
  for (const auto& part : pattern) {
    if (part == "..") {
      node.mistake("a path that leaves the data folder", {"patterns stay below the data folder"});
      return;
    }
  }
}

char read_delimiter(const Node& node) {
  const std::string text = node.text(",");
  if (text.size() != 1 || text == "\"" || text == "\r" || text == "\n") {
    node.mistake("not a delimiter", {"accepted: one ASCII character other than a quote"});
    return ',';
  }
  return text.front();
}

constexpr std::array<std::string_view, 5> kTakenNames{"_load_id", "_row", "_row_hash", "_original",
                                                      "_loaded_at"};

// Column names meet in SQL, where case does not count.
void check_column_names(const std::vector<Node>& columns) {
  std::map<std::string, int> lines;
  for (const Node& column : columns) {
    const Node name = column.at("name");
    const std::string key = lower_ascii(name.text());
    if (std::ranges::find(kTakenNames, key) != kTakenNames.end()) {
      name.mistake(fmt::format("column name {} is taken", key),
                   {"every raw table shows _load_id and _row of its own"});
    }
    const auto [first, is_new] = lines.emplace(key, name.position().line);
    if (!is_new) {
      name.mistake(fmt::format("column \"{}\" appears twice", shown(name.text(), 80)),
                   {fmt::format("first on line {}; case does not count", first->second)});
    }
  }
}

void read_unique_keys(const Node& keys, SourceTable& table) {
  for (const Node& key : keys.items()) {
    table.unique_keys.push_back(key.texts());
    for (const Node& name : key.items()) {
      if (std::ranges::find(table.columns, name.text(), &SourceColumn::name) !=
          table.columns.end()) {
        continue;
      }
      std::vector<std::string> names;
      for (const SourceColumn& column : table.columns) names.push_back(column.name);
      name.mistake(fmt::format("there is no column \"{}\"", shown(name.text(), 80)),
                   name_hints(name.text(), names));
    }
  }
}

SourceTable read_table(const Node& node, const std::string& source, const Node& on_drift) {
  SourceTable table;
  table.name = node.at("name").text();
  table.raw_name = fmt::format("{}_{}", source, table.name);
  table.description = node.at("description").text();
  table.files = node.at("files").text();
  check_files_pattern(node.at("files"));
  table.format = node.at("format").text() == "jsonl" ? FileFormat::Jsonl : FileFormat::Csv;
  table.load = node.at("load").text() == "snapshot" ? LoadMode::Snapshot : LoadMode::Append;
  table.delimiter = read_delimiter(node.at("delimiter"));
  table.shape = read_file_shape(node);
  table.on_drift = read_drift_policy(on_drift);
  table.volume = read_volume_policy(node.at("volume"));
  if (node.at("overlap").text() == "keep") table.overlap = Overlap::Keep;
  const std::vector<Node> columns = node.at("columns").items();
  check_column_names(columns);
  for (const Node& column : columns) {
    table.columns.push_back({.name = column.at("name").text(),
                             .data_type = column.at("data_type").text(),
                             .description = column.at("description").text(),
                             .required = column.at("required").truth(),
                             .unique = column.at("unique").truth(),
                             .classification = read_classification(column.at("classification")),
                             .contract = read_column_contract(column, node)});
  }
  read_unique_keys(node.at("unique"), table);
  return table;
}

}  // namespace

Source read_source(const Node& node) {
  Source source;
  source.common = read_common(node);
  source.system = node.at("system").text();
  source.pattern = read_pattern(node.at("pattern"));
  source.schedule = node.at("schedule").text();
  source.freshness = read_freshness(node.at("freshness"));
  if (const Node credentials = node.at("credentials"); credentials.exists()) {
    source.credentials =
        Credentials{static_cast<int>(credentials.at("rotate_every_days").integer()),
                    read_date(credentials.at("last_rotated"))};
  }
  source.connector = read_connector(node.at("connector"));
  for (const Node& table : node.at("tables").items()) {
    source.tables.push_back(read_table(table, source.common.name, node.at("on_drift")));
    read_extract(table, source.connector, source.tables.back());
  }
  read_inventory(node, source);
  return source;
}

}  // namespace martgate::catalog
