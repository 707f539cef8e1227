// martgate catalog: what there is to ask for, without a server.
#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/opened.h"
#include "metrics/resolve/fields.h"
#include "tools/catalog_index.h"
#include "tools/cells.h"

namespace martgate::cli {
namespace {

using catalog::Metric;
using catalog::Model;
using catalog::Project;

// The marts behind these metrics, each once.
std::vector<std::string> marts_of(const Project& project, const std::vector<std::string>& metrics) {
  std::vector<std::string> names;
  for (const std::string& metric : metrics) {
    for (const Metric* simple : project.simple_metrics_of(*project.metric(metric))) {
      const std::string& mart = std::get<catalog::SimpleMetric>(simple->definition).model;
      if (std::ranges::find(names, mart) == names.end()) names.push_back(mart);
    }
  }
  return names;
}

bool is_open_mart(const Model& model) {
  return model.layer == catalog::Layer::Marts && model.access == catalog::Access::Public;
}

void heading(App& app, std::string_view title, std::size_t count) {
  app.terminal.print(
      fmt::format("{}\n", app.terminal.styled(fmt::format("{} ({})", title, count), Style::Bold)));
}

void print_metrics(App& app, const Project& project) {
  heading(app, "Metrics", project.metrics.size());
  Table table({{"metric"}, {"mart"}, {"unit"}, {"owner"}, {"what it is"}});
  for (const Metric& metric : project.metrics) {
    table.add_row({metric.common.name, join(marts_of(project, {metric.common.name}), ", "),
                   tools::unit_text(metric.unit), metric.common.owner.team,
                   metric.common.description});
  }
  app.terminal.print_table(table, "  ");
}

void print_marts(App& app, const Project& project) {
  const auto count = static_cast<std::size_t>(std::ranges::count_if(project.models, is_open_mart));
  heading(app, "Marts", count);
  Table table({{"mart"},
               {"grain"},
               {"owner"},
               {"dimensions", Align::Right},
               {"tests", Align::Right},
               {"what it is"}});
  for (const Model& model : project.models) {
    if (!is_open_mart(model)) continue;
    table.add_row({model.common.name, join(model.primary_key, ", "), model.common.owner.team,
                   std::to_string(metrics::dimension_names(project, model).size()),
                   std::to_string(model.tests.size()), model.common.description});
  }
  app.terminal.print_table(table, "  ");
}

void print_sources(App& app, const Project& project) {
  heading(app, "Sources", project.sources.size());
  Table table({{"source"}, {"system"}, {"owner"}, {"tables"}, {"what it is"}});
  for (const catalog::Source& source : project.sources) {
    std::vector<std::string> tables;
    for (const catalog::SourceTable& one : source.tables) tables.push_back(one.name);
    table.add_row({source.common.name, source.system, source.common.owner.team, join(tables, ", "),
                   source.common.description});
  }
  app.terminal.print_table(table, "  ");
}

// Question -> metrics -> marts; the sources behind a mart are known once it has been built.
void print_questions(App& app, const Project& project) {
  heading(app, "Questions", project.questions.size());
  Table table({{"question"}, {"metrics"}, {"marts"}, {"asked by"}, {"every"}});
  for (const catalog::Question& question : project.questions) {
    table.add_row({question.question, join(question.metrics, ", "),
                   join(marts_of(project, question.metrics), ", "), question.asked_by,
                   question.cadence});
  }
  app.terminal.print_table(table, "  ");
}

Exit print_search(App& app, const Project& project, const std::string& text) {
  const auto hits = tools::search_index(project, text, {});
  if (app.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_array();
    for (const tools::CatalogHit& hit : hits) {
      json.begin_object()
          .field("id", fmt::format("{}.{}", hit.kind, hit.name))
          .field("label", hit.label);
      json.field("description", hit.description).field("score", hit.score).end_object();
    }
    json.end_array();
    app.terminal.print(out + "\n");
    return hits.empty() ? Exit::No : Exit::Ok;
  }
  if (hits.empty()) {
    app.terminal.note(fmt::format("nothing in the catalog matches \"{}\"", shown(text)));
    return Exit::No;
  }
  Table table({{"score", Align::Right}, {"kind"}, {"name"}, {"what it is"}});
  for (const tools::CatalogHit& hit : hits) {
    table.add_row({fmt::format("{:.2f}", hit.score), hit.kind, hit.name,
                   hit.kind == "question" ? hit.label : hit.description});
  }
  app.terminal.print_table(table);
  return Exit::Ok;
}

}  // namespace

Exit run_catalog(App& app, const CatalogArgs& args) {
  const auto project = open_project(app);
  if (!project) return Exit::Project;
  if (args.word == "search") return print_search(app, *project, args.text);
  struct Section {
    std::string_view word;
    void (*print)(App&, const Project&);
  };
  bool first = true;
  for (const Section& section :
       {Section{"metrics", print_metrics}, Section{"marts", print_marts},
        Section{"sources", print_sources}, Section{"questions", print_questions}}) {
    if (!args.word.empty() && args.word != section.word) continue;
    if (!first) app.terminal.print("\n");
    first = false;
    section.print(app, *project);
  }
  return Exit::Ok;
}

}  // namespace martgate::cli
