#include "ingest/row_contract.h"

#include <fmt/format.h>

#include <algorithm>

namespace martgate::ingest {
namespace {

bool is_misfit(std::string_view slug) {
  return slug.starts_with("not_") && slug != "not_accepted";
}

}  // namespace

Result<RowContract> RowContract::make(const catalog::SourceTable& table) {
  RowContract contract(table);
  for (const catalog::SourceColumn& column : table.columns) {
    auto parser = ValueParser::make(column);
    if (!parser) return tl::unexpected(with_context(parser.error(), table.raw_name));
    contract.parsers_.push_back(std::move(*parser));
  }
  contract.stored_.resize(table.columns.size());
  contract.tallies_.resize(table.columns.size());
  return contract;
}

bool RowContract::accept(std::span<const Cell> cells) {
  for (std::size_t i = 0; i < parsers_.size(); ++i) {
    const bool is_good = parsers_[i].parse(cells[i], stored_[i]);
    if (cells[i]) ++tallies_[i].values;
    if (is_good && !(table_->columns[i].required && stored_[i].kind == StoredCell::Kind::Null)) {
      continue;
    }
    fault_column_ = table_->columns[i].name;
    if (is_good) {
      fault_ = {"missing_value",
                fmt::format("holds no value in the required column {}", fault_column_)};
      return false;
    }
    fault_ = parsers_[i].fault();
    if (is_misfit(fault_.slug)) {
      ++tallies_[i].misfits;
      ++tallies_[i].likely[likely_type(*cells[i])];
    }
    fault_.detail = fmt::format("{} {}", fault_column_, fault_.detail);
    return false;
  }
  return true;
}

std::vector<DriftEvent> RowContract::type_drift() const {
  std::vector<DriftEvent> events;
  for (std::size_t i = 0; i < tallies_.size(); ++i) {
    const Tally& tally = tallies_[i];
    const bool is_drift =
        tally.misfits >= kMisfitsMin &&
        static_cast<double>(tally.misfits) >= kMisfitShareMin * static_cast<double>(tally.values);
    if (!is_drift) continue;
    const catalog::SourceColumn& column = table_->columns[i];
    const auto likely =
        std::ranges::max_element(tally.likely, {}, [](const auto& entry) { return entry.second; });
    events.push_back(
        {DriftKind::TypeChanged, column.name,
         fmt::format("{} of {} values are no {}", tally.misfits, tally.values, column.data_type),
         fmt::format("they look like {}", likely->first), 0, table_->on_drift.type_changed});
  }
  return events;
}

std::string storage_type(const catalog::SourceColumn& column) {
  if (column.data_type != "decimal") return column.data_type;
  return fmt::format("decimal({})", column.contract.scale);
}

}  // namespace martgate::ingest
