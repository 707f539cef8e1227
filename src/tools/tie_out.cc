#include "tools/tie_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/files.h"
#include "base/text.h"
#include "catalog/csv_text.h"
#include "metrics/compile.h"
#include "tools/arguments.h"
#include "tools/cells.h"

namespace martgate::tools {
namespace {

// A tie-out is a report of people: what has more lines is a table of its own.
constexpr std::int64_t kRowsMax = 10'000;
constexpr std::size_t kDifferencesMax = 20;

using Groups = std::vector<std::string>;
struct Trusted {
  std::vector<std::pair<Groups, double>> numbers;  // in the order of the file
};

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  if (text.empty() || problem != std::errc() || stop != end) return std::nullopt;
  return number;
}

tl::unexpected<Error> broken(const catalog::TieOut& tie, std::string message,
                             std::vector<std::string> hints = {}) {
  return fail(Code::InvalidArgument, fmt::format("tie-out {}: {}", tie.name, message),
              std::move(hints), "tie_out_broken");
}

// The file's header is the query's groups and one more column, the number.
Result<Trusted> trusted_of(const catalog::Project& project, const catalog::TieOut& tie,
                           const std::vector<std::string>& group_by) {
  if (tie.equals) return Trusted{{{{}, *tie.equals}}};
  const auto text = read_file(project.root / tie.file);
  if (!text) return broken(tie, to_text(text.error()));
  const catalog::CsvText csv = catalog::parse_csv(*text);
  if (!csv.mistake.empty()) {
    return broken(tie, fmt::format("{}:{}: {}", tie.file, csv.mistake_line, csv.mistake));
  }
  Trusted trusted;
  for (const catalog::CsvRecord& record : csv.records) {
    Groups groups;
    for (const catalog::CsvField& field : record.fields) groups.push_back(field.text);
    const std::string last = groups.back();
    groups.pop_back();
    if (&record == &csv.records.front()) {
      if (groups == group_by) continue;
      return broken(tie, fmt::format("{}: the header is not that of the query", tie.file),
                    {fmt::format("accepted: {}, then a column of numbers", join(group_by, ","))});
    }
    const auto number = number_in(last);
    if (!number || groups.size() != group_by.size()) {
      return broken(tie, fmt::format("{}:{}: not {} groups and a number", tie.file, record.line,
                                     group_by.size()));
    }
    trusted.numbers.emplace_back(std::move(groups), *number);
  }
  return trusted;
}

std::string label(const Groups& groups) {
  return groups.empty() ? "the total" : join(groups, ", ");
}

Result<TieOutResult> run_one(const catalog::Project& project, const engine::MartEngine& mart,
                             const catalog::Metric& metric, const catalog::TieOut& tie) {
  auto arguments = nlohmann::json::parse(tie.arguments_json, nullptr, false);
  arguments["metrics"] = {metric.common.name};
  arguments["limit"] = kRowsMax;
  const auto query = metric_query_from(arguments, kRowsMax);
  if (!query) return broken(tie, query.error().message, query.error().hints);
  const auto trusted = trusted_of(project, tie, query->group_by);
  if (!trusted) return tl::unexpected(trusted.error());
  const auto compiled = metrics::compile(project, *query);
  if (!compiled) return broken(tie, compiled.error().message, compiled.error().hints);
  const catalog::Limits& limits = project.settings.limits;
  const auto answer = mart.run(compiled->query, {.rows_max = kRowsMax,
                                                 .vm_steps_max = limits.vm_steps_max,
                                                 .wall_ms_max = limits.wall_ms_max});
  if (!answer) return tl::unexpected(with_context(answer.error(), tie.name));

  const auto& columns = compiled->plan.columns;
  std::map<Groups, std::string> found;
  for (std::size_t i = 0; i < answer->rows.row_count(); ++i) {
    Groups groups;
    for (std::size_t c = 0; c + 1 < columns.size(); ++c) {
      groups.push_back(cell_text(answer->rows.at(i, c), columns[c]));
    }
    found.emplace(std::move(groups),
                  cell_text(answer->rows.at(i, columns.size() - 1), columns.back()));
  }
  TieOutResult result{&tie, trusted->numbers.size(), {}};
  const auto differs = [&](std::string line) {
    if (result.differences.size() < kDifferencesMax) result.differences.push_back(std::move(line));
  };
  for (const auto& [groups, wanted] : trusted->numbers) {
    const auto node = found.extract(groups);
    if (node.empty()) {
      differs(fmt::format("{}: {} is trusted, and there is nothing", label(groups), wanted));
      continue;
    }
    const auto number = number_in(node.mapped());
    const double allowed = tie.is_percent ? std::abs(wanted) * tie.tolerance / 100 : tie.tolerance;
    // A little more than the last bit: the trusted number was written in decimal.
    const double rounding = std::abs(wanted) * 1e-12;
    if (!number || std::abs(*number - wanted) > allowed + rounding) {
      differs(fmt::format("{}: {} is trusted, {} was found", label(groups), wanted,
                          node.mapped().empty() ? "nothing" : node.mapped()));
    }
  }
  for (const auto& [groups, number] : found) {
    differs(fmt::format("{}: {} was found, and nothing is trusted", label(groups), number));
  }
  return result;
}

}  // namespace

Result<std::vector<TieOutResult>> run_tie_outs(const catalog::Project& project,
                                               const engine::MartEngine& mart) {
  std::vector<TieOutResult> results;
  for (const catalog::Metric& metric : project.metrics) {
    for (const catalog::TieOut& tie : metric.tie_outs) {
      auto result = run_one(project, mart, metric, tie);
      if (!result) return tl::unexpected(result.error());
      results.push_back(std::move(*result));
    }
  }
  return results;
}

}  // namespace martgate::tools
