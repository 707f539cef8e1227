#include "build/plan.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/json_writer.h"
#include "base/text.h"
#include "build/column_lineage.h"
#include "build/data_tests.h"
#include "build/model_table.h"
#include "store/connection.h"

namespace martgate::build {
namespace {

using catalog::Diagnostic;
using catalog::Layer;
using store::Sql;

constexpr std::int64_t kSchemaTablePage = 1;

// Table-valued functions of SQLite; the authorizer reports them like tables.
bool is_table_function(std::string_view name) {
  return name == "json_each" || name == "json_tree";
}

// Place of a byte of SQL text, both from 1. -1 is SQLite's word for an unknown place.
void set_place(Diagnostic& diagnostic, std::string_view sql, int offset) {
  if (offset < 0) return;
  const std::string_view before = sql.substr(0, static_cast<std::size_t>(offset));
  const auto line_end = before.rfind('\n');
  diagnostic.line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  diagnostic.column =
      static_cast<int>(1 + before.size() - (line_end == std::string_view::npos ? 0 : line_end + 1));
}

class Planner {
 public:
  Planner(const catalog::Project& project, store::Connection shadow, Detail detail)
      : project_(project), shadow_(std::move(shadow)), detail_(detail) {}

  Result<BuildPlan> run() {
    if (auto made = make_raw(); !made) return tl::unexpected(made.error());
    make_models();
    if (auto noted = note_root_pages(); !noted) return tl::unexpected(noted.error());
    for (const catalog::Model& model : project_.models) read_model(model);
    for (const catalog::Model& model : project_.models) check_tests(model);
    find_order();
    if (detail_ == Detail::Columns && plan_.diagnostics.empty()) {
      for (const catalog::Model& model : project_.models) add_columns(model);
      std::ranges::sort(plan_.columns);
    }
    std::ranges::sort(plan_.diagnostics, {}, [](const Diagnostic& d) {
      return std::tuple(d.file, d.line, d.column, d.message);
    });
    std::ranges::sort(plan_.lineage, {}, [](const engine::LineageEdge& edge) {
      return std::pair(edge.model, edge.reads);
    });
    return std::move(plan_);
  }

 private:
  Status make_raw() {
    if (auto attached = shadow_.execute("ATTACH ':memory:' AS staging; ATTACH ':memory:' AS raw");
        !attached) {
      return attached;
    }
    if (auto admitted = admit_json_tables(shadow_); !admitted) return admitted;
    for (const catalog::Source& source : project_.sources) {
      for (const catalog::SourceTable& table : source.tables) {
        raw_names_.push_back(table.raw_name);
        std::vector<std::string> columns;
        for (const catalog::SourceColumn& column : table.columns) {
          columns.push_back(store::quoted_identifier(column.name) + " TEXT");
          column_names_.insert(column.name);
        }
        columns.emplace_back("_load_id INTEGER");
        columns.emplace_back("_row INTEGER");
        auto made = shadow_.execute(Sql::rendered(
            fmt::format("CREATE TABLE {}.{} ({})", kRawSchema,
                        store::quoted_identifier(table.raw_name), join(columns, ", "))));
        if (!made) return tl::unexpected(with_context(made.error(), source.common.file));
      }
    }
    return {};
  }

  void make_models() {
    for (const catalog::Model& model : project_.models) {
      for (const catalog::Column& column : model.columns) column_names_.insert(column.name);
      if (auto made =
              shadow_.execute(Sql::rendered(create_table_sql(model, schema_of(model.layer))));
          !made) {
        report(model.common.file, made.error().message);
      }
    }
  }

  void read_model(const catalog::Model& model) {
    auto prepared = shadow_.prepare_select(Sql::rendered(model.sql));
    if (!prepared) {
      const int offset = sqlite3_error_offset(shadow_.handle());
      Diagnostic& refused = report(model.sql_file, prepared.error().message);
      refused.hints = hints_for(prepared.error().message);
      set_place(refused, model.sql, offset);
      return;
    }
    check_columns(model, prepared->statement);
    std::size_t raw_tables = 0;
    std::size_t models = 0;
    for (const auto& [table, columns] : all_reads(model.sql, prepared->reads)) {
      (table.first == kRawSchema ? raw_tables : models) += is_table_function(table.second) ? 0 : 1;
      add_read(model, table.first, table.second, columns);
    }
    // One to one with a source table, so that whoever asks what became of a delivery finds one
    // place, and what joins tables is a mart with tests of its own.
    if (model.layer == Layer::Staging && raw_tables > 0 && raw_tables + models > 1) {
      report(model.sql_file, "a staging model that reads a raw table reads nothing else").hints = {
          fmt::format("it reads {} raw tables and {} models", raw_tables, models),
          "make one staging model of each raw table, and join them in another model"};
    }
  }

