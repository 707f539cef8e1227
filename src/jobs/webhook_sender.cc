#include <fmt/format.h>
#include <httplib.h>

#include <charconv>

#include "base/text.h"
#include "jobs/alert_sender.h"

namespace martgate::jobs {
namespace {

constexpr time_t kConnectSeconds = 5;
constexpr time_t kAnswerSeconds = 10;

std::optional<std::chrono::seconds> retry_after(const httplib::Response& response) {
  const std::string text = response.get_header_value("Retry-After");
  unsigned seconds = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size())
    return std::nullopt;
  return std::chrono::seconds(seconds);
}

class WebhookSender final : public AlertSender {
 public:
  WebhookSender(const std::string& host, std::string path) : client_(host), path_(std::move(path)) {
    client_.set_connection_timeout(kConnectSeconds);
    client_.set_read_timeout(kAnswerSeconds);
    client_.set_write_timeout(kAnswerSeconds);
    client_.set_follow_location(false);  // a secret URL is not handed on
  }

  SendOutcome send(const Pending& message) override {
    const httplib::Headers headers{{"Idempotency-Key", message.message_id}};
    const auto result =
        client_.Post(path_, headers, slack_json(message.message, message.message_id),
                     "application/json; charset=utf-8");
    if (!result)
      return {false, fmt::format("no answer: {}", httplib::to_string(result.error())),
              std::nullopt};
    if (result->status >= 200 && result->status < 300) return {true, "", std::nullopt};
    return {false, fmt::format("status {}: {}", result->status, shown(result->body, 120)),
            retry_after(*result)};
  }

 private:
  httplib::Client client_;
  std::string path_;
};

}  // namespace

Result<std::unique_ptr<AlertSender>> webhook_sender(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const bool is_http = url.starts_with("http://") || url.starts_with("https://");
  const std::size_t slash = is_http ? url.find('/', scheme + 3) : std::string::npos;
  const std::string host = url.substr(0, slash);
  if (!is_http || host.size() <= scheme + 3 || url.find_first_of(" \r\n\t") != std::string::npos) {
    return fail(Code::InvalidArgument, "the webhook's URL is no http or https URL",
                {"accepted: https://host/path"});
  }
  try {
    return std::unique_ptr<AlertSender>(std::make_unique<WebhookSender>(
        host, slash == std::string::npos ? "/" : url.substr(slash)));
  } catch (const std::exception&) {
    return fail(Code::InvalidArgument, "the webhook's URL cannot be used",
                {"accepted: https://host/path"});
  }
}

}  // namespace martgate::jobs
