#include "catalog/node.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "json/pointer.h"

namespace martgate::catalog {
namespace {

auto order_key(const Diagnostic& diagnostic) {
  return std::tie(diagnostic.file, diagnostic.line, diagnostic.column, diagnostic.message);
}

}  // namespace

std::vector<Diagnostic> Report::take_sorted() {
  std::ranges::stable_sort(diagnostics_, [](const Diagnostic& left, const Diagnostic& right) {
    return order_key(left) < order_key(right);
  });
  const auto same = [](const Diagnostic& left, const Diagnostic& right) {
    return order_key(left) == order_key(right);
  };
  diagnostics_.erase(std::unique(diagnostics_.begin(), diagnostics_.end(), same),
                     diagnostics_.end());
  return std::move(diagnostics_);
}

Position position_in(const YamlDocument& yaml, std::string_view pointer) {
  for (;;) {
    if (const auto found = yaml.values.find(std::string(pointer)); found != yaml.values.end()) {
      return found->second;
    }
    const std::size_t slash = pointer.rfind('/');
    if (slash == std::string_view::npos) return {1, 1};
    pointer = pointer.substr(0, slash);
  }
}

Node::Node(const Document& document, Report& report)
    : document_(&document), report_(&report), value_(&document.yaml.value) {}

Node::Node(const Node& parent, std::string pointer, const nlohmann::json* value)
    : document_(parent.document_),
      report_(parent.report_),
      pointer_(std::move(pointer)),
      value_(value) {}

bool Node::is_text() const {
  return value_ != nullptr && value_->is_string();
}

bool Node::is_list() const {
  return value_ != nullptr && value_->is_array();
}

Node Node::at(std::string_view key) const {
  const nlohmann::json* member = nullptr;
  if (value_ != nullptr && value_->is_object()) {
    const auto found = value_->find(std::string(key));
    if (found != value_->end()) member = &*found;
  }
  return {*this, fmt::format("{}/{}", pointer_, escaped_token(key)), member};
}

std::vector<Node> Node::items() const {
  std::vector<Node> nodes;
  if (!is_list()) return nodes;
  for (std::size_t i = 0; i < value_->size(); ++i) {
    nodes.push_back(Node(*this, fmt::format("{}/{}", pointer_, i), &(*value_)[i]));
  }
  return nodes;
}

std::vector<std::string> Node::keys() const {
  std::vector<std::string> names;
  if (value_ == nullptr || !value_->is_object()) return names;
  for (const auto& [key, member] : value_->items()) names.push_back(key);
  return names;
}

std::string Node::text(std::string_view fallback) const {
  return is_text() ? value_->get<std::string>() : std::string(fallback);
}

std::int64_t Node::integer(std::int64_t fallback) const {
  if (value_ == nullptr || !value_->is_number()) return fallback;
  return value_->get<std::int64_t>();
}

double Node::number(double fallback) const {
  return value_ != nullptr && value_->is_number() ? value_->get<double>() : fallback;
}

bool Node::truth(bool fallback) const {
  return value_ != nullptr && value_->is_boolean() ? value_->get<bool>() : fallback;
}

std::vector<std::string> Node::texts() const {
  std::vector<std::string> result;
  for (const Node& item : items()) {
    if (item.is_text()) result.push_back(item.text());
  }
  return result;
}

Position Node::position() const {
  return position_in(document_->yaml, pointer_);
}

void Node::mistake(std::string message, std::vector<std::string> hints) const {
  const Position at = position();
  report_->add({file(), at.line, at.column, std::move(message), std::move(hints)});
}

}  // namespace martgate::catalog