  // What a statement reads: the columns that the authorizer reports when it is prepared, and those
  // that its program fetches. The authorizer alone would miss columns that are compared by USING
  // or NATURAL, which SQLite does not ask it about.
  store::ReadSet all_reads(const std::string& sql, const store::ReadSet& reported) {
    store::ReadSet reads = fetched_columns(sql);
    for (const auto& [table, columns] : reported) {
      // Without columns these are names as the SQL wrote them, among them common table expressions;
      // what is behind them was opened.
      const bool is_sure = !columns.empty() || table.second.starts_with("pragma_");
      if (is_sure) reads[table].insert(columns.begin(), columns.end());
    }
    for (auto& [table, columns] : reads) columns.erase("ROWID");  // of SQLite, not of the table
    return reads;
  }

  // Where each table of the shadow begins, as the opcode that opens it says.
  Status note_root_pages() {
    const auto schemas = shadow_.query("SELECT seq, name FROM pragma_database_list");
    if (!schemas) return tl::unexpected(schemas.error());
    for (std::size_t i = 0; i < schemas->row_count(); ++i) {
      const std::int64_t seq = std::get<std::int64_t>(schemas->at(i, 0));
      const std::string& schema = std::get<std::string>(schemas->at(i, 1));
      opened_by_[{seq, kSchemaTablePage}] = {schema, "sqlite_schema"};
      const auto tables = shadow_.query(Sql::rendered(
          fmt::format("SELECT rootpage, name FROM {}.sqlite_schema WHERE type = 'table'", schema)));
      if (!tables) return tl::unexpected(tables.error());
      for (std::size_t row = 0; row < tables->row_count(); ++row) {
        const Table table{schema, std::get<std::string>(tables->at(row, 1))};
        opened_by_[{seq, std::get<std::int64_t>(tables->at(row, 0))}] = table;
        const store::Value names[] = {table.second, schema};
        const auto columns = shadow_.query("SELECT name FROM pragma_table_info(?, ?)", names);
        if (!columns) return tl::unexpected(columns.error());
        for (std::size_t at = 0; at < columns->row_count(); ++at) {
          columns_of_[table].push_back(std::get<std::string>(columns->at(at, 0)));
        }
      }
    }
    return {};
  }

  // Every table that the statement's program opens, with the columns it takes from its rows.
  store::ReadSet fetched_columns(const std::string& sql) {
    store::ReadSet reads;
    const auto program = shadow_.query(Sql::rendered("EXPLAIN " + sql));
    if (!program) return reads;  // it was prepared a moment ago
    constexpr std::size_t kOpcode = 1;
    constexpr std::size_t kFirst = 2;
    constexpr std::size_t kSecond = 3;
    constexpr std::size_t kThird = 4;
    // A cursor may be used for one table after the other.
    std::map<std::int64_t, std::set<Table>> tables_of;
    const auto number = [&](std::size_t row, std::size_t column) {
      return std::get<std::int64_t>(program->at(row, column));
    };
    for (std::size_t i = 0; i < program->row_count(); ++i) {
      if (program->at(i, kOpcode) != store::Value("OpenRead")) continue;
      const auto table = opened_by_.find({number(i, kThird), number(i, kSecond)});
      if (table == opened_by_.end()) continue;
      reads[table->second];
      tables_of[number(i, kFirst)].insert(table->second);
    }
    for (std::size_t i = 0; i < program->row_count(); ++i) {
      if (program->at(i, kOpcode) != store::Value("Column")) continue;
      const auto tables = tables_of.find(number(i, kFirst));
      if (tables == tables_of.end()) continue;
      for (const Table& table : tables->second) {
        const auto& columns = columns_of_[table];
        const auto column = static_cast<std::size_t>(number(i, kSecond));
        if (column < columns.size()) reads[table].insert(columns[column]);
      }
    }
    return reads;
  }

