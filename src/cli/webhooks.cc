#include "cli/webhooks.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "base/text.h"
#include "http/webhook_endpoint.h"
#include "ingest/raw_store.h"

namespace martgate::cli {
namespace {

// One secret is enough: the others are for rotation.
void note_missing_secrets(App& app, const ingest::WebhookReceiver& receiver) {
  if (receiver.is_ready()) return;
  app.terminal.note(fmt::format("{} is not set, so every delivery to /ingest/{} is refused",
                                join(receiver.missing_secrets(), ", "), receiver.source()));
}

}  // namespace

Result<std::unique_ptr<Webhooks>> open_webhooks(App& app, const catalog::Project& project) {
  auto webhooks = std::make_unique<Webhooks>();
  for (const catalog::Source& source : project.sources) {
    if (source.connector &&
        std::holds_alternative<catalog::WebhookAccess>(source.connector->access))
      webhooks->sources.push_back(source);
  }
  if (webhooks->sources.empty()) return nullptr;
  ingest::InboxOptions options;
  // The vector is complete, so its elements stay where they are.
  options.loaded_up_to = [&sources = webhooks->sources,
                          raw_store = ingest::raw_store_path(project.settings.state_folder)](
                             const std::string& name, const std::string& inbox) -> std::int64_t {
    const auto source = std::ranges::find(
        sources, name, [](const catalog::Source& one) { return one.common.name; });
    return source == sources.end() ? 0 : ingest::inbox_loaded_up_to(raw_store, *source, inbox);
  };
  auto inbox = ingest::Inbox::open(ingest::inbox_path(project.settings.state_folder),
                                   std::move(options), app.clock, app.ids);
  if (!inbox) return tl::unexpected(inbox.error());
  webhooks->inbox = std::move(*inbox);
  for (const catalog::Source& source : webhooks->sources) {
    webhooks->receivers.push_back(std::make_unique<ingest::WebhookReceiver>(
        source.common.name, std::get<catalog::WebhookAccess>(source.connector->access),
        ingest::environment_secret, *webhooks->inbox, app.clock));
    note_missing_secrets(app, *webhooks->receivers.back());
  }
  return webhooks;
}

void add_webhooks(http::Routes& routes, Webhooks& webhooks) {
  for (const auto& receiver : webhooks.receivers) http::add_webhook_endpoint(routes, *receiver);
}

}  // namespace martgate::cli
