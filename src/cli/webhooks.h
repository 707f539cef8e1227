// The webhook sources of a served project, and the inbox that they share.
#pragma once

#include <memory>
#include <vector>

#include "catalog/project.h"
#include "cli/commands.h"
#include "http/routes.h"
#include "ingest/connect/inbox.h"
#include "ingest/connect/webhook.h"

namespace martgate::cli {

// Outlives the listener that its routes belong to.
struct Webhooks {
  std::vector<catalog::Source> sources;  // those with a webhook
  std::unique_ptr<ingest::Inbox> inbox;
  std::vector<std::unique_ptr<ingest::WebhookReceiver>> receivers;
};

// Null when no source has a webhook. Notes secrets that are not set. The caller holds the state
// folder, so that the inbox has one writer. Errors: Unavailable.
[[nodiscard]] Result<std::unique_ptr<Webhooks>> open_webhooks(App& app,
                                                              const catalog::Project& project);

void add_webhooks(http::Routes& routes, Webhooks& webhooks);

}  // namespace martgate::cli