  void check_columns(const catalog::Model& model, const store::Statement& select) {
    std::vector<std::string> selected;
    selected.reserve(static_cast<std::size_t>(select.column_count()));
    for (int i = 0; i < select.column_count(); ++i) selected.push_back(select.column_name(i));
    std::vector<std::string> declared;
    for (const catalog::Column& column : model.columns) declared.push_back(column.name);
    if (selected == declared) return;
    std::vector<std::string> hints;
    const auto difference = [&hints](std::string_view what, const std::vector<std::string>& left,
                                     const std::vector<std::string>& right) {
      std::vector<std::string> only;
      for (const std::string& name : left) {
        if (std::ranges::find(right, name) == right.end()) only.push_back(shown(name, 80));
      }
      if (!only.empty()) hints.push_back(fmt::format("{}: {}", what, join(only, ", ")));
    };
    difference("only in the SELECT", selected, declared);
    difference("only in the YAML", declared, selected);
    if (hints.empty()) {
      hints.push_back(fmt::format("the SELECT gives {}", join(selected, ", ")));
      hints.push_back(fmt::format("the YAML declares {}", join(declared, ", ")));
    }
    report(model.sql_file,
           fmt::format("the columns of the SELECT are not those of {}, in the same order",
                       model.common.file))
        .hints = std::move(hints);
  }

  void add_read(const catalog::Model& model, const std::string& schema, const std::string& name,
                const std::set<std::string>& columns) {
    const catalog::Model* read = project_.model(name);
    const bool is_raw_name = std::ranges::find(raw_names_, name) != raw_names_.end();
    const auto is_in = [&](const catalog::Model* of) {
      return of != nullptr && schema == schema_of(of->layer);
    };
    if (is_table_function(name)) return;
    if (schema == kRawSchema && is_raw_name) return add_edge(model, name, Layer::Raw, columns);
    if (is_in(read)) return add_edge(model, name, read->layer, columns);
    Diagnostic& refused =
        report(model.sql_file,
               fmt::format("reads {}.{}, which is neither a model nor a raw table", schema, name));
    refused.hints = name_hints(name, readable_names());
  }

  void add_edge(const catalog::Model& model, const std::string& name, Layer layer,
                const std::set<std::string>& columns) {
    plan_.lineage.push_back(
        {model.common.name, name, std::string(name_of(layer)), {columns.begin(), columns.end()}});
    if (layer != Layer::Raw) reads_[model.common.name].insert(name);
    if (model.layer == Layer::Marts && layer == Layer::Raw) {
      report(model.sql_file, fmt::format("a mart reads raw.{}", name)).hints = {
          "marts read staging models and marts"};
    }
    if (model.layer == Layer::Staging && layer == Layer::Marts) {
      report(model.sql_file, fmt::format("a staging model reads the mart {}", name)).hints = {
          "staging models read raw tables and staging models"};
    }
  }

  // What the columns take their values from, held against what the whole SELECT reads: a column
  // that is not among that was misunderstood, and then each is taken to read everything.
  void add_columns(const catalog::Model& model) {
    std::set<ColumnEdge> edges;
    std::set<ColumnEdge> possible;
    for (const engine::LineageEdge& edge : plan_.lineage) {
      if (edge.model != model.common.name) continue;
      for (const std::string& read : edge.columns) {
        for (const catalog::Column& column : model.columns)
          possible.insert({edge.model, column.name, edge.reads, edge.reads_layer, read});
      }
    }
    const auto origins = column_lineage(shadow_, model.sql);
    bool is_exact = origins && origins->size() == model.columns.size();
    for (std::size_t i = 0; is_exact && i < origins->size(); ++i) {
      for (const ColumnOrigin& origin : (*origins)[i]) {
        const Layer layer = origin.schema == kRawSchema       ? Layer::Raw
                            : origin.schema == kStagingSchema ? Layer::Staging
                                                              : Layer::Marts;
        if (is_table_function(origin.table)) continue;
        const ColumnEdge edge{model.common.name, model.columns[i].name, origin.table,
                              std::string(name_of(layer)), origin.column};
        is_exact = is_exact && possible.contains(edge);
        edges.insert(edge);
      }
    }
    if (!is_exact && !model.is_seed) plan_.inexact.push_back(model.common.name);
    const auto& found = is_exact || model.is_seed ? edges : possible;
    plan_.columns.insert(plan_.columns.end(), found.begin(), found.end());
  }

