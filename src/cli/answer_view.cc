#include "cli/answer_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/text.h"

namespace martgate::cli {
namespace {

using nlohmann::json;

constexpr int kBarCells = 16;
constexpr std::size_t kDigestShown = 12;

// "1 284 392.17" reads; thin groups of three in the whole part.
std::string grouped(std::string digits) {
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  std::size_t end = digits.find('.');
  if (end == std::string::npos) end = digits.size();
  for (std::size_t at = end; at > first + 3;) {
    at -= 3;
    digits.insert(at, "\u202f");
  }
  return digits;
}

std::string number_text(const json& cell, const std::string& unit) {
  const double value = cell.get<double>();
  if (unit == "ratio") return fmt::format("{:.1f} %", value * 100);
  if (cell.is_number_integer()) return grouped(cell.dump());
  return grouped(fmt::format("{:.2f}", value));
}

std::string cell_view(const json& cell, const json& column) {
  if (cell.is_null()) return "–";
  if (cell.is_string()) {
    const auto text = cell.get<std::string>();
    const std::string grain = column.value("grain", "");
    if (grain == "month" && text.size() == 10) return text.substr(0, 7);
    if (grain == "year" && text.size() == 10) return text.substr(0, 4);
    if (grain == "quarter" && text.size() == 10) {
      return fmt::format("{} Q{}", text.substr(0, 4), (std::stoi(text.substr(5, 2)) + 2) / 3);
    }
    return shown(text, 60);
  }
  if (cell.is_boolean()) return cell.get<bool>() ? "yes" : "no";
  return number_text(cell, column.value("unit", ""));
}

// Length in eighths of a cell, so that small differences show.
std::string bar(double share) {
  static constexpr std::string_view kParts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * kBarCells * 8));
  std::string text;
  for (int i = 0; i < eighths / 8; ++i) text += "█";
  text += kParts[eighths % 8];
  return text;
}

std::optional<std::size_t> first_metric(const json& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].value("role", "") == "metric") return i;
  }
  return std::nullopt;
}

std::string table_of(const Terminal& terminal, const json& data) {
  const json& columns = data.at("columns");
  const json& rows = data.at("rows");
  const auto metric = first_metric(columns);
  double largest = 0;
  if (metric && rows.size() > 1) {
    for (const json& row : rows) {
      if (row[*metric].is_number()) largest = std::max(largest, row[*metric].get<double>());
    }
  }
  std::vector<Table::Column> titles;
  for (const json& column : columns) {
    const bool is_metric = column.value("role", "") == "metric";
    std::string title =
        is_metric ? column.value("label", "") : column.value("grain", column.value("name", ""));
    const std::string unit = column.value("unit", "");
    if (!unit.empty() && unit != "ratio" && unit != "count") title += fmt::format(" ({})", unit);
    titles.push_back({title, is_metric ? Align::Right : Align::Left});
  }
  if (largest > 0) titles.push_back({"", Align::Left});
  Table table(titles);
  for (const json& row : rows) {
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < columns.size(); ++i) cells.push_back(cell_view(row[i], columns[i]));
    if (largest > 0)
      cells.push_back(row[*metric].is_number() ? bar(row[*metric].get<double>() / largest) : "");
    table.add_row(std::move(cells));
  }
  return table.text("    ", !terminal.styled("x", Style::Bold).starts_with('x'), terminal.width());
}

std::string list_of(const json& names) {
  std::vector<std::string> texts = names.get<std::vector<std::string>>();
  return join(texts, ", ");
}

std::string source_of(const Terminal& terminal, const json& envelope) {
  std::string text;
  const auto line = [&](std::string_view key, const std::string& value) {
    text +=
        fmt::format("    {} {}\n", terminal.styled(fmt::format("{:<9}", key), Style::Dim), value);
  };
  for (const json& citation : envelope.at("citations")) {
    line("read",
         fmt::format("{} ({})", citation.value("table", ""), list_of(citation.at("columns"))));
    if (citation.contains("sources")) line("from", list_of(citation.at("sources")));
    const json& tests = citation.at("tests");
    line("state", fmt::format("{}, loaded {}; {} tests pass, {} warn",
                              citation.value("freshness", ""), citation.value("loaded_at", "never"),
                              tests.value("pass", 0), tests.value("warn", 0)));
    if (citation.contains("definitions")) {
      std::vector<std::string> definitions;
      for (const json& definition : citation.at("definitions")) {
        definitions.push_back(fmt::format("{} @ {}", definition.value("name", ""),
                                          definition.value("digest", "").substr(0, kDigestShown)));
      }
      line("defined", join(definitions, ", "));
    }
  }
  const std::string trust = envelope.value("trust", "");
  const Style style = trust == "pass" ? Style::Good : trust == "warn" ? Style::Warn : Style::Bad;
  line("trust", fmt::format("{}  snapshot {}  {}", terminal.styled(trust, style),
                            envelope.value("snapshot", ""),
                            terminal.styled(envelope.value("request_id", ""), Style::Dim)));
  for (const json& warning : envelope.at("warnings")) line("warning", warning.value("text", ""));
  return text;
}

}  // namespace

std::string answer_view(const Terminal& terminal, std::string_view question, std::string_view tool,
                        const json& arguments, const json& result) {
  std::string text = fmt::format("{} {}\n", terminal.styled("?", Style::Accent),
                                 terminal.styled(question, Style::Bold));
  text += fmt::format("  {}\n\n",
                      terminal.styled(fmt::format("{} {}", tool, arguments.dump()), Style::Dim));
  if (!result.contains("structuredContent")) {
    for (const json& block : result.value("content", json::array()))
      text += block.value("text", "");
    return text + "\n";
  }
  const json& data = result.at("structuredContent");
  text += table_of(terminal, data) + "\n" + source_of(terminal, data.at("envelope"));
  return text + "\n";
}

}  // namespace martgate::cli
