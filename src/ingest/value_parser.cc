#include "ingest/value_parser.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/calendar.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "base/time_format.h"
#include "base/time_zone.h"
#include "ingest/number_text.h"
#include "json/parse.h"

namespace martgate::ingest {
namespace {

using catalog::ColumnContract;

constexpr std::size_t kValueShownBytes = 80;
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kTimeBytesMax = 40;

enum class Type : std::uint8_t { Text, Integer, Real, Decimal, Boolean, Date, Timestamp, Json };

constexpr std::array<std::pair<std::string_view, Type>, 8> kTypes{{{"text", Type::Text},
                                                                   {"integer", Type::Integer},
                                                                   {"real", Type::Real},
                                                                   {"decimal", Type::Decimal},
                                                                   {"boolean", Type::Boolean},
                                                                   {"date", Type::Date},
                                                                   {"timestamp", Type::Timestamp},
                                                                   {"json", Type::Json}}};

std::string in_quotes(std::string_view text) {
  return fmt::format("\"{}\"", shown(text, kValueShownBytes));
}

std::int64_t characters_of(std::string_view text) {
  return std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

void put_two(char* at, int value) {
  at[0] = static_cast<char>('0' + value / 10);
  at[1] = static_cast<char>('0' + value % 10);
}

// "2026-02-28" into ten bytes.
void put_day(char* at, std::chrono::sys_days day) {
  const std::chrono::year_month_day date{day};
  put_two(at, int(date.year()) / 100);
  put_two(at + 2, int(date.year()) % 100);
  at[4] = '-';
  put_two(at + 5, static_cast<int>(unsigned(date.month())));
  at[7] = '-';
  put_two(at + 8, static_cast<int>(unsigned(date.day())));
}

}  // namespace

struct ValueParser::State {
  Type type = Type::Text;
  ColumnContract contract;
  std::vector<TimeFormat> formats;
  std::optional<TimeZone> zone;
  std::unique_ptr<re2::RE2> pattern;
  std::optional<StoredCell> min;
  std::optional<StoredCell> max;
  std::string min_text;
  std::string max_text;
  bool has_text_rules = false;
  std::array<char, kTimeBytesMax> time_text{};
  Fault fault;

  bool refuse(std::string_view slug, std::string detail) {
    fault = {slug, std::move(detail)};
    return false;
  }

  bool refuse_number(NumberFault reason, std::string_view text, std::string_view slug,
                     std::string_view what) {
    if (reason == NumberFault::TooPrecise) {
      return refuse("too_precise", fmt::format("has more than {} digits behind the point: {}",
                                               contract.scale, in_quotes(text)));
    }
    if (reason == NumberFault::TooLarge) {
      return refuse("out_of_range", fmt::format("does not fit 64 bits: {}", in_quotes(text)));
    }
    return refuse(slug, fmt::format("is not {}: {}", what, in_quotes(text)));
  }

  bool parse_scaled(std::string_view text, int scale, StoredCell& stored) {
    const ScaledNumber number = read_scaled(text, scale, contract.number);
    if (number.fault != NumberFault::None) {
      return type == Type::Integer
                 ? refuse_number(number.fault == NumberFault::TooPrecise ? NumberFault::Malformed
                                                                         : number.fault,
                                 text, "not_integer", "an integer")
                 : refuse_number(number.fault, text, "not_decimal", "a decimal");
    }
    // 12.0 is a whole number and still no integer: a float has crept in.
    if (type == Type::Integer && text.find(contract.number.point) != std::string_view::npos) {
      return refuse("not_integer", fmt::format("is not an integer: {}", in_quotes(text)));
    }
    stored.kind = StoredCell::Kind::Integer;
    stored.integer = number.scaled;
    stored.is_verbatim = number.is_canonical;
    return true;
  }

  bool parse_real(std::string_view text, StoredCell& stored) {
    const RealNumber number = read_real(text, contract.number);
    if (number.fault != NumberFault::None) {
      return refuse_number(number.fault, text, "not_real", "a number");
    }
    stored.kind = StoredCell::Kind::Real;
    stored.real = number.value;
    stored.is_verbatim = number.is_canonical;
    return true;
  }

  bool parse_boolean(std::string_view text, StoredCell& stored) {
    const auto is_true = std::ranges::find(contract.true_values, text);
    const auto is_false = std::ranges::find(contract.false_values, text);
    const bool truth = is_true != contract.true_values.end();
    if (!truth && is_false == contract.false_values.end()) {
      return refuse("not_boolean", fmt::format("is not a boolean: {}", in_quotes(text)));
    }
    stored.kind = StoredCell::Kind::Integer;
    stored.integer = truth ? 1 : 0;
    stored.is_verbatim =
        truth ? is_true == contract.true_values.begin() : is_false == contract.false_values.begin();
    return true;
  }