  void check_tests(const catalog::Model& model) {
    for (const catalog::DataTest& test : model.tests) {
      const auto prepared = shadow_.prepare_select(Sql::rendered(test_sql(model, project_, test)));
      if (prepared) {
        auto& reads = plan_.test_reads[test.name];
        for (const auto& [table, columns] :
             all_reads(test_sql(model, project_, test), prepared->reads)) {
          const auto layer = table.first == kRawSchema       ? Layer::Raw
                             : table.first == kStagingSchema ? Layer::Staging
                                                             : Layer::Marts;
          if (!is_table_function(table.second)) reads.emplace_back(layer, table.second);
        }
        continue;
      }
      Diagnostic& refused = report(model.common.file,
                                   fmt::format("test {}: {}", test.name, prepared.error().message));
      refused.line = test.line;
      refused.hints = hints_for(prepared.error().message);
    }
  }

  // Repeatedly the first model by name, staging before marts, of which everything it reads is done.
  void find_order() {
    std::set<std::pair<Layer, std::string>> open;
    for (const catalog::Model& model : project_.models)
      open.insert({model.layer, model.common.name});
    std::set<std::string, std::less<>> done;
    while (!open.empty()) {
      const auto ready = std::ranges::find_if(open, [&](const auto& model) {
        return std::ranges::all_of(reads_[model.second],
                                   [&](const std::string& name) { return done.contains(name); });
      });
      if (ready == open.end()) return report_cycle(open.begin()->second, done);
      plan_.order.push_back(ready->second);
      done.insert(ready->second);
      open.erase(ready);
    }
  }

  // Every model that is left reads another one that is left: following them must come round.
  void report_cycle(std::string name, const std::set<std::string, std::less<>>& done) {
    std::vector<std::string> path;
    while (std::ranges::find(path, name) == path.end()) {
      path.push_back(name);
      name = *std::ranges::find_if(reads_[name],
                                   [&](const std::string& read) { return !done.contains(read); });
    }
    path.erase(path.begin(), std::ranges::find(path, name));
    const catalog::Model* first = project_.model(path.front());
    path.push_back(path.front());
    report(first->sql_file, "models read each other in a circle").hints = {join(path, " reads ")};
  }

  Diagnostic& report(std::string file, std::string message) {
    Diagnostic diagnostic;
    diagnostic.file = std::move(file);
    diagnostic.message = std::move(message);
    return plan_.diagnostics.emplace_back(std::move(diagnostic));
  }

  [[nodiscard]] std::vector<std::string> readable_names() const {
    std::vector<std::string> names;
    for (const catalog::Model& model : project_.models) names.push_back(model.common.name);
    for (const std::string& name : raw_names_) names.push_back(fmt::format("raw.{}", name));
    return names;
  }

  // What SQLite's message calls unknown, and the names that come near it.
  [[nodiscard]] std::vector<std::string> hints_for(std::string_view message) const {
    constexpr std::string_view kNoTable = "no such table: ";
    constexpr std::string_view kNoColumn = "no such column: ";
    if (message.starts_with(kNoTable)) {
      const std::string_view name = message.substr(kNoTable.size());
      return name_hints(name, readable_names());
    }
    if (message.starts_with(kNoColumn)) {
      std::string_view name = message.substr(kNoColumn.size());
      if (const auto dot = name.rfind('.'); dot != std::string_view::npos)
        name.remove_prefix(dot + 1);
      const std::vector<std::string> all(column_names_.begin(), column_names_.end());
      const std::vector<std::string> near = nearest(name, all);
      if (!near.empty()) return {fmt::format("near it: {}", join(near, ", "))};
    }
    return {};
  }

  const catalog::Project& project_;
  store::Connection shadow_;
  Detail detail_;
  BuildPlan plan_;
  std::vector<std::string> raw_names_;
  std::set<std::string> column_names_;
  using Table = std::pair<std::string, std::string>;                  // schema, name
  std::map<std::pair<std::int64_t, std::int64_t>, Table> opened_by_;  // by database and root page
  std::map<Table, std::vector<std::string>> columns_of_;
  std::map<std::string, std::set<std::string>> reads_;  // model -> models
};

}  // namespace

Result<BuildPlan> plan_models(const catalog::Project& project, Detail detail) {
  auto shadow = store::Connection::open_memory();
  if (!shadow) return tl::unexpected(shadow.error());
  return Planner(project, std::move(*shadow), detail).run();
}

}  // namespace martgate::build
