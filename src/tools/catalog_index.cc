#include "tools/catalog_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>

#include "base/text.h"
#include "metrics/resolve/fields.h"
#include "tools/cells.h"

namespace martgate::tools {
namespace {

using catalog::Metric;
using catalog::Model;
using catalog::Project;

constexpr double kPrefixWeight = 0.6;  // "churn" finds "churned", for less
constexpr std::size_t kPrefixBytesMin = 4;

constexpr std::array<std::string_view, 44> kStopWords{
    "a",    "about", "all",  "and",  "are",  "as",   "at",  "be",   "by",   "can",   "did",
    "do",   "does",  "for",  "from", "get",  "give", "has", "have", "how",  "i",     "in",
    "is",   "it",    "many", "me",   "much", "my",   "of",  "on",   "or",   "our",   "show",
    "tell", "that",  "the",  "to",   "us",   "was",  "we",  "were", "what", "which", "with"};
static_assert(std::ranges::is_sorted(kStopWords));

// Lower-case runs of letters and digits, plural endings cut: enough for names and short texts.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty() && !std::ranges::binary_search(kStopWords, std::string_view(word))) {
      if (word.size() > 4 && word.ends_with("ies"))
        word.replace(word.size() - 3, 3, "y");
      else if (word.size() > 3 && word.ends_with("s") && !word.ends_with("ss"))
        word.pop_back();
      words.push_back(word);
    }
    word.clear();
  };
  for (const char c : lower_ascii(text)) {
    const bool part = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80) != 0;
    if (part)
      word.push_back(c);
    else
      end_word();
  }
  end_word();
  return words;
}

struct Entry : CatalogHit {
  std::map<std::string, double, std::less<>> weights;  // word -> weight of the best field it is in

  void add(std::string_view text, double weight) {
    for (std::string& word : words_of(text)) {
      double& best = weights[std::move(word)];
      best = std::max(best, weight);
    }
  }
};

constexpr double kNameWeight = 4;
constexpr double kSynonymWeight = 3.5;
constexpr double kQuestionWeight = 2;
constexpr double kDimensionWeight = 1.5;
constexpr double kDescriptionWeight = 1;

Entry entry_of(std::string_view kind, const catalog::Common& common) {
  Entry entry;
  entry.kind = kind;
  entry.name = common.name;
  entry.label = common.label;
  entry.description = common.description;
  entry.owner = common.owner.team;
  entry.add(common.name, kNameWeight);
  entry.add(common.label, kNameWeight);
  for (const std::string& synonym : common.synonyms) entry.add(synonym, kSynonymWeight);
  for (const std::string& tag : common.tags) entry.add(tag, kQuestionWeight);
  entry.add(common.domain, kQuestionWeight);
  entry.add(common.description, kDescriptionWeight);
  return entry;
}

std::vector<Entry> entries_of(const Project& project) {
  std::vector<Entry> entries;
  for (const Metric& metric : project.metrics) {
    Entry entry = entry_of("metric", metric.common);
    entry.unit = unit_text(metric.unit);
    entry.dimensions = metrics::dimension_names(project, metric);
    for (const std::string& dimension : entry.dimensions) entry.add(dimension, kDimensionWeight);
    for (const catalog::Example& example : metric.examples)
      entry.add(example.question, kQuestionWeight);
    entries.push_back(std::move(entry));
  }
  for (const Model& model : project.models) {
    if (model.layer != catalog::Layer::Marts || model.access != catalog::Access::Public) continue;
    Entry entry = entry_of("mart", model.common);
    for (const catalog::Column& column : model.columns) {
      entry.add(column.name, kDimensionWeight);
      for (const std::string& synonym : column.synonyms) entry.add(synonym, kDimensionWeight);
    }
    entry.dimensions = metrics::dimension_names(project, model);
    entries.push_back(std::move(entry));
  }
  for (const catalog::Source& source : project.sources) {
    Entry entry = entry_of("source", source.common);
    entry.add(source.system, kNameWeight);
    for (const catalog::SourceTable& table : source.tables) entry.add(table.name, kQuestionWeight);
    entries.push_back(std::move(entry));
  }
  for (const catalog::Question& question : project.questions) {
    Entry entry;
    entry.kind = "question";
    entry.name = question.id;
    entry.label = question.question;
    entry.description = fmt::format("Answered by {}", join(question.metrics, ", "));
    if (!question.group_by.empty())
      entry.description += fmt::format(" by {}", join(question.group_by, ", "));
    entry.owner = question.asked_by;
    entry.metrics = question.metrics;
    entry.add(question.question, kQuestionWeight);
    entry.add(question.id, kQuestionWeight);
    entries.push_back(std::move(entry));
  }
  return entries;
}

// Weight of `word` in the entry: exact, or as the beginning of one of its words or the other way
// round.
double weight_in(const Entry& entry, const std::string& word) {
  const auto exact = entry.weights.find(word);
  if (exact != entry.weights.end()) return exact->second;
  double best = 0;
  if (word.size() < kPrefixBytesMin) return best;
  for (const auto& [known, weight] : entry.weights) {
    if (known.size() >= kPrefixBytesMin && (known.starts_with(word) || word.starts_with(known))) {
      best = std::max(best, weight * kPrefixWeight);
    }
  }
  return best;
}

// Rare words count more: idf over the entries. A perfect match of every word in a name scores 1.
void score(std::vector<Entry>& entries, const std::vector<std::string>& words) {
  double best_possible = 0;
  for (const std::string& word : words) {
    std::vector<double> weights;
    int found = 0;
    for (const Entry& entry : entries) {
      weights.push_back(weight_in(entry, word));
      if (weights.back() > 0) ++found;
    }
    const double idf = std::log(1.0 + static_cast<double>(entries.size()) / (1.0 + found));
    best_possible += idf * kNameWeight;
    for (std::size_t i = 0; i < entries.size(); ++i) entries[i].score += idf * weights[i];
  }
  for (Entry& entry : entries) {
    entry.score = best_possible == 0 ? 0 : std::round(entry.score / best_possible * 1000) / 1000;
  }
}

int rank_of(std::string_view kind) {
  return kind == "metric" ? 0 : kind == "question" ? 1 : kind == "mart" ? 2 : 3;
}

}  // namespace

std::vector<CatalogHit> search_index(const Project& project, std::string_view text,
                                     const std::vector<std::string>& kinds) {
  std::vector<std::string> words = words_of(text);
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
  std::vector<Entry> entries = entries_of(project);
  score(entries, words);
  std::erase_if(entries, [&](const Entry& entry) {
    return entry.score <= 0 ||
           (!kinds.empty() && std::ranges::find(kinds, entry.kind) == kinds.end());
  });
  std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
    if (a.score != b.score) return a.score > b.score;
    if (a.kind != b.kind) return rank_of(a.kind) < rank_of(b.kind);
    return a.name < b.name;
  });
  return {std::make_move_iterator(entries.begin()), std::make_move_iterator(entries.end())};
}

}  // namespace martgate::tools
