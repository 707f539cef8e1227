#include "envelope/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace martgate::envelope {
namespace {

constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kEnvIdBytesMax = 64;
constexpr std::size_t kStepsMax = 64;

tl::unexpected<Error> bad_record(std::string message) {
  return fail(Code::InvalidArgument, std::move(message), {}, "bad_record");
}

bool is_hex(std::string_view text, std::size_t length) {
  return text.size() == length && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool is_name(std::string_view text) {
  return text.size() <= kNameBytesMax &&
         std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

bool is_env_id(std::string_view text) {
  return !text.empty() && text.size() <= kEnvIdBytesMax && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_';
  });
}

Status check_fields(const Fields& fields) {
  for (const auto& [key, value] :
       {std::pair<std::string_view, const std::string&>{"tool", fields.tool},
        {"principal", fields.principal},
        {"tenant", fields.tenant},
        {"era", fields.era},
        {"transport", fields.transport},
        {"policy_version", fields.policy_version},
        {"snapshot_id", fields.snapshot_id}}) {
    if (!is_name(value)) {
      return bad_record(
          fmt::format("{} must be printable ASCII of at most {} bytes", key, kNameBytesMax));
    }
  }
  for (const auto& [key, value] :
       {std::pair<std::string_view, const std::string&>{"args_hash", fields.args_hash},
        {"tool_digest", fields.tool_digest},
        {"plan_hash", fields.plan_hash},
        {"result_hash", fields.result_hash},
        {"citations_hash", fields.citations_hash}}) {
    if (!value.empty() && !is_hex(value, 64)) {
      return bad_record(fmt::format("{} must be 64 lower-case hex digits", key));
    }
  }
  if (!fields.reason.empty() && !is_snake_case(fields.reason)) {
    return bad_record("reason must be snake_case");
  }
  if (!fields.trace_id.empty() && !is_hex(fields.trace_id, 32)) {
    return bad_record("trace_id must be 32 lower-case hex digits");
  }
  const Cost& cost = fields.cost;
  if (std::min({cost.wall_us, cost.vm_steps, cost.rows_read, cost.bytes_out}) < 0) {
    return bad_record("a cost is negative");
  }
  return {};
}

// Every call of every server writes one of these, on one thread. Most of a record is hex digits and
// words of our own, which need no escaping; only a name with a quote in it goes the way of all JSON
// text.
class PayloadWriter {
 public:
  explicit PayloadWriter(std::string& out) : out_(out) {}

  // Printable ASCII without quotes and backslashes.
  void plain(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    begin(key);
    out_.append("\"").append(value).push_back('"');
  }
  // Printable ASCII.
  void name(std::string_view key, std::string_view value) {
    if (value.find_first_of("\"\\") == std::string_view::npos) return plain(key, value);
    begin(key);
    JsonWriter(out_).string(value);
  }
  void number(std::string_view key, std::int64_t value) {
    begin(key);
    JsonWriter(out_).integer(value);
  }
  void cost(const Cost& cost) {
    if (cost == Cost{}) return;
    begin("cost");
    JsonWriter(out_)
        .begin_object()
        .field("bytes_out", cost.bytes_out)
        .field("rows_read", cost.rows_read)
        .field("vm_steps", cost.vm_steps)
        .field("wall_us", cost.wall_us)
        .end_object();
  }
  void steps(std::span<const Event> steps) {
    begin("steps");
    char before = '[';
    for (const Event event : steps) {
      out_.push_back(before);
      out_.append("\"").append(name_of(event)).push_back('"');
      before = ',';
    }
    out_.append(steps.empty() ? "[]" : "]");
  }

 private:
  void begin(std::string_view key) {
    out_.push_back(out_.empty() ? '{' : ',');
    out_.append("\"").append(key).append("\":");
  }

  std::string& out_;
};

// Reads members one after another; the first problem is kept, the values read after it are empty.
class Members {
 public:
  explicit Members(const nlohmann::json& object) : object_(object) {}

  std::string text(const char* key) {
    const auto found = object_.find(key);
    if (found == object_.end()) return {};
    if (const auto* value = found->get_ptr<const std::string*>()) return *value;
    ok_ = false;
    return {};
  }
  std::int64_t number(const char* key) {
    const auto found = object_.find(key);
    if (found == object_.end() || !found->is_number_integer()) {
      ok_ = false;
      return 0;
    }
    return found->get<std::int64_t>();
  }
  template <class Enum>
  Enum named(const char* key, std::optional<Enum> (*find)(std::string_view)) {
    const auto value = find(text(key));
    if (!value) ok_ = false;
    return value.value_or(Enum{});
  }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  const nlohmann::json& object_;
  bool ok_ = true;
};

bool read_steps(const nlohmann::json& object, std::vector<Event>& steps) {
  const auto found = object.find("steps");
  if (found == object.end() || !found->is_array()) return false;
  for (const auto& item : *found) {
    const auto* name = item.get_ptr<const std::string*>();
    const auto event = name == nullptr ? std::nullopt : event_of(*name);
    if (!event) return false;
    steps.push_back(*event);
  }
  return true;
}

bool read_cost(const nlohmann::json& object, Cost& cost) {
  const auto found = object.find("cost");
  if (found == object.end()) return true;
  if (!found->is_object()) return false;
  Members members(*found);
  cost = {.wall_us = members.number("wall_us"),
          .vm_steps = members.number("vm_steps"),
          .rows_read = members.number("rows_read"),
          .bytes_out = members.number("bytes_out")};
  return members.ok();
}

}  // namespace

Record first_record(std::string env_id, EffectClass effect_class) {
  Record record;
  record.env_id = std::move(env_id);
  record.before.effect_class = effect_class;
  record.after = record.before;
  return record;
}

