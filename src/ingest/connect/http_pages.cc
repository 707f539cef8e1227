#include "ingest/connect/http_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "ingest/connect/growing.h"
#include "ingest/connect/http_cursor.h"
#include "ingest/connect/json_text.h"
#include "ingest/connect/row_lines.h"
#include "json/parse.h"

namespace martgate::ingest {
namespace {

using catalog::Paging;
using catalog::Since;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// Lines on disk that nobody else can see, read again as often as need be.
class Spool final : public ByteSource {
 public:
  Status add(std::string_view lines) {
    if (!file_) file_.reset(std::tmpfile());
    if (!file_ || std::fwrite(lines.data(), 1, lines.size(), file_.get()) != lines.size()) {
      return fail(Code::Unavailable,
                  fmt::format("cannot write a temporary file: {}", std::strerror(errno)));
    }
    return {};
  }
  void rewind() {
    if (file_) std::rewind(file_.get());
  }
  Result<std::size_t> read(std::span<char> into) override {
    if (!file_) return std::size_t{0};
    const std::size_t got = std::fread(into.data(), 1, into.size(), file_.get());
    if (got == 0 && std::ferror(file_.get()) != 0)
      return fail(Code::Unavailable, "cannot read a temporary file", {}, "unreadable_file");
    return got;
  }

