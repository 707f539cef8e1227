#include "build/column_lineage.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "build/select_text.h"

namespace martgate::build {
namespace {

using store::Sql;
using Origins = std::set<ColumnOrigin>;
using Counts = std::map<ColumnOrigin, int>;

struct OutputColumn {
  std::string name;
  Origins origins;
};
using Output = std::vector<OutputColumn>;

int count_reads(void* context, int action, const char* first, const char* second,
                const char* schema, const char* /*accessor*/) {
  if (action == SQLITE_READ && second != nullptr && *second != '\0') {
    ++(*static_cast<Counts*>(context))[{schema == nullptr ? "main" : schema, first, second}];
  }
  return SQLITE_OK;
}

class Resolver {
 public:
  explicit Resolver(store::Connection& shadow) : shadow_(shadow) {}
  ~Resolver() {
    for (const std::string& name : made_) {
      static_cast<void>(
          shadow_.execute(Sql::rendered("DROP TABLE temp." + store::quoted_identifier(name))));
    }
  }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  std::optional<Output> resolve(std::string_view sql) {
    const auto shape = shape_of(sql);
    if (!shape) return std::nullopt;
    for (const CommonTable& table : shape->common) {
      auto columns = resolve(table.body.of(sql));
      if (!columns) return std::nullopt;
      for (std::size_t i = 0; i < std::min(table.columns.size(), columns->size()); ++i)
        (*columns)[i].name = table.columns[i];
      if (!make_table(table.name, std::move(*columns))) return std::nullopt;
    }
    std::optional<Output> output;
    for (const SelectCore& core : shape->cores) {
      auto part = resolve_core(sql, core);
      if (!part || (output && part->size() != output->size())) return std::nullopt;
      if (!output) {
        output = std::move(part);
        continue;
      }
      for (std::size_t i = 0; i < part->size(); ++i) (*output)[i].origins.merge((*part)[i].origins);
    }
    return output;
  }

 private:
  struct Prepared {
    Counts reads;
    std::vector<std::string> names;
    std::vector<std::optional<ColumnOrigin>> direct;  // of plain columns
  };

  std::optional<Prepared> prepare(const std::string& sql) {
    Prepared prepared;
    sqlite3_set_authorizer(shadow_.handle(), count_reads, &prepared.reads);
    const auto statement = shadow_.prepare(Sql::rendered(sql));
    sqlite3_set_authorizer(shadow_.handle(), nullptr, nullptr);
    if (!statement || !statement->is_readonly()) return std::nullopt;
    for (int i = 0; i < statement->column_count(); ++i) {
      prepared.names.push_back(statement->column_name(i));
      const char* column = sqlite3_column_origin_name(statement->handle(), i);
      const char* table = sqlite3_column_table_name(statement->handle(), i);
      const char* schema = sqlite3_column_database_name(statement->handle(), i);
      prepared.direct.push_back(column == nullptr || table == nullptr || schema == nullptr
                                    ? std::nullopt
                                    : std::optional(ColumnOrigin{schema, table, column}));
    }
    return prepared;
  }

  // A common table by its own name, which the engine then finds before all others.
  bool make_table(const std::string& name, Output columns) {
    std::vector<std::string> names;
    for (const OutputColumn& column : columns)
      names.push_back(store::quoted_identifier(column.name));
    const auto made = shadow_.execute(Sql::rendered(fmt::format(
        "CREATE TEMP TABLE {} ({})", store::quoted_identifier(name), join(names, ", "))));
    if (!made) return false;
    made_.push_back(name);
    for (OutputColumn& column : columns)
      behind_[{lower_ascii(name), lower_ascii(column.name)}] = std::move(column.origins);
    return true;
  }

  void add(Origins& origins, const ColumnOrigin& origin) const {
    if (origin.column == "ROWID") return;
    if (origin.schema != "temp") {
      origins.insert(origin);
      return;
    }
    const auto found = behind_.find({lower_ascii(origin.table), lower_ascii(origin.column)});
    if (found != behind_.end()) origins.insert(found->second.begin(), found->second.end());
  }

