#include "ingest/connect/webhook.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "ingest/connect/inbox_pages.h"
#include "ingest/connect/json_text.h"
#include "json/json_fwd.h"
#include "json/parse.h"
#include "store/connection.h"

#include <nlohmann/json.hpp>

namespace martgate::ingest {
namespace {

constexpr int kRetryAfterSeconds = 5;

// A delivery id that can be kept, shown and compared; empty when it is none.
std::string usable_id(std::string_view text) {
  const std::string_view id = trim(text);
  const bool is_usable = !id.empty() && id.size() <= kDeliveryIdBytesMax &&
                         std::ranges::all_of(id, [](char c) { return c > 0x20 && c < 0x7F; });
  return is_usable ? std::string(id) : std::string();
}

std::string delivery_id(const catalog::WebhookAccess& access, const HeaderLookup& header,
                        std::string_view body) {
  if (!access.id_header.empty()) return usable_id(header(access.id_header).value_or(""));
  if (const auto parsed = parse_ijson(body); !parsed) return {};
  const auto value = json_at(body, access.id_pointer);
  const auto text = value ? json_scalar(*value) : std::nullopt;
  return usable_id(text.value_or(""));
}

WebhookAnswer answer_for(const Result<Accepted>& accepted) {
  if (accepted) return {202, *accepted == Accepted::Stored ? "accepted" : "already accepted", 0};
  return {503, "try again later", kRetryAfterSeconds};
}

}  // namespace

WebhookReceiver::WebhookReceiver(std::string source, catalog::WebhookAccess access,
                                 const Secrets& secrets, Inbox& inbox, const Clock& clock)
    : source_(std::move(source)), access_(std::move(access)), inbox_(inbox), clock_(clock) {
  for (const std::string& name : access_.signature.secret_env) {
    if (auto secret = secrets(name))
      secrets_.push_back(std::move(*secret));
    else
      missing_.push_back(name);
  }
}

void WebhookReceiver::receive(const HeaderLookup& header, std::string_view body,
                              std::function<void(WebhookAnswer)> reply) {
  if (std::cmp_greater(body.size(), access_.body_bytes_max))
    return reply({413, "the body is too long", 0});
  if (secrets_.empty()) return reply({503, "not ready for deliveries", kRetryAfterSeconds});
  // The id is read again below: until the signature is good, the body is only bytes.
  const std::string_view id_field =
      access_.id_header.empty() ? std::string_view() : header(access_.id_header).value_or("");
  const Signed verdict =
      check_signature(access_.signature, secrets_, header, id_field, body, clock_.now());
  if (verdict != Signed::Good) return reply({401, "not accepted", 0});
  std::string id = delivery_id(access_, header, body);
  if (id.empty()) return reply({400, "the delivery has no usable id", 0});
  inbox_.accept({source_, std::move(id), std::string(body)},
                [reply = std::move(reply)](const Result<Accepted>& accepted) {
                  reply(answer_for(accepted));
                });
}

std::int64_t inbox_loaded_up_to(const std::filesystem::path& raw_store,
                                const catalog::Source& source, const std::string& inbox) {
  std::error_code problem;
  if (!std::filesystem::exists(raw_store, problem)) return 0;
  auto connection = store::Connection::open_readonly(raw_store);
  if (!connection) return 0;
  std::int64_t least = INT64_MAX;
  for (const catalog::SourceTable& table : source.tables) {
    const store::Value values[] = {table.raw_name};
    const auto cursor =
        connection->query_value("SELECT cursor FROM _martgate_pulls WHERE name = ?", values);
    if (!cursor) return 0;
    const InboxPlace place = parse_inbox_place(std::get<std::string>(*cursor));
    if (place.inbox != inbox) return 0;
    least = std::min(least, place.seq);
  }
  return source.tables.empty() ? 0 : least;
}

}  // namespace martgate::ingest
