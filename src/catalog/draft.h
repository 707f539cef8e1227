// A project while it is being read: each file's tree, and the object made of it where that worked.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "catalog/node.h"
#include "catalog/project.h"

namespace martgate::catalog {

[[nodiscard]] inline const std::string& name_in(const Source& source) {
  return source.common.name;
}
[[nodiscard]] inline const std::string& name_in(const Model& model) {
  return model.common.name;
}
[[nodiscard]] inline const std::string& name_in(const Metric& metric) {
  return metric.common.name;
}
[[nodiscard]] inline const std::string& name_in(const ToolDefinition& tool) {
  return tool.name;
}

template <class T>
struct Entry {
  std::string stem;  // the file's name without .yaml
  Document document;
  std::optional<T> object;  // absent when the file is not YAML or breaks its schema
};

// All objects of one kind.
template <class T>
struct Shelf {
  std::vector<Entry<T>> entries;

  // Null when there is no such object, or it could not be read.
  [[nodiscard]] const T* find(std::string_view name) const {
    for (const Entry<T>& entry : entries) {
      if (entry.object && name_in(*entry.object) == name) return &*entry.object;
    }
    return nullptr;
  }

  // Every name someone may have meant, files that could not be read included.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const Entry<T>& entry : entries) {
      result.push_back(entry.object ? name_in(*entry.object) : entry.stem);
    }
    std::ranges::sort(result);
    return result;
  }

  // False for names that are certainly unknown. What a mistake elsewhere already explains (a file
  // that could not be read, a name that differs from its file) gives no second mistake here.
  [[nodiscard]] bool may_hold(std::string_view name) const {
    return std::ranges::any_of(entries, [&](const Entry<T>& entry) {
      return entry.stem == name || (entry.object && name_in(*entry.object) == name);
    });
  }

  // The object that `node` names; reports a name that is certainly unknown.
  [[nodiscard]] const T* resolve(const Node& node, std::string_view what) const {
    const std::string name = node.text();
    const T* object = find(name);
    if (object == nullptr && !may_hold(name)) {
      const std::vector<std::string> known = names();
      node.mistake("there is no " + std::string(what) + " \"" + shown(name, 80) + "\"",
                   name_hints(name, known));
    }
    return object;
  }
};

struct Draft {
  std::optional<Document> settings_document;  // valid by its schema
  Settings settings;
  Shelf<Source> sources;
  Shelf<Model> models;
  Shelf<Metric> metrics;
  Shelf<ToolDefinition> tools;
  bool has_questions_file = false;
  std::optional<Document> questions_document;  // valid by its schema
  std::vector<Question> questions;
  std::string questions_digest;
  std::optional<Document> jobs_document;  // valid by its schema
  Jobs jobs;
};

}  // namespace martgate::catalog
