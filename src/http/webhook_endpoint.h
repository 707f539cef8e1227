// POST /ingest/<source>: deliveries of other systems. Their signature is their authentication.
#pragma once

#include "http/routes.h"

namespace martgate::ingest {
class WebhookReceiver;
}

namespace martgate::http {

// The receiver outlives the listener.
void add_webhook_endpoint(Routes& routes, ingest::WebhookReceiver& receiver);

}  // namespace martgate::http
