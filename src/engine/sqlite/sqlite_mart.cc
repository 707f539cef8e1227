#include "engine/sqlite/sqlite_mart.h"

#include <optional>
#include <utility>

namespace martgate::engine {

class SqliteMart::Lease {
 public:
  Lease(const SqliteMart& mart, store::Reader reader) : mart_(&mart), reader_(std::move(reader)) {}
  Lease(Lease&& other) noexcept
      : mart_(std::exchange(other.mart_, nullptr)), reader_(std::move(other.reader_)) {}
  Lease& operator=(Lease&&) = delete;
  ~Lease() {
    if (mart_ == nullptr) return;
    const std::lock_guard lock(mart_->mutex_);
    mart_->idle_.push_back(std::move(reader_));
  }
  store::Reader* operator->() { return &reader_; }

 private:
  const SqliteMart* mart_;
  store::Reader reader_;
};

Result<std::shared_ptr<const SqliteMart>> SqliteMart::open(const std::filesystem::path& path,
                                                           const Clock& clock) {
  auto in_use = SnapshotLease::share(path);
  if (!in_use) return tl::unexpected(in_use.error());
  auto facts = read_facts(path);
  if (!facts) return tl::unexpected(facts.error());
  // Shared: a server swaps to a newer snapshot while calls still read this one.
  std::shared_ptr<const SqliteMart> mart(
      new SqliteMart(path, std::move(*in_use), clock, std::move(*facts)));
  if (auto first = mart->lease(); !first) return tl::unexpected(first.error());
  return mart;
}

Result<SqliteMart::Lease> SqliteMart::lease() const {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      store::Reader reader = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(reader));
    }
  }
  auto reader = store::Reader::open(path_, clock_);
  if (!reader) return tl::unexpected(reader.error());
  return Lease(*this, std::move(*reader));
}

Result<Answer> SqliteMart::run(const Query& query, const store::RunLimits& limits) const {
  auto reader = lease();
  if (!reader) return tl::unexpected(reader.error());
  const auto sql = store::Sql::rendered(query.sql);
  auto result = (*reader)->run(sql, query.values, limits);
  if (!result) return tl::unexpected(result.error());
  auto reads = (*reader)->reads(sql);
  if (!reads) return tl::unexpected(reads.error());
  return Answer{std::move(result->rows), result->more_rows, std::move(*reads), result->work};
}

Result<store::ReadSet> SqliteMart::plan(const std::string& sql) const {
  auto reader = lease();
  if (!reader) return tl::unexpected(reader.error());
  return (*reader)->reads(store::Sql::rendered(sql));
}

Result<std::string> SqliteMart::explain(const std::string& sql) const {
  auto reader = lease();
  if (!reader) return tl::unexpected(reader.error());
  return (*reader)->query_plan(store::Sql::rendered(sql));
}

}  // namespace martgate::engine
