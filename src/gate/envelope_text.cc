#include "gate/envelope_text.h"

#include <cmath>

namespace martgate::gate {

std::string envelope_text(const EnvelopeView& view) {
  std::string text;
  text.reserve(1'024);
  JsonWriter json(text);
  json.begin_object()
      .field("request_id", view.request_id)
      .field("state", view.state)
      .field("tool", view.tool);
  json.field("principal", view.principal)
      .field("tenant", view.tenant)
      .field("policy_version", view.policy_version);
  if (!view.snapshot.empty()) json.field("snapshot", view.snapshot);
  static const Evidence kNone;
  const Evidence& evidence = view.evidence == nullptr ? kNone : *view.evidence;
  json.key("citations");
  write_citations(json, evidence.citations, view.commit);
  json.field("trust", name_of(evidence.trust)).key("warnings").begin_array();
  for (const tools::Warning& warning : evidence.warnings) {
    json.begin_object().field("code", warning.code).field("text", warning.text).end_object();
  }
  json.end_array();
  if (view.error != nullptr) {
    json.key("error").begin_object().field("code", name_of(view.error->code));
    json.field("reason",
               view.error->reason.empty() ? name_of(view.error->code) : view.error->reason);
    json.field("message", view.error->message).key("hints").begin_array();
    for (const std::string& hint : view.error->hints) json.string(hint);
    json.end_array().end_object();
  }
  json.field("rows", view.rows);
  if (view.limit > 0) json.field("limit", view.limit);
  json.field("truncated", view.truncated);
  json.key("cost").begin_object().field("wall_ms", std::round(view.cost.wall_ms * 1000) / 1000);
  json.field("vm_steps", view.cost.vm_steps).field("rows_read", view.cost.rows_read);
  json.field("bytes_out", view.cost.bytes_out);
  json.field("tokens_out", (view.cost.bytes_out + kBytesPerToken - 1) / kBytesPerToken)
      .end_object();
  json.end_object();
  return text;
}

}  // namespace martgate::gate
