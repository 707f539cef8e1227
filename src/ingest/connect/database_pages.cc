#include "ingest/connect/database_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/calendar.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "ingest/connect/growing.h"
#include "json/parse.h"

namespace martgate::ingest {
namespace {

// {"column": "updated_at", "last": "2026-01-31 23:59:59"}; another column's cursor counts nothing.
std::optional<std::string> last_of(const std::string& cursor, const catalog::CursorColumn& column) {
  const auto state = parse_ijson(cursor);
  if (!state || !state->is_object() || state->value("column", "") != column.column) return {};
  const auto last = state->find("last");
  if (last == state->end() || !last->is_string()) return {};
  return last->get<std::string>();
}

Result<Bound> bound_of_since(catalog::CursorType type, const std::string& since) {
  if (type == catalog::CursorType::Text) return Bound{since, true};
  if (type == catalog::CursorType::Integer) {
    if (read_integer(since)) return Bound{since, true};
    return fail(Code::InvalidArgument,
                fmt::format("\"{}\" is no place in an integer cursor", shown(since, 60)),
                {"accepted: a whole number"}, "bad_since");
  }
  const auto at = read_timestamp(since);
  if (!at) {
    return fail(Code::InvalidArgument, fmt::format("\"{}\" is no time", shown(since, 60)),
                {"accepted: YYYY-MM-DD, or a time as RFC 3339 writes it"}, "bad_since");
  }
  // A day is smaller than each of its times, however the source writes them.
  return Bound{to_iso(std::chrono::floor<std::chrono::days>(*at)), true};
}

Result<std::optional<Bound>> bound_of(const catalog::DatabaseRead& read,
                                      const DatabaseStart& start) {
  if (!read.cursor) return std::nullopt;
  if (start.since) return bound_of_since(read.cursor->type, *start.since);
  const auto last = last_of(start.cursor, *read.cursor);
  if (!last) return std::nullopt;
  auto value = lower_bound(read.cursor->type, *last, read.cursor->overlap);
  if (!value) return std::nullopt;
  // Several rows can share a time, and the last run may have ended between them.
  return Bound{std::move(*value), read.cursor->type == catalog::CursorType::Timestamp};
}

class DatabasePages final : public Pages {
 public:
  DatabasePages(const catalog::SourceTable& table, const catalog::DatabaseRead& read,
                OpenQuery open, DatabaseStart start, const Clock& clock)
      : table_(table),
        read_(read),
        open_(std::move(open)),
        start_(std::move(start)),
        clock_(clock),
        page_(*this) {
    if (!read_.cursor) return;
    last_ = last_of(start_.cursor, *read_.cursor);
    const auto column =
        std::ranges::find(table_.columns, read_.cursor->column, &catalog::SourceColumn::name);
    cursor_at_ = static_cast<std::size_t>(column - table_.columns.begin());
  }

  Attempt<bool> next() override {
    if (!query_) {
      const auto bound = bound_of(read_, start_);
      if (!bound) return give_up(bound.error());
      auto opened = open_(*bound);
      if (!opened) return tl::unexpected(opened.error());
      query_ = std::move(*opened);
      if (auto moved = step(); !moved) {
        query_.reset();
        return tl::unexpected(moved.error());
      }
    }
    page_row_ = 0;
    // A whole table is a page even when it is empty.
    const bool is_whole = table_.load == catalog::LoadMode::Snapshot;
    if (is_whole && std::exchange(is_whole_given_, true)) return false;
    return is_whole || has_row_;
  }

  TableRows& rows() override { return page_; }
  const Failure* failure() const override { return failure_ ? &*failure_ : nullptr; }
  std::int64_t bytes() const override { return bytes_; }

  std::string cursor() const override {
    if (!read_.cursor || !last_) return start_.cursor;
    std::string text;
    JsonWriter(text)
        .begin_object()
        .field("column", read_.cursor->column)
        .field("last", *last_)
        .end_object();
    return text;
  }

  Status rewind() override {
    auto again = query_->restart();
    if (again) again = step();
    if (!again) {
      failure_ = again.error();
      return tl::unexpected(again.error().error);
    }
    row_number_ = 0;
    page_row_ = 0;
    return {};
  }

 private:
  class Page final : public TableRows {
   public:
    explicit Page(DatabasePages& pages) : pages_(pages) {}
    Result<Kind> next() override { return pages_.next_row(); }
    std::span<const Cell> cells() const override { return pages_.query_->cells(); }
    BadRow as_bad(std::string reason) const override {
      BadRow bad;
      bad.line = pages_.row_number_;
      bad.reason = std::move(reason);
      bad.raw = row_as_json(pages_.table_, cells()).substr(0, kBadRowBytesMax);
      return bad;
    }
    const BadRow& bad() const override { return pages_.bad_; }

   private:
    DatabasePages& pages_;
  };

  // Moves to the row that is handed out next.
  Attempt<void> step() {
    auto more = query_->step();
    if (!more) return tl::unexpected(more.error());
    has_row_ = *more;
    is_fresh_ = true;
    return {};
  }

  // The query's cells are those of the row handed out last, so the step to the next row is taken
  // when it is asked for.
  Result<TableRows::Kind> next_row() {
    if (!is_fresh_) {
      if (auto moved = step(); !moved) {
        failure_ = moved.error();
        return tl::unexpected(moved.error().error);
      }
    }
    if (!has_row_ || is_cut()) return TableRows::Kind::End;
    is_fresh_ = false;
    ++row_number_;
    ++page_row_;
    for (const Cell& cell : query_->cells()) {
      if (cell) bytes_ += static_cast<std::int64_t>(cell->size());
    }
    remember();
    std::string fault = query_->fault();
    if (fault.empty()) return TableRows::Kind::Row;
    bad_ = page_.as_bad(std::move(fault));
    return TableRows::Kind::Bad;
  }

  // A page ends between two values of the cursor, so that "greater than the last" misses nothing.
  [[nodiscard]] bool is_cut() const {
    if (!read_.cursor || page_row_ < start_.page_rows) return false;
    const Cell& value = query_->cells()[cursor_at_];
    return value && value != Cell(page_value_);
  }

  void remember() {
    if (!read_.cursor) return;
    const Cell& value = query_->cells()[cursor_at_];
    if (!value) return;
    page_value_.assign(*value);
    if (auto kept = remembered(read_.cursor->type, *value, clock_.now())) last_ = std::move(kept);
  }

  const catalog::SourceTable& table_;
  const catalog::DatabaseRead& read_;
  OpenQuery open_;
  DatabaseStart start_;
  const Clock& clock_;
  Page page_;
  std::unique_ptr<QueryRows> query_;
  std::size_t cursor_at_ = 0;
  std::optional<std::string> last_;  // the cursor behind the rows handed out so far
  std::string page_value_;           // cursor value of the row handed out last
  bool has_row_ = false;
  bool is_whole_given_ = false;
  bool is_fresh_ = false;  // the query stands on a row that was not handed out
  std::int64_t row_number_ = 0;
  std::int64_t page_row_ = 0;
  std::int64_t bytes_ = 0;
  BadRow bad_;
  std::optional<Failure> failure_;
};

}  // namespace

std::unique_ptr<Pages> database_pages(const catalog::SourceTable& table,
                                      const catalog::DatabaseRead& read, OpenQuery open,
                                      DatabaseStart start, const Clock& clock) {
  return std::make_unique<DatabasePages>(table, read, std::move(open), std::move(start), clock);
}

}  // namespace martgate::ingest
