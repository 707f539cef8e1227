#include "ingest/connect/inbox_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>

#include "base/json_writer.h"
#include "ingest/connect/inbox.h"
#include "ingest/connect/json_text.h"
#include "ingest/connect/row_lines.h"
#include "json/parse.h"

namespace martgate::ingest {
namespace {

// One delivery: its rows as JSON lines, or the reason why it has none.
struct Piece {
  std::string lines;
  std::string fault;
  std::string body;  // when there is a fault
};

class PieceRows final : public TableRows {
 public:
  explicit PieceRows(const catalog::SourceTable& table) : table_(table) {}

  void add(Piece piece) { pieces_.push_back(std::move(piece)); }

  Result<Kind> next() override {
    for (;;) {
      is_fault_ = false;
      if (rows_) {
        auto kind = rows_->next();
        if (!kind || *kind != Kind::End) return kind;
        rows_.reset();
      }
      if (pieces_.empty()) return Kind::End;
      Piece piece = std::move(pieces_.front());
      pieces_.pop_front();
      if (!piece.fault.empty()) {
        is_fault_ = true;
        fault_ = BadRow{};
        fault_.line = 1;
        fault_.reason = std::move(piece.fault);
        fault_.raw = piece.body.substr(0, kBadRowBytesMax);
        return Kind::Bad;
      }
      bytes_ = std::make_unique<TextBytes>(std::move(piece.lines));
      rows_ = jsonl_rows(table_, *bytes_);
    }
  }

  std::span<const Cell> cells() const override { return rows_->cells(); }
  BadRow as_bad(std::string reason) const override { return rows_->as_bad(std::move(reason)); }
  const BadRow& bad() const override { return is_fault_ ? fault_ : rows_->bad(); }

 private:
  const catalog::SourceTable& table_;
  std::deque<Piece> pieces_;
  std::unique_ptr<TextBytes> bytes_;
  std::unique_ptr<TableRows> rows_;
  bool is_fault_ = false;
  BadRow fault_;
};

class InboxPages final : public Pages {
 public:
  InboxPages(std::filesystem::path path, const catalog::Source& source,
             const catalog::SourceTable& table, const std::string& cursor)
      : path_(std::move(path)), source_(source), table_(table), place_(parse_inbox_place(cursor)) {}

  Attempt<bool> next() override {
    auto part = read_inbox(path_, source_.common.name, place_.inbox, place_.seq, kInboxPageRows,
                           kInboxPageBytes);
    if (!part) return try_again(part.error());
    if (part->rows.empty()) return false;
    rows_ = std::make_unique<PieceRows>(table_);
    for (InboxRow& row : part->rows) {
      bytes_ += static_cast<std::int64_t>(row.body.size());
      take(std::move(row));
    }
    place_ = {part->inbox, part->rows.back().seq};
    return true;
  }

  TableRows& rows() override { return *rows_; }
  std::string cursor() const override { return to_text(place_); }
  std::int64_t bytes() const override { return bytes_; }
  // Events are never a whole table.
  Status rewind() override { return fail(Code::Internal, "an inbox is not read twice"); }

 private:
  void take(InboxRow row) {
    const bool is_first = &table_ == &source_.tables.front();
    if (const auto parsed = parse_ijson(row.body); !parsed) {
      if (is_first) {
        rows_->add({{},
                    fmt::format("delivery {} is refused: {}", row.id, parsed.error().message),
                    std::move(row.body)});
      }
      return;
    }
    const auto lines = row_lines(row.body, *table_.extract->event, table_);
    if (!lines) {
      const bool is_nobodys =
          is_first && std::ranges::none_of(source_.tables, [&](const catalog::SourceTable& other) {
            return json_at(row.body, other.extract->event->rows).has_value();
          });
      if (is_nobodys) {
        rows_->add(
            {{}, fmt::format("delivery {} has rows for no table", row.id), std::move(row.body)});
      }
      return;
    }
    Piece piece;
    for (const std::string& line : *lines) piece.lines += line + '\n';
    rows_->add(std::move(piece));
  }

  const std::filesystem::path path_;
  const catalog::Source& source_;
  const catalog::SourceTable& table_;
  InboxPlace place_;
  std::unique_ptr<PieceRows> rows_;
  std::int64_t bytes_ = 0;
};

}  // namespace

std::string to_text(const InboxPlace& place) {
  if (place.inbox.empty()) return {};
  std::string text;
  JsonWriter(text).begin_object().field("inbox", place.inbox).field("seq", place.seq).end_object();
  return text;
}

InboxPlace parse_inbox_place(const std::string& text) {
  const auto state = parse_ijson(text);
  if (!state || !state->is_object()) return {};
  const auto inbox = state->find("inbox");
  const auto seq = state->find("seq");
  if (inbox == state->end() || !inbox->is_string() || seq == state->end() ||
      !seq->is_number_integer())
    return {};
  return {inbox->get<std::string>(), seq->get<std::int64_t>()};
}

std::unique_ptr<Pages> inbox_pages(const std::filesystem::path& path, const catalog::Source& source,
                                   const catalog::SourceTable& table, const std::string& cursor) {
  return std::make_unique<InboxPages>(path, source, table, cursor);
}

}  // namespace martgate::ingest
