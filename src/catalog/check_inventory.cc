// What the inventory of sources says about other files.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/checks.h"

namespace martgate::catalog {

void check_inventory(const Draft& draft, Report& report) {
  std::vector<std::string> ids;
  for (const Question& question : draft.questions) ids.push_back(question.id);
  for (const Entry<Source>& entry : draft.sources.entries) {
    if (!entry.object) continue;
    for (const Node& item : Node(entry.document, report).at("serves").items()) {
      if (std::ranges::find(ids, item.text()) != ids.end()) continue;
      // A list that could not be read has been reported; one that is not there has no questions.
      if (!draft.questions_document && draft.has_questions_file) continue;
      item.mistake(fmt::format("there is no question \"{}\"", shown(item.text(), 80)),
                   ids.empty() ? std::vector<std::string>{"catalog/questions.yaml lists questions"}
                               : name_hints(item.text(), ids));
    }
  }
}

}  // namespace martgate::catalog