  // The one reading that the formats agree on. Several formats may fit; when they mean different
  // moments the text is ambiguous.
  bool read_time(std::string_view text, std::string_view slug, std::string_view what,
                 ClockReading& reading) {
    std::optional<ClockReading> found;
    if (formats.empty()) {
      if (type == Type::Date) {
        if (const auto day = read_iso_day(text)) found = ClockReading{*day};
      } else {
        found = read_iso_time(text);
      }
    }
    for (const TimeFormat& format : formats) {
      const auto read = format.read(text);
      if (!read) continue;
      const bool is_other =
          found && (found->day != read->day || found->time_of_day != read->time_of_day ||
                    found->offset != read->offset);
      if (is_other) {
        return refuse("ambiguous_date", fmt::format("is read differently by two of its formats: {}",
                                                    in_quotes(text)));
      }
      found = read;
    }
    if (!found) return refuse(slug, fmt::format("is not {}: {}", what, in_quotes(text)));
    reading = *found;
    return true;
  }

  bool parse_date(std::string_view text, StoredCell& stored) {
    ClockReading reading;
    if (!read_time(text, "not_date", "a date", reading)) return false;
    put_day(time_text.data(), reading.day);
    stored.kind = StoredCell::Kind::Text;
    stored.text = {time_text.data(), 10};
    stored.is_verbatim = stored.text == text;
    return true;
  }

  bool parse_timestamp(std::string_view text, StoredCell& stored) {
    ClockReading reading;
    if (!read_time(text, "not_timestamp", "a timestamp", reading)) return false;
    std::chrono::sys_seconds at = reading.day + reading.time_of_day;
    if (reading.offset) {
      at -= *reading.offset;
    } else if (zone) {
      const TimeZone::Moments moments = zone->moments(LocalTime(at.time_since_epoch()));
      if (moments.is_skipped) {
        return refuse("nonexistent_time",
                      fmt::format("never happens in {}: {}", zone->name(), in_quotes(text)));
      }
      if (moments.second) {
        return refuse("ambiguous_time",
                      fmt::format("happens twice in {}: {}", zone->name(), in_quotes(text)));
      }
      at = moments.first;
    } else {
      return refuse("no_time_zone",
                    fmt::format("has no offset, and the column no time zone: {}", in_quotes(text)));
    }
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const auto seconds = static_cast<int>((at - day).count());
    char* const start = time_text.data();
    put_day(start, day);
    start[10] = ' ';
    put_two(start + 11, seconds / 3600);
    start[13] = ':';
    put_two(start + 14, seconds / 60 % 60);
    start[16] = ':';
    put_two(start + 17, seconds % 60);
    std::size_t length = 19;
    if (reading.nanoseconds != 0) {
      const std::string fraction = fmt::format(".{:09}", reading.nanoseconds);
      const std::size_t kept = fraction.find_last_not_of('0') + 1;
      std::copy_n(fraction.data(), kept, start + length);
      length += kept;
    }
    stored.kind = StoredCell::Kind::Text;
    stored.text = {start, length};
    stored.is_verbatim = length == 19 && text.size() == 20 && text[10] == 'T' && text[19] == 'Z' &&
                         text.substr(0, 10) == stored.text.substr(0, 10) &&
                         text.substr(11, 8) == stored.text.substr(11);
    return true;
  }

  bool parse_json(std::string_view text, StoredCell& stored) {
    if (const auto json = parse_ijson(text); !json) {
      return refuse("not_json", fmt::format("is not JSON: {}", json.error().message));
    }
    stored.kind = StoredCell::Kind::Text;
    stored.text = text;
    return true;
  }

  bool parse_typed(std::string_view text, StoredCell& stored) {
    switch (type) {
      case Type::Text:
        stored.kind = StoredCell::Kind::Text;
        stored.text = text;
        return true;
      case Type::Integer:
        return parse_scaled(text, 0, stored);
      case Type::Decimal:
        return parse_scaled(text, contract.scale, stored);
      case Type::Real:
        return parse_real(text, stored);
      case Type::Boolean:
        return parse_boolean(text, stored);
      case Type::Date:
        return parse_date(text, stored);
      case Type::Timestamp:
        return parse_timestamp(text, stored);
      case Type::Json:
        return parse_json(text, stored);
    }
    return false;
  }

  // -1, 0 or 1; both cells are of this column, so of one kind.
  static int compared(const StoredCell& left, const StoredCell& right) {
    switch (left.kind) {
      case StoredCell::Kind::Integer:
        return left.integer < right.integer ? -1 : left.integer > right.integer ? 1 : 0;
      case StoredCell::Kind::Real:
        return left.real < right.real ? -1 : left.real > right.real ? 1 : 0;
      default:
        return left.text.compare(right.text);
    }
  }

  bool keeps_range(std::string_view text, const StoredCell& stored) {
    if (min && compared(stored, *min) < 0) {
      return refuse("out_of_range", fmt::format("is below {}: {}", contract.min, in_quotes(text)));
    }
    if (max && compared(stored, *max) > 0) {
      return refuse("out_of_range", fmt::format("is above {}: {}", contract.max, in_quotes(text)));
    }
    return true;
  }

