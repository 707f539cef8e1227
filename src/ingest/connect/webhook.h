// What POST /ingest/<source> does: check who sent it, keep it, say so.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "catalog/project.h"
#include "ingest/connect/inbox.h"
#include "ingest/connect/secrets.h"
#include "ingest/connect/signature.h"

namespace martgate::ingest {

inline constexpr std::size_t kDeliveryIdBytesMax = 256;

struct WebhookAnswer {
  int status = 202;
  std::string text;       // a sentence without anything of the request in it
  int retry_after_s = 0;  // 0: none
};

// One webhook source.
//
// 202 when the delivery is on disk, also when its id was there before; 400 without a delivery id;
// 401 for any fault of the signature, without saying which; 413 for a body over body_bytes_max;
// 503 while no secret is set, while too many deliveries wait, and when the disk fails.
//
// Threads  any.
class WebhookReceiver {
 public:
  // Reads the secrets once. Inbox and clock outlive the receiver.
  WebhookReceiver(std::string source, catalog::WebhookAccess access, const Secrets& secrets,
                  Inbox& inbox, const Clock& clock);

  [[nodiscard]] const std::string& source() const { return source_; }
  // False while no secret is set.
  [[nodiscard]] bool is_ready() const { return !secrets_.empty(); }
  // Names of secrets that are not set.
  [[nodiscard]] const std::vector<std::string>& missing_secrets() const { return missing_; }

  // `reply` is called once, at once or on the inbox's thread.
  void receive(const HeaderLookup& header, std::string_view body,
               std::function<void(WebhookAnswer)> reply);

 private:
  std::string source_;
  catalog::WebhookAccess access_;
  std::vector<std::string> secrets_;
  std::vector<std::string> missing_;
  Inbox& inbox_;
  const Clock& clock_;
};

// The seq of that inbox up to which every table of a source has loaded.
[[nodiscard]] std::int64_t inbox_loaded_up_to(const std::filesystem::path& raw_store,
                                              const catalog::Source& source,
                                              const std::string& inbox);

}  // namespace martgate::ingest
