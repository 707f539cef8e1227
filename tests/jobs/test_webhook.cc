// Alerts over a real socket, against a server that has bad days.
#include <doctest/doctest.h>
#include <httplib.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "jobs/alert_sender.h"
#include "jobs/job_store.h"
#include "support.h"
#include "temp_folder.h"

using namespace martgate;
using namespace martgate::jobs;
using std::chrono::seconds;

namespace {

// Answers as it is told, in turn; the last way for all further. Keeps what it was sent.
class Channel {
 public:
  enum class Way : std::uint8_t { Take, Break, Busy, NotFound, TakeAndBreak };

  explicit Channel(std::vector<Way> ways) : ways_(std::move(ways)) {
    server_.set_socket_options([](socket_t) {});
    server_.set_keep_alive_max_count(1);
    server_.Post("/services/T0/secret", [this](const httplib::Request& request,
                                               httplib::Response& response) {
      const std::lock_guard lock(mutex_);
      const Way way = ways_[std::min(asked_++, ways_.size() - 1)];
      if (way == Way::Take || way == Way::TakeAndBreak) {
        bodies_.push_back(request.body);
        ids_.push_back(request.get_header_value("Idempotency-Key"));
      }
      if (way == Way::Take) response.set_content("ok", "text/plain");
      if (way == Way::NotFound) response.status = 404;
      if (way == Way::Busy) {
        response.status = 429;
        response.set_header("Retry-After", "40");
      }
      // The answer breaks off: a length is promised and not kept.
      if (way == Way::Break || way == Way::TakeAndBreak) {
        response.set_content_provider(
            100, "text/plain", [](std::size_t, std::size_t, httplib::DataSink&) { return false; });
      }
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
  }
  ~Channel() {
    server_.stop();
    thread_.join();
  }

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/services/T0/secret";
  }
  [[nodiscard]] std::vector<std::string> bodies() {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }
  [[nodiscard]] std::vector<std::string> ids() {
    const std::lock_guard lock(mutex_);
    return ids_;
  }

 private:
  httplib::Server server_;
  std::mutex mutex_;
  std::vector<Way> ways_;
  std::size_t asked_ = 0;
  std::vector<std::string> bodies_;
  std::vector<std::string> ids_;
  int port_ = 0;
  std::thread thread_;
};

struct Post {
  TempFolder folder;
  TurnedClock clock{at("2026-11-21T10:00:00Z")};
  Random random{5};
  JobStore store = std::move(*JobStore::open(folder.path()));

  void see(const std::string& key) {
    Watched watched{{},
                    {{.key = key,
                      .title = "job nightly failed",
                      .text = "build: no luck",
                      .route = {"data", catalog::AlertSeverity::Critical},
                      .owner = "commerce",
                      .runbook = ""}}};
    MARTGATE_CHECK(settle(store.connection(), watched, clock.now()).has_value());
  }
  Delivered round(AlertSender& sender) {
    auto delivered = deliver(store.connection(), folder.path(), sender, clock, random);
    MARTGATE_CHECK(delivered.has_value());
    return *delivered;
  }
};

using Way = Channel::Way;
using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("webhook: what is no URL is refused without being shown") {
  for (const char* wrong : {"", "secret", "ftp://host/x", "https://", "http://a b/", "//host/x"}) {
    const auto sender = webhook_sender(wrong);
    REQUIRE_FALSE(sender);
    CHECK(sender.error().message.find("secret") == std::string::npos);
  }
}

TEST_CASE("webhook: nobody listens: the alert waits and the error does not tell the secret") {
  Post post;
  post.see("job.a");
  const auto sender = webhook_sender("http://127.0.0.1:1/services/secret");
  REQUIRE(sender);
  CHECK(post.round(**sender).failed == 1);
  const auto state = outbox_state(post.store.connection());
  CHECK(state->unsent == 1);
  CHECK(state->last_error.starts_with("no answer"));
  CHECK(state->last_error.find("secret") == std::string::npos);
}

TEST_CASE("webhook: faults of the channel delay an alert and neither lose nor double it") {
  Channel channel({Way::Break, Way::Busy, Way::NotFound, Way::Take});
  Post post;
  post.see("job.a");
  post.see("job.b");
  const auto sender = webhook_sender(channel.url());
  REQUIRE(sender);
  CHECK(post.round(**sender).failed == 1);
  CHECK(post.round(**sender).failed == 0);  // its time has not come
  post.clock.pass(seconds(3));
  CHECK(post.round(**sender).failed == 1);
  CHECK(outbox_state(post.store.connection())->last_error == "status 429: ");
  post.clock.pass(seconds(39));
  CHECK(post.round(**sender).failed == 0);  // the channel asked for 40 seconds
  post.clock.pass(seconds(1));
  CHECK(post.round(**sender).failed == 1);
  post.clock.pass(seconds(60));
  CHECK(post.round(**sender).sent == 2);
  CHECK(channel.ids() == Lines{"alert_1", "alert_2"});
  const auto body = nlohmann::json::parse(channel.bodies().front());
  CHECK(body["text"] == "[critical] job nightly failed");
  CHECK(post.round(**sender).sent == 0);
}

TEST_CASE("webhook: an answer that is lost sends the alert again under the same id") {
  Channel channel({Way::TakeAndBreak, Way::Take});
  Post post;
  post.see("job.a");
  const auto sender = webhook_sender(channel.url());
  REQUIRE(sender);
  CHECK(post.round(**sender).failed == 1);
  post.clock.pass(seconds(3));
  CHECK(post.round(**sender).sent == 1);
  CHECK(channel.ids() == Lines{"alert_1", "alert_1"});
}

TEST_CASE("webhook: the secret comes from the environment or the alerts wait") {
  catalog::AlertChannel channel;
  channel.kind = catalog::AlertChannel::Kind::Webhook;
  channel.webhook_env = "MARTGATE_TEST_NO_SUCH_HOOK";
  const auto sender = sender_of(channel, "/nowhere");
  REQUIRE_FALSE(sender);
  CHECK(sender.error().message ==
        "MARTGATE_TEST_NO_SUCH_HOOK is not set, so alerts wait in the outbox");
}
