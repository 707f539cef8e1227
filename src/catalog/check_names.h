// Checks that are the same for every kind of object.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>

#include "catalog/draft.h"

namespace martgate::catalog {

// Each object is called what its file is called, and no two of one kind share a name.
template <class T>
void check_names(const Shelf<T>& shelf, std::string_view kind, Report& report) {
  std::map<std::string, const Entry<T>*> first_by_name;
  for (const Entry<T>& entry : shelf.entries) {
    if (!entry.object) continue;
    const Node name = Node(entry.document, report).at("name");
    const std::string& text = name_in(*entry.object);
    if (text != entry.stem) {
      name.mistake(fmt::format("{} is called {} in the file {}.yaml", kind, text, entry.stem),
                   {fmt::format("rename the file to {}.yaml, or the {}", text, kind)});
    }
    const auto [first, is_new] = first_by_name.emplace(text, &entry);
    if (!is_new) {
      name.mistake(fmt::format("there are two of the {} {}", kind, text),
                   {fmt::format("the other is {}", first->second->document.file)});
    }
  }
}

// The successor of a deprecated object is another object of its kind.
template <class T>
void check_replacements(const Shelf<T>& shelf, std::string_view kind, Report& report) {
  for (const Entry<T>& entry : shelf.entries) {
    if (!entry.object) continue;
    const Node successor = Node(entry.document, report).at("replaced_by");
    if (!successor.exists()) continue;
    if (successor.text() == name_in(*entry.object)) {
      successor.mistake(fmt::format("{} is replaced by itself", successor.text()));
    } else {
      (void)shelf.resolve(successor, kind);
    }
  }
}

}  // namespace martgate::catalog
