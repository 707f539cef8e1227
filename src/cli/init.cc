// martgate init DIR: a small project that works, to be changed into one's own.
#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "base/files.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/opened.h"

namespace martgate::cli {
namespace {

struct TemplateFile {
  std::string_view path;
  std::string_view text;
};

constexpr std::array kTemplate{
    TemplateFile{"martgate.yaml", R"(name: PROJECT
title: PROJECT_TITLE
description: A bakery with two shops. Replace this sentence with what your company does.
data: data
)"},
    TemplateFile{".gitignore", "/state/\n"},
    TemplateFile{"data/till/sales-2026-01.csv", R"(sale_id,sold_on,shop,product,quantity,price_eur
S-1,2026-01-02,harbour,sourdough,3,4.80
S-2,2026-01-02,market,croissant,6,1.90
S-3,2026-01-03,market,sourdough,2,4.80
S-4,2026-01-05,harbour,cake,1,28.00
S-5,2026-01-05,harbour,croissant,4,1.90
S-6,2026-01-06,market,cake,,28.00
)"},
    TemplateFile{"data/till/sales-2026-02.csv", R"(sale_id,sold_on,shop,product,quantity,price_eur
S-7,2026-02-01,harbour,sourdough,5,4.90
S-8,2026-02-02,market,croissant,8,1.95
S-9,2026-02-02,market,cake,1,29.00
S-10,2026-02-03,harbour,croissant,2,1.95
)"},
    TemplateFile{"catalog/sources/till.yaml", R"(kind: source
name: till
system: cash register
pattern: batch
description: One file a month from the cash registers of both shops.
owner: {team: shops, contact: shops@example.com}
schedule: monthly, on the 1st
freshness: {warn_after: {count: 40, period: day}, error_after: {count: 70, period: day}}
tables:
  - name: sales
    description: One line per product sold.
    files: till/sales-*.csv
    format: csv
    load: append
    columns:
      - {name: sale_id, data_type: text, required: true, unique: true}
      - {name: sold_on, data_type: date, required: true}
      - {name: shop, data_type: text, required: true}
      - {name: product, data_type: text}
      - {name: quantity, data_type: integer}
      - {name: price_eur, data_type: decimal, scale: 2}
)"},
    TemplateFile{"catalog/models/staging/stg_sales.sql", R"(SELECT
  sale_id,
  sold_on,
  shop,
  product,
  quantity,
  price_eur AS price
FROM raw.till_sales
)"},
    TemplateFile{"catalog/models/staging/stg_sales.yaml", R"(kind: model
name: stg_sales
layer: staging
description: Sales lines with types. A missing quantity stays missing.
owner: {team: shops, contact: shops@example.com}
primary_key: [sale_id]
columns:
  - {name: sale_id, data_type: text, tests: [not_null]}
  - {name: sold_on, data_type: date}
  - {name: shop, data_type: text}
  - {name: product, data_type: text}
  - {name: quantity, data_type: integer, tests: [{not_null: {severity: warn}}]}
  - {name: price, data_type: decimal, scale: 2}
)"},
    TemplateFile{"catalog/models/marts/sales.sql", R"(SELECT
  sale_id,
  sold_on,
  shop,
  product,
  quantity,
  quantity * price AS amount
FROM stg_sales
)"},
    TemplateFile{"catalog/models/marts/sales.yaml", R"(kind: model
name: sales
layer: marts
description: One row per sales line of both shops.
owner: {team: shops, contact: shops@example.com}
primary_key: [sale_id]
agg_time_dimension: sold_on
columns:
  - {name: sale_id, data_type: text, entity: {type: primary, name: sale}, description: Number on the receipt.}
  - {name: sold_on, data_type: date, dimension: {type: time}}
  - {name: shop, data_type: text, dimension: {type: categorical}, tests: [not_null, {accepted_values: {values: [harbour, market]}}]}
  - {name: product, data_type: text, dimension: {type: categorical}}
  - {name: quantity, data_type: integer}
  - {name: amount, data_type: decimal, scale: 2, description: "Quantity times price; NULL when the quantity is missing."}
tests:
  - {row_count: {min: 1}}
)"},
    TemplateFile{"catalog/metrics/revenue.yaml", R"(kind: metric
name: revenue
label: Revenue
description: Sum of quantity times price over all sales lines. Lines without a quantity do not count.
owner: {team: shops, contact: shops@example.com}
model: sales
type: simple
agg: sum
expr: amount
unit: {kind: currency, code: EUR, scale: 2}
ai_context: {synonyms: [sales, turnover, takings]}
examples:
  - question: Revenue by shop and month
    arguments: {metrics: [revenue], group_by: [metric_time__month, shop]}
)"},
    TemplateFile{"catalog/metrics/sales_lines.yaml", R"(kind: metric
name: sales_lines
label: Sales lines
description: Number of sales lines, with or without a quantity.
owner: {team: shops, contact: shops@example.com}
model: sales
type: simple
agg: count
unit: {kind: count}
)"},
    TemplateFile{"catalog/metrics/revenue_per_line.yaml", R"(kind: metric
name: revenue_per_line
label: Revenue per line
description: Revenue divided by the number of sales lines.
owner: {team: shops, contact: shops@example.com}
type: ratio
numerator: revenue
denominator: sales_lines
unit: {kind: currency, code: EUR}
)"},
    TemplateFile{"catalog/questions.yaml", R"(kind: questions
name: questions
questions:
  - {id: revenue_by_shop, question: "How much did each shop sell each month?", asked_by: owner, cadence: monthly,
     metrics: [revenue], group_by: [metric_time__month, shop]}
)"},
};

std::string filled(std::string_view text, const std::string& name, const std::string& title) {
  std::string result(text);
  for (const auto& [key, value] :
       {std::pair{std::string_view("PROJECT_TITLE"), title}, {std::string_view("PROJECT"), name}}) {
    for (std::size_t at = result.find(key); at != std::string::npos;
         at = result.find(key, at + value.size())) {
      result.replace(at, key.size(), value);
    }
  }
  return result;
}

// "My Shop-2" -> "my_shop_2"; "project" when nothing is left.
std::string project_name(const std::filesystem::path& folder) {
  std::string name;
  for (const char c : lower_ascii(folder.filename().string())) {
    const bool keeps = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9' && !name.empty());
    if (keeps)
      name.push_back(c);
    else if (!name.empty() && name.back() != '_')
      name.push_back('_');
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  return is_snake_case(name) ? name : "project";
}

}  // namespace

Exit run_init(App& app, const InitArgs& args) {
  std::error_code problem;
  const auto folder = std::filesystem::absolute(args.folder, problem).lexically_normal();
  if (std::filesystem::exists(folder, problem) && !std::filesystem::is_empty(folder, problem)) {
    app.terminal.error({Code::FailedPrecondition,
                        fmt::format("{} is not empty", folder.string()),
                        {"accepted: a folder that does not exist yet, or an empty one"}});
    return Exit::Environment;
  }
  const std::string title =
      folder.has_filename() ? folder.filename().string() : folder.parent_path().filename().string();
  const std::string name = project_name(title);
  for (const TemplateFile& file : kTemplate) {
    const auto path = folder / file.path;
    std::filesystem::create_directories(path.parent_path(), problem);
    if (auto written = replace_file(path, filled(file.text, name, json_quoted(title))); !written) {
      app.terminal.error(written.error());
      return Exit::Environment;
    }
  }
  app.terminal.print(fmt::format("{} holds a small project of {} files. Next:\n\n", folder.string(),
                                 kTemplate.size()));
  for (const std::string_view line :
       {"build", "call query_metrics '{\"metrics\": [\"revenue\"], \"group_by\": [\"shop\"]}'",
        "serve"}) {
    app.terminal.print(fmt::format("  martgate -C {} {}\n", args.folder.string(), line));
  }
  return Exit::Ok;
}

}  // namespace martgate::cli
