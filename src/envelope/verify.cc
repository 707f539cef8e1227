#include "envelope/verify.h"

#include <fmt/format.h>

#include <algorithm>

namespace martgate::envelope {
namespace {

class Verification {
 public:
  Verification(store::Connection& connection, ChainWalk walk)
      : connection_(connection), walk_(std::move(walk)) {}

  void against_anchors(const std::filesystem::path& path, std::uint64_t bytes_max,
                       const AnchorKey& key) {
    const auto read = each_anchor(
        path, bytes_max, key,
        [this](std::int64_t line, const Anchor& anchor) { return check_anchor(line, anchor); });
    if (!read) {
      report_.anchors_bad = read.error().message;
    } else if (report_.anchors_checked == 0 && !report_.anchors_bad && !report_.first_bad) {
      report_.anchors_bad = "the file holds no anchor";
    }
  }

  void to_the_end() {
    while (!report_.first_bad && advance()) {
    }
  }

  void open_list() {
    if (report_.first_bad) return;
    if (const auto listed = check_open_list(); !listed) {
      report_.open_list_bad = listed.error().message;
    }
  }

  [[nodiscard]] VerifyReport report() && {
    report_.records = walk_.point().seq;
    report_.head = walk_.point().head;
    report_.boot_epoch = walk_.point().boot_epoch;
    return std::move(report_);
  }

 private:
  // False at the end and at the first bad record.
  bool advance() {
    const auto stored = walk_.next();
    if (!stored) {
      report_.first_bad = walk_.bad();
      return false;
    }
    const Record& record = stored->record;
    const bool was_open = record.before.version > 0;
    const bool is_open = !is_terminal(record.after.state);
    report_.open_envelopes += static_cast<int>(is_open) - static_cast<int>(was_open);
    return true;
  }

  bool check_anchor(std::int64_t line, const Anchor& anchor) {
    if (anchor.seq < walk_.point().seq) {
      report_.anchors_bad =
          fmt::format("line {}: the anchor names an earlier record than the one before", line);
      return false;
    }
    while (walk_.point().seq < anchor.seq && advance()) {
    }
    if (report_.first_bad) return false;
    const ChainPoint& point = walk_.point();
    if (point.seq < anchor.seq) {
      report_.truncated = true;
      report_.first_bad = BadRecord{
          point.seq + 1,
          fmt::format("it is missing; the journal is truncated, the anchor of {} names record {}",
                      to_rfc3339(anchor.at), anchor.seq)};
      return false;
    }
    if (point.head != anchor.head) {
      report_.first_bad = BadRecord{
          anchor.seq,
          fmt::format("its hash is not the one in the anchor of {}", to_rfc3339(anchor.at))};
      return false;
    }
    ++report_.anchors_checked;
    report_.anchored_seq = anchor.seq;
    return true;
  }

  Status check_open_list() {
    auto rows = connection_.prepare(
        "SELECT env_id, state, effect_class, effect, version, last_seq,"
        " (SELECT max(version) FROM records AS r WHERE r.env_id = o.env_id),"
        " (SELECT version FROM records AS r WHERE r.seq = o.last_seq)"
        " FROM open_envelopes AS o ORDER BY last_seq");
    if (!rows) return tl::unexpected(rows.error());
    std::int64_t count = 0;
    for (;; ++count) {
      const auto more = rows->step();
      if (!more) return tl::unexpected(more.error());
      if (!*more) break;
      const auto last = record_at(connection_, rows->column_int(5));
      const bool agrees = last && last->record.env_id == rows->column_text(0) &&
                          name_of(last->record.after.state) == rows->column_text(1) &&
                          name_of(last->record.after.effect_class) == rows->column_text(2) &&
                          name_of(last->record.after.effect) == rows->column_text(3) &&
                          last->record.after.version == rows->column_int(4) &&
                          !is_terminal(last->record.after.state) &&
                          rows->column_int(6) == rows->column_int(7);
      if (!agrees) {
        return fail(
            Code::InvalidArgument,
            fmt::format("envelope {} is not as its last record left it", rows->column_text(0)));
      }
    }
    if (count != report_.open_envelopes) {
      return fail(Code::InvalidArgument,
                  fmt::format("it holds {} envelopes, the chain leaves {} open", count,
                              report_.open_envelopes));
    }
    return {};
  }

  store::Connection& connection_;
  ChainWalk walk_;
  VerifyReport report_;
};

}  // namespace

Result<VerifyReport> verify(const std::filesystem::path& journal,
                            const std::filesystem::path& anchors, const AnchorKey& key) {
  auto connection = open_for_reading(journal);
  if (!connection) return tl::unexpected(connection.error());
  // An anchor is written after its record is durable: with the length taken first, every anchor
  // looked at names a record that the snapshot below has.
  std::error_code missing;
  const std::uintmax_t size = std::filesystem::file_size(anchors, missing);
  if (auto begun = connection->execute("BEGIN; SELECT count(*) FROM counters;"); !begun) {
    return tl::unexpected(begun.error());
  }
  auto walk = ChainWalk::begin(*connection, {});
  if (!walk) return tl::unexpected(walk.error());
  Verification verification(*connection, std::move(*walk));
  verification.against_anchors(anchors, missing ? 0 : size, key);
  verification.to_the_end();
  verification.open_list();
  return std::move(verification).report();
}

}  // namespace martgate::envelope
