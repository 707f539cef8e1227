// martgate lineage: what a table or a column is made from, and what is made from it.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "base/json_writer.h"
#include "base/text.h"
#include "build/open_lineage.h"
#include "build/plan.h"
#include "catalog/load.h"
#include "cli/commands.h"
#include "cli/opened.h"

namespace martgate::cli {
namespace {

// "orders" or "orders.net_amount"; raw tables are "raw.<name>".
struct Node {
  std::string table;
  std::string column;  // empty: the whole table
  auto operator<=>(const Node&) const = default;
  [[nodiscard]] std::string text() const {
    return column.empty() ? table : fmt::format("{}.{}", table, column);
  }
};

struct Graph {
  std::map<Node, std::set<Node>> up;    // what it is made from
  std::map<Node, std::set<Node>> down;  // what is made from it
  std::map<std::string, std::string> layers;
};

std::string table_name(std::string_view layer, const std::string& name) {
  return layer == "raw" ? "raw." + name : name;
}

Graph graph_of(const catalog::Project& project, const build::BuildPlan& plan, bool of_columns) {
  Graph graph;
  for (const catalog::Model& model : project.models)
    graph.layers[model.common.name] = catalog::name_of(model.layer);
  const auto add = [&](const Node& made, const Node& from) {
    graph.up[made].insert(from);
    graph.down[from].insert(made);
  };
  for (const engine::LineageEdge& edge : plan.lineage) {
    graph.layers[table_name(edge.reads_layer, edge.reads)] = edge.reads_layer;
    if (!of_columns) add({edge.model, ""}, {table_name(edge.reads_layer, edge.reads), ""});
  }
  for (const build::ColumnEdge& edge : plan.columns) {
    if (of_columns) {
      add({edge.model, edge.column}, {table_name(edge.reads_layer, edge.reads), edge.read_column});
    }
  }
  if (of_columns) return graph;
  for (const catalog::Metric& metric : project.metrics) {
    const auto* simple = std::get_if<catalog::SimpleMetric>(&metric.definition);
    if (simple == nullptr) continue;
    const std::string name = "metric." + metric.common.name;
    graph.layers[name] = "metric";
    add({name, ""}, {simple->model, ""});
  }
  return graph;
}

void print_tree(App& app, const Graph& graph, const std::map<Node, std::set<Node>>& edges,
                const Node& node, const std::string& indent, std::set<Node>& seen) {
  const auto next = edges.find(node);
  if (next == edges.end()) return;
  std::size_t left = next->second.size();
  for (const Node& child : next->second) {
    const bool is_last = --left == 0;
    const bool is_known = !seen.insert(child).second && edges.contains(child);
    const auto layer = graph.layers.find(child.table);
    const std::string what =
        layer == graph.layers.end() || layer->second == "raw" ? "" : layer->second;
    std::string line = fmt::format("{}{} {}", indent, is_last ? "└─" : "├─", child.text());
    if (!what.empty()) line += "  " + app.terminal.styled(what, Style::Dim);
    app.terminal.print(line + (is_known ? "  (as above)\n" : "\n"));
    if (!is_known) print_tree(app, graph, edges, child, indent + (is_last ? "   " : "│  "), seen);
  }
}

// Every edge that is reached from the node, as (made, from).
std::set<std::pair<Node, Node>> reached(const std::map<Node, std::set<Node>>& edges,
                                        const Node& start, bool is_up) {
  std::set<std::pair<Node, Node>> found;
  std::set<Node> seen{start};
  std::vector<Node> open{start};
  while (!open.empty()) {
    const Node node = open.back();
    open.pop_back();
    const auto next = edges.find(node);
    if (next == edges.end()) continue;
    for (const Node& other : next->second) {
      found.insert(is_up ? std::pair(node, other) : std::pair(other, node));
      if (seen.insert(other).second) open.push_back(other);
    }
  }
  return found;
}

void print_json(App& app, const Node& node, const std::set<std::pair<Node, Node>>& edges,
                const build::BuildPlan& plan) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("node", node.text()).key("edges").begin_array();
  for (const auto& [made, from] : edges)
    json.begin_object().field("from", from.text()).field("to", made.text()).end_object();
  json.end_array().key("inexact").begin_array();
  for (const std::string& model : plan.inexact) json.string(model);
  json.end_array().end_object();
  app.terminal.print(text + "\n");
}

void print_mermaid(App& app, const Node& node, const std::set<std::pair<Node, Node>>& edges) {
  std::map<Node, std::string> ids;
  std::string text = "flowchart LR\n";
  const auto id = [&](const Node& one) {
    const auto [found, is_new] = ids.emplace(one, fmt::format("n{}", ids.size()));
    if (is_new) text += fmt::format("  {}[\"{}\"]\n", found->second, one.text());
    return found->second;
  };
  static_cast<void>(id(node));
  for (const auto& [made, from] : edges) {
    const std::string left = id(from);
    const std::string right = id(made);
    text += fmt::format("  {} --> {}\n", left, right);
  }
  app.terminal.print(text);
}

// The node that was named. Errors: NotFound (reason "unknown_asset") with the nearest names.
Result<Node> named_node(const catalog::Project& project, const LineageArgs& args) {
  std::vector<std::string> tables;
  std::vector<std::string> columns;
  std::string table;
  for (const catalog::Model& model : project.models) {
    tables.push_back(model.common.name);
    if (model.common.name != args.name) continue;
    table = model.common.name;
    for (const catalog::Column& column : model.columns) columns.push_back(column.name);
  }
  for (const catalog::Source& source : project.sources) {
    for (const catalog::SourceTable& raw : source.tables) {
      tables.push_back("raw." + raw.raw_name);
      if (args.name != raw.raw_name && args.name != tables.back()) continue;
      if (!table.empty()) continue;
      table = tables.back();
      for (const catalog::SourceColumn& column : raw.columns) columns.push_back(column.name);
    }
  }
  for (const catalog::Metric& metric : project.metrics) {
    tables.push_back("metric." + metric.common.name);
    const bool is_meant = args.name == tables.back() || args.name == metric.common.name;
    if (is_meant && table.empty()) table = tables.back();
  }
  if (table.empty()) {
    // Names without their kind are accepted, so a mistyped one is near them.
    for (std::string& known : tables) {
      for (const std::string_view kind : {"metric.", "raw."}) {
        if (known.starts_with(kind)) known.erase(0, kind.size());
      }
    }
    return fail(Code::NotFound, fmt::format("there is no \"{}\"", shown(args.name, 80)),
                name_hints(args.name, tables), "unknown_asset");
  }
  if (!args.column.empty() && std::ranges::find(columns, args.column) == columns.end()) {
    return fail(Code::NotFound,
                fmt::format("{} has no column \"{}\"", table, shown(args.column, 80)),
                name_hints(args.column, columns), "unknown_asset");
  }
  return Node{table, args.column};
}

void print_text(App& app, const Graph& graph, const Node& node, const LineageArgs& args,
                const build::BuildPlan& plan) {
  const bool both = args.up == args.down;
  app.terminal.print(app.terminal.styled(node.text(), Style::Bold) + "\n");
  std::set<Node> seen{node};
  if (both || args.up) {
    app.terminal.print(app.terminal.styled("made from\n", Style::Dim));
    if (!graph.up.contains(node)) app.terminal.print("  nothing\n");
    print_tree(app, graph, graph.up, node, "  ", seen);
  }
  if (both || args.down) {
    app.terminal.print(app.terminal.styled("goes into\n", Style::Dim));
    if (!graph.down.contains(node)) app.terminal.print("  nothing\n");
    print_tree(app, graph, graph.down, node, "  ", seen);
  }
  if (args.column.empty()) return;
  for (const std::string& model : plan.inexact) {
    const bool is_shown = model == node.table || std::ranges::any_of(seen, [&](const Node& one) {
                            return one.table == model;
                          });
    if (is_shown)
      app.terminal.note(fmt::format("columns of {} are taken to come from all it reads", model));
  }
}

}  // namespace