  std::optional<Output> resolve_core(std::string_view sql, const SelectCore& core) {
    const std::string head(core.head.of(sql));
    if (core.items.empty()) {  // VALUES
      const auto prepared = prepare(head);
      if (!prepared) return std::nullopt;
      Output output;
      for (const std::string& name : prepared->names) output.push_back({name, {}});
      return output;
    }
    const auto rest = without_derived(sql, core);
    if (!rest) return std::nullopt;

    // How many columns each item gives; more than one for a star.
    std::vector<std::vector<std::string>> names;
    Output output;
    std::vector<std::size_t> of_item;  // of each output column, when its item is an expression
    for (const TextRange& item : core.items) {
      const std::string_view text = trim(item.of(sql));
      names.emplace_back();
      if (!text.ends_with('*')) {
        names.back().emplace_back();
        output.emplace_back();
        of_item.push_back(names.size() - 1);
        continue;
      }
      const auto star = prepare(fmt::format("SELECT {} {}", text, *rest));
      if (!star) return std::nullopt;
      for (std::size_t i = 0; i < star->names.size(); ++i) {
        if (!star->direct[i]) return std::nullopt;
        names.back().push_back(star->names[i]);
        output.push_back({star->names[i], {}});
        add(output.back().origins, *star->direct[i]);
        of_item.push_back(core.items.size());
      }
    }
    const auto whole = prepare(select_of(sql, core, *rest, names, core.items.size(), true));
    if (!whole || whole->names.size() != output.size()) return std::nullopt;
    std::size_t column = 0;
    for (auto& item : names) {
      for (std::string& name : item) name = whole->names[column++];
    }
    const auto none = prepare(select_of(sql, core, *rest, names, core.items.size(), false));
    if (!none) return std::nullopt;
    for (std::size_t i = 0; i < output.size(); ++i) {
      output[i].name = whole->names[i];
      if (of_item[i] == core.items.size()) continue;
      const auto one = prepare(select_of(sql, core, *rest, names, of_item[i], false));
      if (!one) return std::nullopt;
      for (const auto& [origin, count] : one->reads) {
        const auto before = none->reads.find(origin);
        if (before == none->reads.end() || count > before->second) add(output[i].origins, origin);
      }
    }
    return output;
  }

  // The core with NULL for every column but those of the item `kept`; or as it is.
  static std::string select_of(std::string_view sql, const SelectCore& core,
                               const std::string& rest,
                               const std::vector<std::vector<std::string>>& names, std::size_t kept,
                               bool is_whole) {
    std::vector<std::string> items;
    for (std::size_t i = 0; i < core.items.size(); ++i) {
      if (is_whole || i == kept) {
        items.emplace_back(core.items[i].of(sql));
        continue;
      }
      for (const std::string& name : names[i])
        items.push_back("NULL AS " + store::quoted_identifier(name));
    }
    // The line end keeps a comment behind an item from swallowing what follows.
    return fmt::format("{} {}\n{}", core.head.of(sql), join(items, "\n, "), rest);
  }

  // FROM and all behind it, with a name in the place of each SELECT in it.
  std::optional<std::string> without_derived(std::string_view sql, const SelectCore& core) {
    std::string rest;
    std::size_t at = core.rest.begin;
    for (const TextRange& derived : core.derived) {
      auto columns = resolve(sql.substr(derived.begin + 1, derived.end - derived.begin - 2));
      const std::string name = fmt::format("_derived_{}", made_.size());
      if (!columns || !make_table(name, std::move(*columns))) return std::nullopt;
      rest.append(sql.substr(at, derived.begin - at)).append(" ").append(name).append(" ");
      at = derived.end;
    }
    return rest.append(sql.substr(at, core.rest.end - at));
  }

  store::Connection& shadow_;
  std::vector<std::string> made_;
  std::map<std::pair<std::string, std::string>, Origins> behind_;  // temp table, column
};

}  // namespace

std::optional<std::vector<std::set<ColumnOrigin>>> column_lineage(store::Connection& shadow,
                                                                  const std::string& sql) {
  Resolver resolver(shadow);
  auto output = resolver.resolve(sql);
  if (!output) return std::nullopt;
  std::vector<Origins> columns;
  for (OutputColumn& column : *output) columns.push_back(std::move(column.origins));
  return columns;
}

}  // namespace martgate::build
