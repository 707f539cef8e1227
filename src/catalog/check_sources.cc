#include <fmt/format.h>

#include <map>

#include "catalog/check_names.h"
#include "catalog/checks.h"

namespace martgate::catalog {
namespace {

// "billing" + "eu_invoices" and "billing_eu" + "invoices" would be one raw table.
void check_raw_names(const Draft& draft, Report& report) {
  std::map<std::string, std::string> first_place;
  for (const Entry<Source>& entry : draft.sources.entries) {
    if (!entry.object) continue;
    const std::vector<Node> tables = Node(entry.document, report).at("tables").items();
    for (std::size_t i = 0; i < tables.size(); ++i) {
      const std::string& raw_name = entry.object->tables[i].raw_name;
      const Node name = tables[i].at("name");
      const auto [first, is_new] = first_place.emplace(
          raw_name, fmt::format("{}:{}", entry.document.file, name.position().line));
      if (!is_new) {
        name.mistake(fmt::format("two tables would be raw.{}", raw_name),
                     {fmt::format("the other is at {}", first->second)});
      }
    }
  }
}

}  // namespace

void check_sources(const Draft& draft, Report& report) {
  check_names(draft.sources, "source", report);
  check_replacements(draft.sources, "source", report);
  check_raw_names(draft, report);
}

void check_tools(const Draft& draft, Report& report) {
  check_names(draft.tools, "tool", report);
  const std::size_t count = draft.tools.entries.size();
  if (count > kToolsMax) {
    report.add({"tools",
                0,
                0,
                fmt::format("{} tools", count),
                {fmt::format("accepted: at most {}; agents choose badly among more", kToolsMax)}});
  }
}

}  // namespace martgate::catalog
