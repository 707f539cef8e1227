#include "gate/mart_gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/digest.h"
#include "base/text.h"
#include "envelope/journal.h"
#include "envelope/record.h"
#include "gate/citations.h"
#include "gate/envelope_text.h"
#include "gate/identity_rules.h"
#include "json/canonical.h"
#include "json/parse.h"
#include "tools/trust_policy.h"

namespace martgate::gate {
namespace {

using envelope::Event;
using nlohmann::json;

// Until roles and policies exist, every local caller may read everything that is not restricted.
constexpr std::string_view kPolicyVersion = "open";

// The violations as one refusal: the first is the message, the others are hints.
Error refusal_of(const std::vector<Violation>& violations) {
  Error error{Code::InvalidArgument, "", {}, "bad_arguments"};
  for (const Violation& violation : violations) {
    const std::string where =
        violation.instance_pointer.empty() ? "arguments" : "arguments" + violation.instance_pointer;
    std::string text = fmt::format("{}: {}", where, violation.message);
    if (error.message.empty())
      error.message = std::move(text);
    else
      error.hints.push_back(std::move(text));
    for (const std::string& hint : violation.hints) error.hints.push_back(hint);
    const bool says_accepted = std::ranges::any_of(
        violation.hints, [](const std::string& hint) { return hint.starts_with("accepted"); });
    if (!violation.accepted.empty() && !says_accepted) {
      error.hints.push_back("accepted: " + join(violation.accepted, ", "));
    }
  }
  return error;
}

std::string refusal_text(const Error& error, std::string_view request_id) {
  std::string text = error.message + "\n";
  for (const std::string& hint : error.hints) text += fmt::format("- {}\n", hint);
  text += fmt::format("({}; {})\n", error.reason.empty() ? name_of(error.code) : error.reason,
                      request_id);
  return text;
}

// Faults of our own are told by their id only; the words stay in the log.
Error shown_to_caller(const Error& error) {
  if (error.code != Code::Internal) return error;
  return {Code::Internal,
          "the gate could not vouch for this answer, so it is withheld",
          {"this is a defect of the server; the request id finds it in the journal"},
          error.reason};
}

}  // namespace

struct MartGate::Outcome {
  envelope::Record record;
  CallResult result;
  std::string internal_text;  // for the log, when the fault is ours
};

Result<std::unique_ptr<MartGate>> MartGate::open(std::shared_ptr<const World> world,
                                                 envelope::Journal& journal, const Clock& clock,
                                                 IdSource& ids) {
  const auto& state_folder = world->project.settings.state_folder;
  auto snapshots = engine::SnapshotFollower::start(state_folder, clock);
  if (!snapshots) return tl::unexpected(snapshots.error());
  return std::unique_ptr<MartGate>(
      new MartGate(std::move(world), std::move(*snapshots), journal, clock, ids));
}

MartGate::MartGate(std::shared_ptr<const World> world,
                   std::unique_ptr<engine::SnapshotFollower> snapshots, envelope::Journal& journal,
                   const Clock& clock, IdSource& ids)
    : world_(std::move(world)),
      snapshots_(std::move(snapshots)),
      journal_(journal),
      clock_(clock),
      ids_(ids) {}

std::shared_ptr<const World> MartGate::world() const {
  const std::lock_guard lock(mutex_);
  return world_;
}

std::shared_ptr<const engine::MartEngine> MartGate::mart() const {
  return snapshots_->mart();
}

Status MartGate::use(std::shared_ptr<const World> world) {
  {
    const std::lock_guard lock(mutex_);
    world_ = std::move(world);
    ++world_version_;
  }
  return refresh_snapshot();
}

Status MartGate::refresh_snapshot() {
  return snapshots_->look();
}

std::vector<ToolListing> MartGate::tools(const Caller& /*caller*/) const {
  std::vector<ToolListing> listings;
  for (const ReadyTool& tool : world()->tools) listings.push_back(tool.listing);
  return listings;
}

std::vector<std::string> MartGate::scopes_missing(const Caller& caller,
                                                  std::string_view tool) const {
  return gate::scopes_missing(world()->project.settings.auth, caller, tool);
}

bool MartGate::has_tool(std::string_view name) const {
  return world()->tool(name) != nullptr;
}

std::string MartGate::instructions() const {
  const auto now = world();
  const catalog::Settings& settings = now->project.settings;
  std::string text = fmt::format("Governed data of {}.", settings.title);
  if (!settings.description.empty()) text += " " + settings.description;
  text +=
      " Answers come from named, tested metrics: find one with the catalog search, then query it; "
      "every answer says "
      "what it read, how fresh that is and whether its tests pass. Quote the source with the "
      "number.";
  return text;
}

MartGate::Outcome MartGate::run(const CallRequest& request) const {
  const std::int64_t started_ns = clock_.monotonic_ns();
  const auto now = world();
  const auto mart = this->mart();
  const ReadyTool* tool = now->tool(request.tool);
  const std::string request_id = id_text("req_", time_ordered(ids_.next(), clock_.now()));

  Outcome outcome{envelope::first_record(request_id, envelope::EffectClass::None), {}, {}};
  envelope::Record& record = outcome.record;
  record.fields.tool = tool == nullptr ? "unknown" : request.tool;
  record.fields.principal = request.caller.principal;
  record.fields.tenant = request.caller.tenant;
  record.fields.era = request.era;
  record.fields.transport = request.transport;
  record.fields.policy_version = kPolicyVersion;
  record.fields.args_hash = sha256_hex(canonical_json(*request.arguments));
  record.fields.trace_id = request.trace_id;
  if (tool != nullptr) record.fields.tool_digest = tool->definition->digest;
  const auto step = [&](Event event) { MARTGATE_CHECK(envelope::take(record, event).has_value()); };

  EnvelopeView view;
  view.request_id = request_id;
  view.tool = record.fields.tool;
  view.principal = request.caller.principal;
  view.tenant = request.caller.tenant;
  view.policy_version = kPolicyVersion;
  view.commit = now->project.commit;
  const auto elapsed_ns = [&] { return clock_.monotonic_ns() - started_ns; };

  // `last` ends the record; the caller is told, the journal has only the reason.
  const auto refuse = [&](const Error& error, Event last) {
    if (error.code == Code::Internal) outcome.internal_text = to_text(error);
    const Error shown_error = shown_to_caller(error);
    step(last);
    record.fields.reason = error.reason.empty() ? name_of(error.code) : error.reason;
    record.fields.cost.wall_us = elapsed_ns() / 1'000;
    outcome.result.is_error = true;
    outcome.result.text = refusal_text(shown_error, request_id);
    view.state = name_of(record.after.state);
    view.error = &shown_error;
    view.cost.wall_ms = static_cast<double>(elapsed_ns()) / 1e6;
    view.cost.bytes_out = static_cast<std::int64_t>(outcome.result.text.size());
    outcome.result.envelope = envelope_text(view);
    view.error = nullptr;
  };

  step(Event::CredentialValid);
  if (tool == nullptr) {
    std::vector<std::string> names;
    for (const ReadyTool& known : now->tools) names.push_back(known.listing.name);
    refuse({Code::NotFound, fmt::format("there is no tool \"{}\"", shown(request.tool, 80)),
            name_hints(request.tool, names), "unknown_tool"},
           Event::ArgumentsInvalid);
    return outcome;
  }
  if (const auto violations = tool->input.validate(*request.arguments, 10); !violations.empty()) {
    refuse(refusal_of(violations), Event::ArgumentsInvalid);
    return outcome;
  }

  // Over HTTP the transport has asked before; pipes and the command line come here only.
  if (const auto needed =
          gate::scopes_missing(now->project.settings.auth, request.caller, request.tool);
      !needed.empty()) {
    step(Event::ArgumentsValid);
    refuse({Code::PermissionDenied,
            fmt::format("the credential lacks a scope that {} needs", request.tool),
            {"needed: " + join(needed, ", ")},
            "insufficient_scope"},
           Event::Deny);
    return outcome;
  }

  const WallTime wall_now = clock_.now();
  const tools::Context context{now->project, *mart, wall_now, tool->definition->limits,
                               request.cancel};
  Result<tools::ToolAnswer> answer = fail(Code::Internal, "not run");
  try {
    answer = tool->handler(context, *request.arguments);
  } catch (const std::exception& problem) {
    answer = fail(Code::Internal, fmt::format("{} threw: {}", request.tool, problem.what()), {},
                  "exception");
  }
  if (!answer) {
    const Error& error = answer.error();
    const bool question_is_bad =
        error.code == Code::InvalidArgument || error.code == Code::NotFound;
    if (question_is_bad) {
      refuse(error, Event::ArgumentsInvalid);
      return outcome;
    }
    step(Event::ArgumentsValid);
    if (error.code == Code::PermissionDenied) {
      refuse(error, Event::Deny);
      return outcome;
    }
    step(Event::Allow);
    step(Event::StartRead);
    refuse(error, Event::StopRead);
    return outcome;
  }
  step(Event::ArgumentsValid);
  step(Event::Allow);
  step(Event::StartRead);
  record.fields.snapshot_id = mart->facts().id;
  record.fields.plan_hash = answer->plan_digest;
  record.fields.cost.vm_steps = answer->work.vm_steps;
  record.fields.cost.rows_read = answer->work.rows_read;

  auto evidence = cite(*answer, now->project, mart->facts(), wall_now);
  if (!evidence) {
    refuse(evidence.error(), Event::StopRead);
    return outcome;
  }
  if (auto admitted = tools::admit(*answer, now->project, mart->facts(), wall_now); !admitted) {
    view.evidence = &*evidence;
    view.snapshot = mart->facts().id;
    refuse(admitted.error(), Event::StopRead);
    return outcome;
  }
  for (tools::Warning& warning : answer->warnings) evidence->warnings.push_back(std::move(warning));
  if (answer->truncated) {
    evidence->warnings.push_back(
        {"truncated", fmt::format("cut at {} rows; there are more", answer->limit)});
  }
  std::string text = std::move(answer->text);
  for (const tools::Warning& warning : evidence->warnings) {
    if (warning.code != "truncated")
      text += fmt::format("warning {}: {}\n", warning.code, shown(warning.text, 300));
  }
  text += citation_line(*evidence) + "\n";

  const auto bytes_out = static_cast<std::int64_t>(answer->members.size() + text.size());
  if (bytes_out > context.limits.response_bytes_max) {
    refuse({Code::ResourceExhausted,
            fmt::format("the answer has {} bytes, more than {}", bytes_out,
                        context.limits.response_bytes_max),
            {"ask for fewer rows or columns"},
            "response_bytes_max"},
           Event::StopRead);
    return outcome;
  }
  view.state = name_of(envelope::State::Completed);
  view.snapshot = mart->facts().id;
  view.evidence = &*evidence;
  view.rows = answer->rows;
  view.limit = answer->limit;
  view.truncated = answer->truncated;
  view.cost = {static_cast<double>(elapsed_ns()) / 1e6, answer->work.vm_steps,
               answer->work.rows_read, bytes_out};
  std::string envelope_json = envelope_text(view);
  std::string structured;
  structured.reserve(answer->members.size() + envelope_json.size() + 16);
  structured.append("{").append(answer->members);
  if (!answer->members.empty()) structured.push_back(',');
  structured.append("\"envelope\":").append(envelope_json).append("}");

  // An answer that breaks its own schema is our defect: it does not leave.
  const auto read_back =
      parse_ijson(structured, {.elements_max = static_cast<std::size_t>(structured.size())});
  std::vector<Violation> violations;
  if (read_back) {
    violations = tool->output.validate(*read_back, 5);
    for (Violation& violation : now->envelope.validate(read_back->at("envelope"), 5))
      violations.push_back(std::move(violation));
  }
  if (!read_back || !violations.empty()) {
    Error error{Code::Internal, read_back ? "" : to_text(read_back.error()), {}, "output_schema"};
    for (const Violation& violation : violations) error.hints.push_back(to_text(violation));
    refuse(error, Event::StopRead);
    return outcome;
  }
  step(Event::RowsRead);
  step(Event::Cite);
  step(Event::Price);
  step(Event::Finish);
  std::string citations_json;
  JsonWriter citations_writer(citations_json);
  write_citations(citations_writer, evidence->citations, view.commit);
  record.fields.citations_hash = sha256_hex(citations_json);
  record.fields.result_hash = sha256_hex(structured);
  record.fields.cost.bytes_out = bytes_out;
  record.fields.cost.wall_us = elapsed_ns() / 1'000;
  outcome.result.text = std::move(text);
  outcome.result.structured = std::move(structured);
  outcome.result.envelope = std::move(envelope_json);
  return outcome;
}

void MartGate::call(CallRequest request, std::function<void(CallResult)> done) {
  Outcome outcome = run(request);
  if (!outcome.internal_text.empty()) {
    fmt::print(stderr, "martgate: {}: {}\n", outcome.record.env_id,
               shown(outcome.internal_text, 2'000));
  }
  const std::string request_id = outcome.record.env_id;
  journal_.append(std::move(outcome.record),
                  [result = std::move(outcome.result), done = std::move(done),
                   request_id](const Status& durable) mutable {
                    if (!durable) {
                      // What is not journaled did not happen: the answer stays here.
                      result = {};
                      result.is_error = true;
                      result.text = refusal_text(durable.error(), request_id);
                    }
                    done(std::move(result));
                  });
}

}  // namespace martgate::gate
