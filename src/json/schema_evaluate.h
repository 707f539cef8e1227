// Runs a compiled schema over a value. Internal to json/; callers use Schema.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/schema.h"
#include "json/schema_node.h"

namespace martgate {

// Which members (in the order of the object) or items of one value a schema has looked at: the
// annotations that unevaluatedProperties and unevaluatedItems need.
class Evaluated {
 public:
  void mark(std::size_t index) {
    if (index >= marks_.size()) marks_.resize(index + 1);
    marks_[index] = true;
  }
  void mark_all() { is_all_ = true; }
  [[nodiscard]] bool has(std::size_t index) const {
    return is_all_ || (index < marks_.size() && marks_[index]);
  }
  void merge(const Evaluated& other) {
    is_all_ = is_all_ || other.is_all_;
    for (std::size_t i = 0; i < other.marks_.size(); ++i) {
      if (other.marks_[i]) mark(i);
    }
  }

 private:
  std::vector<bool> marks_;
  bool is_all_ = false;
};

struct Report {
  std::size_t violations_max = 100;
  std::vector<Violation> violations;

  [[nodiscard]] bool is_full() const { return violations.size() >= violations_max; }
};

// One evaluation of one value. Without a report it stops at the first fault; with one it goes on
// and words each of them. Both give the same verdict.
//
// Annotations of a schema that failed are dropped where that decides something. Where the verdict
// is lost already they are kept, so that a wrong value is not reported as an unknown key as well.
class Evaluator {
 public:
  explicit Evaluator(Report* report) : report_(report) {}

  // `evaluated` is null when nobody asks.
  [[nodiscard]] bool run(const SchemaNode& node, const Json& value, Evaluated* evaluated = nullptr);

  // True when a limit of depth or of work ended the evaluation; there is no verdict then.
  [[nodiscard]] bool is_aborted() const { return is_aborted_; }
  [[nodiscard]] const std::string& aborted_at() const { return aborted_at_; }

 private:
  // The way from the root to the value at hand, through the stack frames of the evaluation.
  struct Step {
    const Step* up;
    const std::string* key;  // null for an item
    std::size_t index;
  };

  bool apply(const SchemaNode& node, const Json& value, Evaluated* evaluated);
  bool run_at(const SchemaNode& node, const Json& value, const std::string* key, std::size_t index);
  // The verdict alone.
  bool holds(const SchemaNode& node, const Json& value, Evaluated* evaluated);

  // evaluate_value.cc
  bool value_rules(const SchemaNode& node, const Json& value);
  bool type_and_values(const SchemaNode& node, const Json& value);
  bool number_rules(const SchemaNode& node, const Json& value);
  bool string_rules(const SchemaNode& node, const std::string& text);

  // evaluate_object.cc
  bool object_rules(const SchemaNode& node, const Json::object_t& object, Evaluated* evaluated);
  bool object_limits(const SchemaNode& node, const Json::object_t& object);
  bool members(const SchemaNode& node, const Json::object_t& object, Evaluated* evaluated);
  bool member_names(const SchemaNode& node, const Json::object_t& object);
  bool unevaluated_members(const SchemaNode& node, const Json::object_t& object,
                           const Evaluated& evaluated);
  bool unknown_key(const SchemaNode& node, std::string_view keyword, const std::string& key);

  // evaluate_array.cc
  bool array_rules(const SchemaNode& node, const Json::array_t& array, Evaluated* evaluated);
  bool array_limits(const SchemaNode& node, const Json::array_t& array);
  bool items(const SchemaNode& node, const Json::array_t& array, Evaluated* evaluated);
  bool contained_items(const SchemaNode& node, const Json::array_t& array, Evaluated* evaluated);
  bool unevaluated_items(const SchemaNode& node, const Json::array_t& array,
                         const Evaluated& evaluated);

  // evaluate_in_place.cc
  bool in_place_rules(const SchemaNode& node, const Json& value, Evaluated* evaluated);
  bool references(const SchemaNode& node, const Json& value, Evaluated* evaluated);
  bool any_of(const SchemaNode& node, const Json& value, Evaluated* evaluated);
  bool one_of(const SchemaNode& node, const Json& value, Evaluated* evaluated);
  bool conditional(const SchemaNode& node, const Json& value, Evaluated* evaluated);
  bool dependent_schemas(const SchemaNode& node, const Json& value, Evaluated* evaluated);
  void report_closest(const SchemaNode& node, std::string_view keyword,
                      std::span<const SchemaNode* const> branches, const Json& value,
                      Evaluated* evaluated);

  // Always false. `describe` fills in the words and runs only when somebody reads them.
  template <class Describe>
  bool refuse(const SchemaNode& node, std::string_view keyword, Describe&& describe) {
    if (report_ == nullptr || report_->is_full()) return false;
    Violation violation;
    violation.instance_pointer = pointer_here();
    violation.schema_pointer = node.location;
    if (!keyword.empty()) violation.schema_pointer.append("/").append(keyword);
    violation.keyword = keyword;
    describe(violation);
    report_->violations.push_back(std::move(violation));
    return false;
  }

  // True when the first fault ends it.
  [[nodiscard]] bool is_quick() const {
    return report_ == nullptr || report_->is_full() || is_aborted_;
  }
  [[nodiscard]] std::string pointer_here() const;

  Report* report_;
  const Step* here_ = nullptr;
  std::vector<const SchemaResource*> scope_;  // the dynamic scope, outermost first
  std::size_t depth_ = 0;
  std::size_t steps_ = 0;
  bool is_aborted_ = false;
  std::string aborted_at_;
};

}  // namespace martgate
