#include "catalog/load.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"
#include "catalog/checks.h"
#include "catalog/draft.h"
#include "catalog/embedded.h"
#include "catalog/file_reader.h"
#include "catalog/git_commit.h"
#include "catalog/project_files.h"
#include "catalog/read_objects.h"
#include "catalog/seed.h"

namespace martgate::catalog {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSettingsFile = "martgate.yaml";
constexpr std::string_view kJobsFile = "catalog/jobs.yaml";
constexpr std::string_view kQuestionsFile = "catalog/questions.yaml";

std::string stem_of(const std::string& file) {
  return fs::path(file).stem().string();
}

template <class T, class Read>
void read_shelf(const std::vector<std::string>& files, std::string_view schema, Read read_object,
                FileReader& reader, Report& report, Shelf<T>& shelf) {
  for (const std::string& file : files) {
    ReadDocument document = reader.read(file, schema);
    Entry<T> entry{stem_of(file), std::move(document.document), {}};
    if (document.is_valid) entry.object = read_object(Node(entry.document, report));
    shelf.entries.push_back(std::move(entry));
  }
}

void read_models(const std::vector<std::string>& files, FileReader& reader, Report& report,
                 Shelf<Model>& shelf) {
  const auto read = [&](const Node& node) {
    const std::string& file = node.file();
    const std::string sql_file = file.substr(0, file.size() - 5) + ".sql";
    const Layer layer = file.starts_with("catalog/models/staging/") ? Layer::Staging : Layer::Marts;
    // A missing or unreadable SELECT has been reported; the contract is checked all the same.
    return read_model(node, layer, sql_file, reader.read_sql(sql_file).value_or(""));
  };
  read_shelf(files, "catalog/model.schema.json", read, reader, report, shelf);
}

// On the models' shelf: whoever reads a seed reads a model.
void read_seeds(const std::vector<std::string>& files, FileReader& reader, Report& report,
                Shelf<Model>& shelf) {
  const auto read = [&](const Node& node) {
    const std::string& file = node.file();
    const std::string csv_file = file.substr(0, file.size() - 5) + ".csv";
    return read_seed(node, csv_file, reader.read_sql(csv_file).value_or(""), report);
  };
  read_shelf(files, "catalog/seed.schema.json", read, reader, report, shelf);
}

void read_tools(const ProjectFiles& files, FileReader& reader, Report& report, Draft& draft) {
  const std::string_view schema = "catalog/tool.schema.json";
  const auto read = [&](const Node& node) { return read_tool(node, draft.settings.limits); };
  if (files.has_tools_folder) {
    if (files.tools.empty()) {
      report.add({"tools",
                  0,
                  0,
                  "a folder without a tool",
                  {"remove it, and the six standard tools are there"}});
    }
    return read_shelf(files.tools, schema, read, reader, report, draft.tools);
  }
  for (const EmbeddedFile& file : embedded_tools()) {
    const std::string name = fmt::format("tools/{}", file.path);
    ReadDocument document = reader.parse(name, file.text, schema);
    Entry<ToolDefinition> entry{stem_of(name), std::move(document.document), {}};
    if (document.is_valid) {
      entry.object = read(Node(entry.document, report));
      entry.object->file.clear();
    }
    draft.tools.entries.push_back(std::move(entry));
  }
}

void read_questions_file(FileReader& reader, Report& report, Draft& draft) {
  ReadDocument document = reader.read(std::string(kQuestionsFile), "catalog/questions.schema.json");
  if (!document.is_valid) return;
  draft.questions_document = std::move(document.document);
  const Node node(*draft.questions_document, report);
  draft.questions = read_questions(node);
  draft.questions_digest = digest_of(node);
  if (const Node name = node.at("name"); name.text() != "questions") {
    name.mistake(fmt::format("the list is called {} in the file questions.yaml", name.text()),
                 {"accepted: questions"});
  }
}

void read_jobs_file(FileReader& reader, Report& report, Draft& draft) {
  ReadDocument document = reader.read(std::string(kJobsFile), "catalog/jobs.schema.json");
  if (!document.is_valid) return;
  draft.jobs_document = std::move(document.document);
  draft.jobs = read_jobs(Node(*draft.jobs_document, report));
}

// A metric without a time of its own has the time of its model.
void fill_metric_times(Draft& draft) {
  for (Entry<Metric>& entry : draft.metrics.entries) {
    if (!entry.object) continue;
    auto* simple = std::get_if<SimpleMetric>(&entry.object->definition);
    if (simple == nullptr || !simple->agg_time_dimension.empty()) continue;
    if (const Model* model = draft.models.find(simple->model)) {
      simple->agg_time_dimension = model->agg_time_dimension;
    }
  }
}

Draft read_draft(const fs::path& root, const LoadOptions& options, Report& report) {
  Draft draft;
  FileReader reader(root, report);
  ReadDocument settings = reader.read(std::string(kSettingsFile), "catalog/project.schema.json");
  if (settings.is_valid) {
    draft.settings_document = std::move(settings.document);
    draft.settings = read_settings(Node(*draft.settings_document, report), root, options);
  }
  const ProjectFiles files = find_project_files(root, report);
  read_shelf(files.sources, "catalog/source.schema.json", read_source, reader, report,
             draft.sources);
  read_models(files.models, reader, report, draft.models);
  read_seeds(files.seeds, reader, report, draft.models);
  read_shelf(files.metrics, "catalog/metric.schema.json", read_metric, reader, report,
             draft.metrics);
  read_tools(files, reader, report, draft);
  draft.has_questions_file = files.has_questions;
  if (files.has_questions) read_questions_file(reader, report, draft);
  if (files.has_jobs) read_jobs_file(reader, report, draft);
  fill_metric_times(draft);
  return draft;
}

template <class T>
std::vector<T> take_sorted(Shelf<T>& shelf) {
  std::vector<T> objects;
  for (Entry<T>& entry : shelf.entries) objects.push_back(std::move(*entry.object));
  std::ranges::sort(objects, {}, [](const T& object) { return name_in(object); });
  return objects;
}

// "kind name digest" lines, in order of kind and name.
std::string project_digest(const Project& project, const std::string& questions_digest) {
  Sha256 hash;
  const auto add = [&](std::string_view kind, std::string_view name, std::string_view digest) {
    hash.add(fmt::format("{} {} {}\n", kind, name, digest));
  };
  for (const Metric& metric : project.metrics) {
    add("metric", metric.common.name, metric.common.digest);
  }
  for (const Model& model : project.models) add("model", model.common.name, model.common.digest);
  if (!questions_digest.empty()) add("questions", "questions", questions_digest);
  for (const Source& source : project.sources) {
    add("source", source.common.name, source.common.digest);
  }
  for (const ToolDefinition& tool : project.tools) add("tool", tool.name, tool.digest);
  return to_hex(hash.finish());
}

Project assembled(const fs::path& root, Draft draft) {
  Project project;
  project.root = root;
  project.settings = std::move(draft.settings);
  project.sources = take_sorted(draft.sources);
  project.models = take_sorted(draft.models);
  project.metrics = take_sorted(draft.metrics);
  project.tools = take_sorted(draft.tools);
  project.questions = std::move(draft.questions);
  project.jobs = std::move(draft.jobs);
  project.digest = project_digest(project, draft.questions_digest);
  project.commit = git_commit_of(root);
  return project;
}

fs::path absolute_root(const fs::path& root) {
  std::error_code error;
  const fs::path absolute = fs::absolute(root, error).lexically_normal();
  if (error) return root;
  return absolute.has_filename() ? absolute : absolute.parent_path();
}

// A folder that is no project at all gets one mistake, not one for each file it lacks.
std::optional<Diagnostic> not_a_project(const fs::path& root) {
  std::error_code error;
  if (fs::exists(root / kSettingsFile, error)) return std::nullopt;
  Diagnostic diagnostic{std::string(kSettingsFile), 0, 0, "the file is missing", {}};
  if (!fs::is_directory(root, error)) {
    diagnostic.hints.push_back(fmt::format("there is no folder {}", shown(root.string())));
  } else if (fs::exists(root / "martgate.yml", error)) {
    diagnostic.hints.emplace_back("rename martgate.yml to martgate.yaml");
  } else {
    diagnostic.hints.emplace_back("a project folder holds martgate.yaml with at least a name");
  }
  return diagnostic;
}

}  // namespace