Record next_record(const Record& previous) {
  Record record;
  record.env_id = previous.env_id;
  record.before = previous.after;
  record.after = previous.after;
  record.fields = previous.fields;
  record.fields.reason.clear();
  record.fields.result_hash.clear();
  record.fields.citations_hash.clear();
  record.fields.cost = {};
  return record;
}

Status take(Record& record, Event event) {
  const auto next = advance(record.after, event);
  if (!next) return tl::unexpected(next.error());
  record.after = *next;
  record.steps.push_back(event);
  return {};
}

Status check(const Record& record) {
  if (!is_env_id(record.env_id)) {
    return bad_record(fmt::format("env_id must be 1 to {} of a-z, 0-9 and _", kEnvIdBytesMax));
  }
  if (record.steps.empty() || record.steps.size() > kStepsMax) {
    return bad_record(fmt::format("a record holds 1 to {} steps", kStepsMax));
  }
  if (record.before.version < 0) return bad_record("the version is negative");
  if (record.before.version == 0 &&
      record.before != Life{.effect_class = record.before.effect_class}) {
    return bad_record("the first record of an envelope begins in state received");
  }
  const auto after = fold(record.before, record.steps);
  if (!after) return tl::unexpected(after.error());
  if (*after != record.after) return bad_record("the steps do not lead to the state named");
  if (is_terminal(record.after.state) && record.after.state != State::Completed &&
      record.fields.reason.empty()) {
    return bad_record(
        fmt::format("an envelope that ends {} needs a reason", name_of(record.after.state)));
  }
  return check_fields(record.fields);
}

std::string payload_of(const Place& place, const Record& record) {
  const Fields& fields = record.fields;
  std::string payload;
  payload.reserve(1'536);
  PayloadWriter json(payload);
  json.plain("args_hash", fields.args_hash);
  json.number("boot_epoch", place.boot_epoch);
  json.plain("citations_hash", fields.citations_hash);
  json.cost(fields.cost);
  json.plain("effect", name_of(record.after.effect));
  json.plain("effect_before", name_of(record.before.effect));
  json.plain("effect_class", name_of(record.after.effect_class));
  json.plain("env_id", record.env_id);
  json.name("era", fields.era);
  json.plain("from", name_of(record.before.state));
  json.plain("plan_hash", fields.plan_hash);
  json.name("policy_version", fields.policy_version);
  json.plain("prev_hash", place.prev_hash);
  json.name("principal", fields.principal);
  json.plain("reason", fields.reason);
  json.plain("result_hash", fields.result_hash);
  json.number("seq", place.seq);
  json.name("snapshot_id", fields.snapshot_id);
  json.steps(record.steps);
  json.number("t_wall_ms", place.t_wall_ms);
  json.name("tenant", fields.tenant);
  json.plain("to", name_of(record.after.state));
  json.name("tool", fields.tool);
  json.plain("tool_digest", fields.tool_digest);
  json.plain("trace_id", fields.trace_id);
  json.name("transport", fields.transport);
  json.number("version", record.before.version);
  payload.push_back('}');
  return payload;
}

std::string payload_of(const StoredRecord& stored) {
  return payload_of(stored, stored.record);
}

std::string hash_of_payload(std::string_view payload) {
  Sha256 hash;
  hash.add(std::string_view("\0", 1));
  hash.add(payload);
  return to_hex(hash.finish());
}

Result<StoredRecord> parse_payload(std::string_view payload) {
  const auto object = nlohmann::json::parse(payload, nullptr, false);
  if (!object.is_object()) return bad_record("the payload is not a JSON object");
  StoredRecord stored;
  Members members(object);
  stored.seq = members.number("seq");
  stored.prev_hash = members.text("prev_hash");
  stored.boot_epoch = members.number("boot_epoch");
  stored.t_wall_ms = members.number("t_wall_ms");
  Record& record = stored.record;
  record.env_id = members.text("env_id");
  record.before.state = members.named("from", state_of);
  record.before.effect = members.named("effect_before", effect_of);
  record.before.effect_class = members.named("effect_class", effect_class_of);
  record.before.version = members.number("version");
  record.after.state = members.named("to", state_of);
  record.after.effect = members.named("effect", effect_of);
  record.after.effect_class = record.before.effect_class;
  Fields& fields = record.fields;
  for (const auto& [key, value] : {std::pair<const char*, std::string&>{"tool", fields.tool},
                                   {"principal", fields.principal},
                                   {"tenant", fields.tenant},
                                   {"era", fields.era},
                                   {"transport", fields.transport},
                                   {"policy_version", fields.policy_version},
                                   {"snapshot_id", fields.snapshot_id},
                                   {"args_hash", fields.args_hash},
                                   {"tool_digest", fields.tool_digest},
                                   {"plan_hash", fields.plan_hash},
                                   {"result_hash", fields.result_hash},
                                   {"citations_hash", fields.citations_hash},
                                   {"reason", fields.reason},
                                   {"trace_id", fields.trace_id}}) {
    value = members.text(key);
  }
  constexpr std::int64_t kVersionMax = 1'000'000'000;  // far above any life, far below overflow
  if (record.before.version < 0 || record.before.version > kVersionMax) {
    return bad_record("the version is out of range");
  }
  if (!members.ok() || !read_steps(object, record.steps) || !read_cost(object, fields.cost)) {
    return bad_record("the payload misses a member or holds one of another type");
  }
  record.after.version = record.before.version + static_cast<std::int64_t>(record.steps.size());
  if (auto sound = check(record); !sound) return tl::unexpected(sound.error());
  // Unknown members, other spellings and other orders all end here.
  if (payload_of(stored) != payload) return bad_record("the payload is not in its canonical form");
  return stored;
}

}  // namespace martgate::envelope
