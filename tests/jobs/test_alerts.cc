#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/files.h"
#include "base/random.h"
#include "base/text.h"
#include "jobs/alert_sender.h"
#include "jobs/job_store.h"
#include "support.h"
#include "temp_folder.h"

using namespace martgate;
using namespace martgate::jobs;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const WallTime kNow = at("2026-11-21T10:00:00Z");

Trouble trouble(const std::string& key) {
  return {.key = key,
          .title = "job nightly failed",
          .text = "build: 2 < 3 & nothing published",
          .route = {"data", catalog::AlertSeverity::Critical},
          .owner = "commerce",
          .runbook = "https://wiki.shop.example/nightly"};
}

struct Outbox {
  TempFolder folder;
  JobStore store = std::move(*JobStore::open(folder.path()));

  void see(const std::vector<std::string>& keys, WallTime now, const std::string& scope = "job.") {
    Watched watched{{scope}, {}};
    for (const std::string& key : keys) watched.troubles.push_back(trouble(key));
    MARTGATE_CHECK(settle(store.connection(), watched, now).has_value());
  }
  std::vector<std::string> waiting(WallTime now = kNow + hours(10'000)) {
    std::vector<std::string> lines;
    const auto pending = due_messages(store.connection(), now, 1'000);
    for (const Pending& one : *pending)
      lines.push_back(one.message.trouble.key + " " + std::string(name_of(one.message.tale)));
    return lines;
  }
};

// Takes every n-th message, in the way a bad network does.
class FlakySender final : public AlertSender {
 public:
  std::vector<std::string> taken;
  std::function<SendOutcome(const Pending&)> behave = {};
  SendOutcome send(const Pending& message) override {
    SendOutcome outcome = behave ? behave(message) : SendOutcome{true, "", std::nullopt};
    if (outcome.is_taken) taken.push_back(message.message_id);
    return outcome;
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("alerts: a trouble is told once, again after the window, and its end once") {
  Outbox box;
  box.see({"job.a"}, kNow);
  box.see({"job.a"}, kNow + minutes(1));
  box.see({"job.a"}, kNow + hours(4) - milliseconds(1));
  CHECK(box.waiting() == Lines{"job.a failing"});
  box.see({"job.a"}, kNow + hours(4));
  box.see({"job.a"}, kNow + hours(5));
  CHECK(box.waiting() == Lines{"job.a failing", "job.a still failing"});
  box.see({}, kNow + hours(6));
  box.see({}, kNow + hours(7));
  CHECK(box.waiting() == Lines{"job.a failing", "job.a still failing", "job.a recovered"});
}

TEST_CASE("alerts: what comes and goes within the window is not told each time") {
  Outbox box;
  box.see({"job.a"}, kNow);
  box.see({}, kNow + minutes(10));
  box.see({"job.a"}, kNow + minutes(20));
  box.see({}, kNow + minutes(30));
  box.see({"job.a"}, kNow + minutes(40));
  CHECK(box.waiting() == Lines{"job.a failing", "job.a recovered"});
  // It lasts now, so it is told when the window is over.
  box.see({"job.a"}, kNow + hours(4));
  CHECK(box.waiting() == Lines{"job.a failing", "job.a recovered", "job.a failing"});
}

TEST_CASE("alerts: one look says nothing about what it did not look at") {
  Outbox box;
  box.see({"job.a"}, kNow);
  box.see({}, kNow + minutes(1), "source.");
  CHECK(box.waiting() == Lines{"job.a failing"});
}

TEST_CASE(
    "alerts: over random episodes nothing is told twice within a window and nothing is lost") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  Random random(seed);
  std::optional<TroubleMemory> memory;
  const seconds window = hours(4);
  WallTime now = kNow;
  std::optional<WallTime> last_told;
  WallTime there_since = now;
  bool is_open = false;  // told as failing and not yet as recovered
  bool is_there = false;
  for (int i = 0; i < 20'000; ++i) {
    now += minutes(random.between(1, 90));
    if (random.chance(0.2)) {
      is_there = !is_there;
      there_since = now;
    }
    const Judged judged = judge(memory, is_there, now, window);
    memory = judged.memory;
    if (judged.tale == Tale::Recovered) {
      CHECK(is_open);
      CHECK_FALSE(is_there);
      is_open = false;
    } else if (judged.tale) {
      CHECK(is_there);
      CHECK((!last_told || now - *last_told >= window));
      CHECK((*judged.tale == Tale::StillThere) == is_open);
      last_told = now;
      is_open = true;
    }
    if (!is_there) CHECK_FALSE(is_open);
    // Whatever has been there for a whole window is known to the people by then.
    if (is_there && now - there_since >= window) CHECK(is_open);
  }
}

TEST_CASE("alerts: a message in Slack's form has text, blocks, lane, severity, owner and runbook") {
  Message message{Tale::Began, trouble("job.nightly.failed"), kNow, kNow};
  const auto json = nlohmann::json::parse(slack_json(message, "alert_7"));
  CHECK(json["text"] == "[critical] job nightly failed");
  CHECK(json["blocks"][0]["type"] == "header");
  CHECK(json["blocks"][0]["text"]["text"] == "[critical] job nightly failed");
  CHECK(json["blocks"][1]["text"]["text"] ==
        "build: 2 &lt; 3 &amp; nothing published\nsince 2026-11-21T10:00:00.000Z");
  CHECK(json["blocks"][2]["text"]["text"] == "<https://wiki.shop.example/nightly|Runbook>");
  const auto& fields = json["attachments"][0]["fields"];
  CHECK(fields[0] == nlohmann::json{{"title", "lane"}, {"value", "data"}, {"short", true}});
  CHECK(fields[1]["value"] == "critical");
  CHECK(fields[2]["value"] == "commerce");
  CHECK(fields[3]["value"] == "alert_7");
  message.tale = Tale::Recovered;
  message.at = kNow + minutes(90);
  const auto over = nlohmann::json::parse(slack_json(message, "alert_8"));
  CHECK(over["text"] == "[recovered] job nightly failed");
  CHECK(over["blocks"][1]["text"]["text"].get<std::string>().ends_with(
      "over after 90 minutes, since 2026-11-21T10:00:00.000Z"));
  // A name may hold anything: it becomes no markup and no broken JSON.
  message.trouble.title = "<!channel> \xff\"\n";
  const auto hostile = nlohmann::json::parse(slack_json(message, "alert_9"));
  CHECK(hostile["text"].get<std::string>().find('<') == std::string::npos);
}

TEST_CASE("alerts: the wait grows to its limit, keeps its jitter, and heeds the channel") {
  Random random(7);
  for (std::int64_t attempts = 0; attempts < 40; ++attempts) {
    const milliseconds full = std::min<milliseconds>(
        kBackoffMax,
        milliseconds(kBackoffFirst) * (std::int64_t{1} << std::min<std::int64_t>(attempts, 20)));
    for (int i = 0; i < 20; ++i) {
      const milliseconds wait = backoff(attempts, std::nullopt, random);
      CHECK(wait >= full / 2);
      CHECK(wait <= full);
    }
  }
  CHECK(backoff(0, seconds(120), random) == seconds(120));
  CHECK(backoff(0, hours(24), random) == kBackoffMax);
}

TEST_CASE("alerts: what is not taken waits, in order, until it is") {
  Outbox box;
  TurnedClock clock(kNow);
  Random random(3);
  box.see({"job.a", "job.b"}, kNow);
  FlakySender sender;
  sender.behave = [](const Pending&) { return SendOutcome{false, "status 503", seconds(30)}; };
  const auto round = [&] {
    return *deliver(box.store.connection(), box.folder.path(), sender, clock, random);
  };
  CHECK(round().failed == 1);  // the first is not taken, so the second is not tried
  CHECK(outbox_state(box.store.connection())->unsent == 2);
  CHECK(outbox_state(box.store.connection())->last_error == "status 503");
  sender.behave = {};
  clock.pass(seconds(31));
  CHECK(round().sent == 2);
  CHECK(sender.taken == Lines{"alert_1", "alert_2"});
  CHECK(round().sent == 0);
  CHECK(outbox_state(box.store.connection())->unsent == 0);
}

TEST_CASE("alerts: while one process delivers, another leaves it alone") {
  Outbox box;
  TurnedClock clock(kNow);
  Random random(3);
  box.see({"job.a"}, kNow);
  FlakySender inner;
  FlakySender outer;
  outer.behave = [&](const Pending&) {
    auto second = JobStore::open(box.folder.path());
    REQUIRE(second);
    CHECK(deliver(second->connection(), box.folder.path(), inner, clock, random)->sent == 0);
    return SendOutcome{true, "", std::nullopt};
  };
  CHECK(deliver(box.store.connection(), box.folder.path(), outer, clock, random)->sent == 1);
  CHECK(inner.taken.empty());
}

TEST_CASE(
    "alerts: a crash between the file and the record, at any byte, loses and doubles nothing") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 60; ++round) {
    Outbox box;
    TurnedClock clock(kNow);
    const auto path = box.folder.path() / "alerts.jsonl";
    const auto sender = file_sender(path);
    Lines keys;
    for (int i = 0; i < 5; ++i) keys.push_back("job." + std::to_string(i));
    box.see(keys, kNow);
    const auto pending = due_messages(box.store.connection(), kNow, 10);
    const auto first = random.below(5);
    for (std::size_t i = 0; i <= first; ++i) {
      REQUIRE(sender->send((*pending)[i]).is_taken);
      if (i < first) REQUIRE(mark_sent(box.store.connection(), (*pending)[i], kNow));
    }
    // The last line was written whole or in part, and never marked.
    std::string text = *read_file(path);
    const std::size_t line = text.rfind('\n', text.size() - 2) + 1;
    const std::size_t begin = text.find('\n') == text.size() - 1 ? 0 : line;
    text.resize(begin + random.below(text.size() - begin + 1));
    REQUIRE(replace_file(path, text));
    REQUIRE(deliver(box.store.connection(), box.folder.path(), *sender, clock, random));
    std::vector<std::string> ids;
    const std::string all = *read_file(path);
    for (const std::string_view one : split(all, '\n')) {
      if (!one.empty()) ids.push_back(nlohmann::json::parse(one)["id"]);
    }
    CHECK(ids == Lines{"alert_1", "alert_2", "alert_3", "alert_4", "alert_5"});
  }
}

TEST_CASE("alerts: what is found and what is told of it are one transaction") {
  TempFolder folder;
  {
    auto store = JobStore::open(folder.path());
    REQUIRE(store);
    auto transaction = store::Transaction::begin(store->connection());
    REQUIRE(transaction);
    Watched watched{{"job."}, {trouble("job.a")}};
    REQUIRE(settle_in(store->connection(), watched, kNow));
    // The process dies here.
  }
  auto store = JobStore::open(folder.path());
  REQUIRE(store);
  CHECK(due_messages(store->connection(), kNow, 10)->empty());
  CHECK(store->connection().query("SELECT * FROM troubles")->row_count() == 0);
}