std::string to_text(const Diagnostic& diagnostic) {
  std::string text = diagnostic.file;
  if (diagnostic.line > 0) text += fmt::format(":{}:{}", diagnostic.line, diagnostic.column);
  text += ": " + diagnostic.message;
  for (const std::string& hint : diagnostic.hints) text += "; " + hint;
  return text;
}

Loaded load_project(const fs::path& root, const LoadOptions& options) {
  const fs::path folder = absolute_root(root);
  if (auto missing = not_a_project(folder)) return {std::nullopt, {std::move(*missing)}};
  Report report;
  Draft draft = read_draft(folder, options, report);
  check_sources(draft, report);
  check_inventory(draft, report);
  check_models(draft, report);
  check_metrics(draft, report);
  check_questions(draft, report);
  check_jobs(draft, report);
  check_tools(draft, report);
  check_auth(draft, report);
  if (report.count() > 0) return {std::nullopt, report.take_sorted()};
  return {assembled(folder, std::move(draft)), {}};
}

Error to_error(const std::vector<Diagnostic>& diagnostics) {
  Error error{Code::InvalidArgument, "the project has mistakes", {}, "project_invalid"};
  if (diagnostics.empty()) return error;
  error.message = to_text(diagnostics.front());
  for (std::size_t i = 1; i < diagnostics.size(); ++i) {
    error.hints.push_back(to_text(diagnostics[i]));
  }
  return error;
}

}  // namespace martgate::catalog