  bool keeps_text_rules(std::string_view text) {
    if (contract.length_min || contract.length_max) {
      const std::int64_t length = characters_of(text);
      if (contract.length_min && length < *contract.length_min) {
        return refuse("bad_length", fmt::format("has {} characters, fewer than {}: {}", length,
                                                *contract.length_min, in_quotes(text)));
      }
      if (contract.length_max && length > *contract.length_max) {
        return refuse("bad_length", fmt::format("has {} characters, more than {}: {}", length,
                                                *contract.length_max, in_quotes(text)));
      }
    }
    if (!contract.accepted_values.empty() &&
        std::ranges::find(contract.accepted_values, text) == contract.accepted_values.end()) {
      return refuse("not_accepted",
                    fmt::format("is none of the accepted values: {}", in_quotes(text)));
    }
    if (pattern && !re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern)) {
      return refuse("no_match",
                    fmt::format("does not match {}: {}", contract.pattern, in_quotes(text)));
    }
    return true;
  }

  // A bound is a value of the column; its text outlives the cell.
  Status read_bound(const std::string& text, std::string& kept, std::optional<StoredCell>& bound) {
    if (text.empty()) return {};
    StoredCell stored;
    if (!parse_typed(text, stored)) {
      return fail(Code::InvalidArgument, fmt::format("bound {} {}", in_quotes(text), fault.detail),
                  {}, "bad_contract");
    }
    kept = stored.text;
    stored.text = kept;
    bound = stored;
    return {};
  }
};

ValueParser::ValueParser(std::unique_ptr<State> state) : state_(std::move(state)) {}
ValueParser::ValueParser(ValueParser&&) noexcept = default;
ValueParser& ValueParser::operator=(ValueParser&&) noexcept = default;
ValueParser::~ValueParser() = default;

Result<ValueParser> ValueParser::make(const catalog::SourceColumn& column) {
  auto state = std::make_unique<State>();
  const auto* type =
      std::ranges::find(kTypes, column.data_type, [](const auto& t) { return t.first; });
  if (type == kTypes.end()) {
    return fail(Code::InvalidArgument,
                fmt::format("column {} has the unknown type {}", column.name, column.data_type), {},
                "bad_contract");
  }
  state->type = type->second;
  state->contract = column.contract;
  if (state->type == Type::Boolean && state->contract.true_values.empty()) {
    state->contract.true_values = {"true", "1"};
    state->contract.false_values = {"false", "0"};
  }
  for (const std::string& pattern : column.contract.formats) {
    auto format = TimeFormat::make(pattern);
    if (!format) return tl::unexpected(with_context(format.error(), column.name));
    state->formats.push_back(std::move(*format));
  }
  if (!column.contract.time_zone.empty()) {
    auto zone = TimeZone::named(column.contract.time_zone);
    if (!zone) return tl::unexpected(with_context(zone.error(), column.name));
    state->zone = std::move(*zone);
  }
  if (!column.contract.pattern.empty()) {
    state->pattern = std::make_unique<re2::RE2>(column.contract.pattern, re2::RE2::Quiet);
    if (!state->pattern->ok()) {
      return fail(Code::InvalidArgument,
                  fmt::format("{}: {}", column.name, state->pattern->error()), {}, "bad_contract");
    }
  }
  state->has_text_rules = column.contract.length_min || column.contract.length_max ||
                          !column.contract.accepted_values.empty() || state->pattern;
  auto lower = state->read_bound(column.contract.min, state->min_text, state->min);
  if (!lower) return tl::unexpected(with_context(lower.error(), column.name));
  auto upper = state->read_bound(column.contract.max, state->max_text, state->max);
  if (!upper) return tl::unexpected(with_context(upper.error(), column.name));
  return ValueParser(std::move(state));
}

bool ValueParser::parse(Cell cell, StoredCell& stored) {
  stored = {};
  if (!cell) return true;
  State& state = *state_;
  std::string_view text = *cell;
  if (state.contract.trim) {
    const std::size_t from = std::min(text.find_first_not_of(kBlanks), text.size());
    text.remove_prefix(from);
    text = text.substr(0, text.find_last_not_of(kBlanks) + 1);
  }
  const bool is_null =
      (text.empty() && state.contract.trim) ||
      std::ranges::find(state.contract.null_values, text) != state.contract.null_values.end();
  if (is_null) {
    stored.is_verbatim = false;
    return true;
  }
  if (!state.parse_typed(text, stored)) return false;
  if (text.size() != cell->size()) stored.is_verbatim = false;
  if ((state.min || state.max) && !state.keeps_range(text, stored)) return false;
  return !state.has_text_rules || state.keeps_text_rules(text);
}

const Fault& ValueParser::fault() const {
  return state_->fault;
}

std::string_view likely_type(std::string_view text) {
  const catalog::NumberFormat plain;
  if (read_scaled(text, 0, plain).fault == NumberFault::None &&
      text.find('.') == std::string_view::npos) {
    return "integer";
  }
  if (read_real(text, plain).fault == NumberFault::None) return "decimal";
  if (read_iso_day(text)) return "date";
  if (read_iso_time(text)) return "timestamp";
  if (text == "true" || text == "false") return "boolean";
  return "text";
}

}  // namespace martgate::ingest