Status emit_open_lineage(const std::vector<std::string>& events, const std::string& path) {
  std::ofstream file(path, std::ios::app);
  for (const std::string& event : events) file << event << '\n';
  file.flush();
  if (file) return {};
  return fail(Code::Unavailable, fmt::format("cannot write lineage events to {}", path),
              {"accepted: a file that can be appended to"});
}

Exit run_lineage(App& app, const LineageArgs& args) {
  const auto project = open_project(app);
  if (!project) return Exit::Project;
  const auto plan = build::plan_models(*project, build::Detail::Columns);
  const Status planned = !plan ? tl::unexpected(plan.error())
                         : plan->diagnostics.empty()
                             ? Status()
                             : Status(tl::unexpected(catalog::to_error(plan->diagnostics)));
  if (!planned) {
    app.terminal.error(planned.error());
    return Exit::Project;
  }
  if (!args.open_lineage.empty()) {
    std::optional<engine::SnapshotFacts> facts;
    const auto& state_folder = project->settings.state_folder;
    if (const auto id = engine::current_snapshot(state_folder)) {
      if (auto read = engine::read_facts(engine::snapshot_path(state_folder, *id)))
        facts = std::move(*read);
    }
    const auto events = build::open_lineage_events(*project, *plan, facts ? &*facts : nullptr,
                                                   app.clock.now(), app.ids);
    const auto emitted = emit_open_lineage(events, args.open_lineage);
    if (!emitted) {
      app.terminal.error(emitted.error());
      return Exit::Environment;
    }
    app.terminal.note(fmt::format("{} events in {}", events.size(), args.open_lineage));
    if (args.name.empty()) return Exit::Ok;
  }
  const auto node = named_node(*project, args);
  if (!node) {
    app.terminal.error(node.error());
    return Exit::No;
  }
  const Graph graph = graph_of(*project, *plan, !args.column.empty());
  if (!app.json && !args.mermaid) {
    print_text(app, graph, *node, args, *plan);
    return Exit::Ok;
  }
  std::set<std::pair<Node, Node>> edges;
  const bool both = args.up == args.down;
  if (both || args.up) edges.merge(reached(graph.up, *node, true));
  if (both || args.down) edges.merge(reached(graph.down, *node, false));
  if (app.json)
    print_json(app, *node, edges, *plan);
  else
    print_mermaid(app, *node, edges);
  return Exit::Ok;
}

}  // namespace martgate::cli