 private:
  std::unique_ptr<std::FILE, CloseFile> file_;
};

// A value of the since column as something that can be compared: milliseconds or the integer.
std::optional<std::int64_t> rank_of(const Since& since, std::string_view value) {
  if (since.format == Since::Format::Integer) return read_integer(value);
  if (const auto at = read_timestamp(value)) return at->time_since_epoch().count();
  // An interface that is asked with numbers often answers with them.
  const auto number = read_integer(value);
  if (!number || since.format == Since::Format::Rfc3339) return std::nullopt;
  return since.format == Since::Format::EpochSeconds ? *number * 1'000 : *number;
}

// The parameter's text for a remembered rank, less the overlap.
std::string since_text(const Since& since, std::int64_t rank) {
  if (since.format == Since::Format::Integer) return std::to_string(rank - since.overlap);
  const WallTime at{std::chrono::milliseconds(rank - since.overlap * 1'000)};
  if (since.format == Since::Format::EpochMilliseconds)
    return std::to_string(at.time_since_epoch().count());
  if (since.format == Since::Format::EpochSeconds)
    return std::to_string(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
  return to_rfc3339(at);
}

class HttpPages final : public Pages {
 public:
  HttpPages(const catalog::HttpAccess& access, const catalog::SourceTable& table,
            const catalog::HttpRequest& request, HttpStart start, HttpSurroundings around)
      : access_(access),
        table_(table),
        request_(request),
        start_(std::move(start)),
        around_(std::move(around)),
        is_whole_(table.load == catalog::LoadMode::Snapshot),
        deadline_ns_(around_.clock.monotonic_ns() + access.poll_ms_max * 1'000'000) {
    cursor_ = parse_http_cursor(start_.cursor);
    // A whole table is never begun in its middle.
    if (is_whole_) cursor_.is_within = false;
  }

  Attempt<bool> next() override {
    if (is_done_) return false;
    if (!is_begun_) {
      if (auto begun = begin(); !begun) return tl::unexpected(begun.error());
    }
    if (!is_whole_) return fetch_page();
    for (;;) {
      auto more = fetch_page();
      if (!more) return more;
      if (is_unchanged_) return false;
      if (is_done_) break;
    }
    spool_.rewind();
    rows_ = jsonl_rows(table_, spool_);
    return true;
  }

  TableRows& rows() override { return *rows_; }
  std::string cursor() const override { return to_text(after_); }
  std::int64_t bytes() const override { return bytes_; }

  Status rewind() override {
    spool_.rewind();
    rows_ = jsonl_rows(table_, spool_);
    return {};
  }

 private:
  // Settles what the poll asks from, and where it begins.
  Attempt<void> begin() {
    const auto base = parse_url(access_.base_url);
    if (!base) {
      return give_up({Code::InvalidArgument,
                      fmt::format("\"{}\" is no URL", shown(access_.base_url, 120)),
                      {},
                      "bad_url"});
    }
    base_ = *base;
    if (base_.target == "/") base_.target.clear();
    if (start_.since) {
      if (auto taken = take_since(*start_.since); !taken) return taken;
    }
    if (access_.auth) {
      const auto secret = around_.secret(access_.auth->secret_env);
      if (!secret) {
        return give_up({Code::FailedPrecondition,
                        fmt::format("{} is not set", access_.auth->secret_env),
                        {"put the secret into that environment variable"},
                        "no_secret"});
      }
      secret_ = *secret;
    }
    if (!cursor_.is_within) begin_poll();
    after_ = cursor_;
    is_begun_ = true;
    return {};
  }

  Attempt<void> take_since(const std::string& since) {
    if (!request_.since) return {};
    const auto rank = rank_of(*request_.since, since);
    if (!rank) {
      return give_up({Code::InvalidArgument,
                      fmt::format("\"{}\" is no place to begin", shown(since, 60)),
                      {"accepted: a day or a time for a timestamp, a number for an integer"},
                      "bad_since"});
    }
    cursor_.is_within = false;
    cursor_.since = since;
    cursor_.etag.clear();
    cursor_.next.clear();
    return {};
  }

  void begin_poll() {
    const bool keeps_place =
        request_.paging.style == Paging::Style::Cursor && request_.paging.keeps_token;
    if (!keeps_place) cursor_.next.clear();
    cursor_.is_within = true;
    cursor_.high.clear();
    first_total_.reset();
    visited_.clear();
  }

  [[nodiscard]] Url url() const {
    Url url = base_;
    const Paging& paging = request_.paging;
    if (paging.style == Paging::Style::Link && !cursor_.next.empty()) {
      url.target = cursor_.next;
      return url;
    }
    auto parameters = request_.params;
    if (request_.since && !cursor_.since.empty()) {
      if (const auto rank = rank_of(*request_.since, cursor_.since))
        parameters.emplace_back(request_.since->param, since_text(*request_.since, *rank));
    }
    if (paging.style == Paging::Style::Number) {
      parameters.emplace_back(paging.param,
                              cursor_.next.empty() ? std::to_string(paging.first) : cursor_.next);
      if (!paging.size_param.empty())
        parameters.emplace_back(paging.size_param, std::to_string(paging.size));
    }
    if (paging.style == Paging::Style::Cursor && !cursor_.next.empty())
      parameters.emplace_back(paging.param, cursor_.next);
    url.target += request_.path + query_text(parameters);
    return url;
  }

  [[nodiscard]] HttpGetOptions options_for(const Url& url) const {
    HttpGetOptions options;
    options.ca_file = access_.ca_file;
    options.connect_ms_max = access_.connect_ms_max;
    options.request_ms_max = access_.request_ms_max;
    options.body_bytes_max = access_.page_bytes_max;
    options.headers.emplace_back("User-Agent", "martgate");
    options.headers.emplace_back("Accept", "application/json");
    for (const auto& [name, value] : access_.headers) options.headers.emplace_back(name, value);
    if (access_.auth)
      options.headers.emplace_back(access_.auth->header, access_.auth->prefix + secret_);
    // Only the page that was the last of the last poll: when it has not changed, nothing follows.
    if (!cursor_.etag.empty() && cursor_.etag_target == url.target)
      options.headers.emplace_back("If-None-Match", cursor_.etag);
    return options;
  }

  // Limits of the whole run. What was loaded stays, and the next run goes on from there.
  Attempt<void> check_limits() const {
    const auto over = [](std::string_view name, std::int64_t limit, std::string_view unit) {
      return give_up({Code::ResourceExhausted,
                      fmt::format("the poll was ended at {} {}", limit, unit),
                      {fmt::format("the next run goes on from there; or raise {}", name)},
                      name});
    };
    if (pages_ >= access_.pages_max) return over("pages_max", access_.pages_max, "pages");
    if (bytes_ >= access_.poll_bytes_max)
      return over("poll_bytes_max", access_.poll_bytes_max, "bytes");
    if (around_.clock.monotonic_ns() > deadline_ns_)
      return over("poll_ms_max", access_.poll_ms_max, "ms");
    return {};
  }

  // One page into rows_ or the spool. False at the end.
  Attempt<bool> fetch_page() {
    is_unchanged_ = false;
    if (auto within = check_limits(); !within) return tl::unexpected(within.error());
    if (auto rested = rest(); !rested) return tl::unexpected(rested.error());
    const Url asked = url();
    if (!visited_.insert(asked.target).second) {
      return give_up({Code::FailedPrecondition,
                      fmt::format("page {} leads back to {}", pages_, shown(asked.target, 120)),
                      {"the interface's links or tokens run in a circle"},
                      "pagination_loop"});
    }
    auto answer = get(asked);
    if (!answer) {
      visited_.erase(asked.target);
      return tl::unexpected(answer.error());
    }
    if (answer->status == 304) {
      is_unchanged_ = true;
      end_poll(asked, {});
      return false;
    }
    auto taken = take(asked, *answer);
    if (!taken) visited_.erase(asked.target);
    return taken;
  }

  // What the last answer asked for, before the next request.
  Attempt<void> rest() {
    const std::int64_t ms = std::exchange(pause_ms_, 0);
    if (ms == 0) return {};
    if (ms > access_.wait_ms_max) {
      return give_up({Code::Unavailable,
                      fmt::format("the interface asks to be left alone for {} ms", ms),
                      {"the next run goes on from here; or raise wait_ms_max"},
                      "rate_limited"});
    }
    around_.wait(ms);
    return {};
  }

  Attempt<HttpAnswer> get(const Url& asked) {
    Url url = asked;
    for (int redirects = 0;; ++redirects) {
      auto answer = around_.get(url, options_for(url));
      if (!answer) {
        // A library's words could quote what was sent.
        answer.error().error.message = scrubbed(answer.error().error.message, secret_);
        return answer;
      }
      bytes_ += static_cast<std::int64_t>(answer->body.size());
      const int status = answer->status;
      const auto pause = pause_ms(*answer, around_.clock.now());
      if (status == 200 || status == 304) {
        pause_ms_ = pause.value_or(0);
        return answer;
      }
      if (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) {
        const auto target = resolve_url(url, answer->header("Location").value_or(""));
        if (!target || target->origin != base_.origin || redirects == kRedirectsMax) {
          return give_up({Code::PermissionDenied,
                          fmt::format("status {} leads elsewhere: {}", status,
                                      shown(answer->header("Location").value_or("nowhere"), 120)),
                          {fmt::format("accepted: at most {} redirects within {}", kRedirectsMax,
                                       host_field(base_.origin))},
                          "redirect_refused"});
        }
        url = *target;
        continue;
      }
      Error error{is_transient_status(status) ? Code::Unavailable : Code::FailedPrecondition,
                  fmt::format("status {} from {}", status, shown(url.target, 120)),
                  {},
                  status == 429 ? "rate_limited" : "bad_status"};
      if (status == 401 || status == 403) error.hints.emplace_back("the credentials were refused");
      if (is_transient_status(status)) return try_again(std::move(error), pause);
      return give_up(std::move(error));
    }
  }

  Attempt<bool> take(const Url& asked, const HttpAnswer& answer) {
    const ParseLimits limits{.bytes_max = static_cast<std::size_t>(access_.page_bytes_max),
                             .string_bytes_max = static_cast<std::size_t>(access_.page_bytes_max),
                             .elements_max = kJsonValuesMax};
    if (const auto parsed = parse_ijson(answer.body, limits); !parsed) {
      // A body that was cut short looks like this too; the next attempt may bring it whole.
      return try_again({Code::Unavailable,
                        fmt::format("the answer is no JSON: {}", parsed.error().message),
                        {},
                        "bad_json"});
    }
    const auto lines = row_lines(answer.body, request_.body, table_);
    if (!lines) {
      return give_up({Code::InvalidArgument,
                      fmt::format("the answer has nothing at {}", request_.body.rows),
                      {"rows points at the array of rows"},
                      "no_rows"});
    }
    std::string next;
    if (auto found = next_of(asked, answer, lines->size()); found)
      next = std::move(*found);
    else
      return tl::unexpected(found.error());
    if (is_moved(answer)) return begin_again();
    remember_high(answer.body);
    std::string text;
    for (const std::string& line : *lines) text += line + '\n';
    if (is_whole_) {
      if (auto kept = spool_.add(text); !kept) return give_up(kept.error());
    } else {
      page_ = std::make_unique<TextBytes>(std::move(text));
      rows_ = jsonl_rows(table_, *page_);
    }
    ++pages_;
    if (request_.paging.style == Paging::Style::Cursor &&
        (lines->empty() || next == cursor_.next)) {
      // A feed hands out a token even where there is nothing more: the place to go on from.
      if (request_.paging.keeps_token && !next.empty()) cursor_.next = next;
      next.clear();
    }
    if (next.empty()) {
      end_poll(asked, answer.header("ETag").value_or(""));
    } else {
      cursor_.next = std::move(next);
      after_ = cursor_;
    }
    return true;
  }

  // The next page's number, token or target; empty behind the last page.
  Attempt<std::string> next_of(const Url& asked, const HttpAnswer& answer, std::size_t rows) const {
    const Paging& paging = request_.paging;
    if (paging.style == Paging::Style::None) return std::string();
    if (paging.style == Paging::Style::Number) {
      if (std::cmp_less(rows, paging.size)) return std::string();
      const auto number = read_integer(cursor_.next);
      return std::to_string(number.value_or(paging.first) + 1);
    }
    std::optional<std::string> found;
    if (paging.style == Paging::Style::Link && paging.next.empty()) {
      found = link_target(answer.header("Link").value_or(""), "next");
    } else if (const auto value = json_at(answer.body, paging.next)) {
      found = json_scalar(*value);
    }
    if (!found || found->empty() || *found == "false") return std::string();
    if (paging.style == Paging::Style::Cursor) return *found;
    const auto target = resolve_url(asked, *found);
    if (!target || target->origin != base_.origin) {
      return give_up({Code::PermissionDenied,
                      fmt::format("the next page lies elsewhere: {}", shown(*found, 120)),
                      {fmt::format("accepted: pages of {}", host_field(base_.origin))},
                      "link_refused"});
    }
    return target->target;
  }

  // True when the number of all rows is another one than it was on the poll's first page: rows
  // came or went, and those behind them stand on other pages now.
  bool is_moved(const HttpAnswer& answer) {
    if (request_.paging.total.empty()) return false;
    const auto value = json_at(answer.body, request_.paging.total);
    const auto total = value ? read_integer(*value) : std::nullopt;
    if (!total) return false;
    return std::exchange(first_total_, first_total_.value_or(*total)).value_or(*total) != *total;
  }

  Attempt<bool> begin_again() {
    if (++shifted_polls_ > kShiftedPollsMax) {
      return give_up({Code::FailedPrecondition,
                      fmt::format("rows moved between pages in {} polls", shifted_polls_),
                      {"what was loaded stays; poll at a quieter time, or by cursor"},
                      "page_shift"});
    }
    spool_ = Spool();
    begin_poll();
    return fetch_page();
  }

  void remember_high(std::string_view body) {
    if (!request_.since) return;
    const std::string pointer = pointer_of(request_.body, request_.since->column);
    auto high = rank_of(*request_.since, cursor_.high);
    const auto rows = json_at(body, request_.body.rows);
    std::vector<std::string_view> elements = json_elements(*rows);
    if (is_json_object(*rows)) elements.push_back(*rows);
    for (const std::string_view row : elements) {
      const auto value = json_at(row, pointer);
      const auto text = value ? json_scalar(*value) : std::nullopt;
      const auto rank = text ? rank_of(*request_.since, *text) : std::nullopt;
      if (!rank || (high && *rank <= *high)) continue;
      high = rank;
      cursor_.high = *text;
    }
  }

  void end_poll(const Url& asked, std::string etag) {
    is_done_ = true;
    cursor_.is_within = false;
    if (!is_unchanged_) {
      cursor_.etag = std::move(etag);
      cursor_.etag_target = cursor_.etag.empty() ? std::string() : asked.target;
    }
    if (request_.since) advance_since(*request_.since);
    cursor_.high.clear();
    const bool keeps_token =
        request_.paging.style == Paging::Style::Cursor && request_.paging.keeps_token;
    if (!keeps_token) cursor_.next.clear();
    after_ = cursor_;
  }

  // Forward only, and never ahead of the clock: a row from the future would hide all others.
  void advance_since(const Since& since) {
    const auto rank = rank_of(since, cursor_.high);
    const auto before = rank_of(since, cursor_.since);
    if (!rank || (before && *rank <= *before)) return;
    const WallTime now = around_.clock.now();
    const bool is_ahead =
        since.format != Since::Format::Integer && *rank > now.time_since_epoch().count();
    cursor_.since = is_ahead ? to_rfc3339(now) : cursor_.high;
  }

  const catalog::HttpAccess& access_;
  const catalog::SourceTable& table_;
  const catalog::HttpRequest& request_;
  HttpStart start_;
  HttpSurroundings around_;
  bool is_whole_;
  std::int64_t deadline_ns_;
  Url base_;
  std::string secret_;
  HttpCursor cursor_;  // of the request that comes next
  HttpCursor after_;   // behind the page at hand
  bool is_begun_ = false;
  bool is_done_ = false;
  bool is_unchanged_ = false;
  int shifted_polls_ = 0;
  std::set<std::string> visited_;  // targets of this poll
  std::optional<std::int64_t> first_total_;
  std::int64_t pages_ = 0;  // of this run
  std::int64_t bytes_ = 0;
  std::int64_t pause_ms_ = 0;
  Spool spool_;
  std::unique_ptr<TextBytes> page_;
  std::unique_ptr<TableRows> rows_;
};

}  // namespace

std::unique_ptr<Pages> http_pages(const catalog::HttpAccess& access,
                                  const catalog::SourceTable& table,
                                  const catalog::HttpRequest& request, HttpStart start,
                                  HttpSurroundings around) {
  return std::make_unique<HttpPages>(access, table, request, std::move(start), std::move(around));
}

}  // namespace martgate::ingest
