// API keys: their form, the file that keeps them, and a server that watches it.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>

#include "base/files.h"
#include "identity/api_key.h"
#include "identity/key_ring.h"
#include "identity/key_store.h"
#include "identity/key_watch.h"
#include "temp_folder.h"

using namespace martgate;
using namespace martgate::identity;

namespace {

const WallTime kNow = *parse_rfc3339("2026-11-21T10:00:00Z");

struct Bench {
  TempFolder folder;
  FrozenClock clock{kNow};
  SeededIds ids{7};
  std::filesystem::path path = KeyStore::path_in(folder.path());
  KeyStore store = *KeyStore::open(path);

  std::string add(const std::string& name, std::optional<WallTime> expires_at = {}) {
    ApiKey key;
    key.name = name;
    key.subject = name;
    key.scopes = {"marts.read"};
    key.expires_at = expires_at;
    const auto text = store.add(key, clock, ids);
    REQUIRE_MESSAGE(text, (text ? "" : text.error().message));
    return *text;
  }
  [[nodiscard]] std::string reason(const std::string& text, WallTime at = kNow) {
    const KeyRing ring(*store.keys());
    const auto opened = ring.open(text, at);
    return opened ? "" : std::string(opened.error().reason);
  }
};

void make_unique_again(std::string& text, std::size_t at) {
  text[at] = text[at] == 'a' ? 'b' : 'a';
}

}  // namespace

TEST_CASE("api key: a mistyped, cut or extended key fails its check") {
  SeededIds ids(1);
  const std::string text = new_secret(ids).text;
  REQUIRE(parse_api_key(text));
  CHECK(text.size() == 70);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string wrong = text;
    make_unique_again(wrong, i);
    CAPTURE(i);
    CHECK_FALSE(parse_api_key(wrong));
  }
  CHECK_FALSE(parse_api_key(text.substr(0, text.size() - 1)));
  CHECK_FALSE(parse_api_key(text + "a"));
  CHECK_FALSE(parse_api_key(""));
  CHECK_FALSE(parse_api_key("mg_"));
}

TEST_CASE("api key: the check is the start of SHA-256 in base32") {
  // Worked out with Python: base64.b32encode(hashlib.sha256(head).digest())[:6].lower().
  const std::string head = "mg_aaaaaaaa_" + std::string(52, 'a');
  CHECK(parse_api_key(head + "bbpp64"));
}

TEST_CASE("api key: ids and secrets of one generator do not repeat") {
  RandomIds ids;
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(new_secret(ids).text);
  CHECK(seen.size() == 1'000);
}

TEST_CASE("key store: the secret is in no byte of the files") {
  Bench bench;
  const std::string text = bench.add("nightly");
  const std::string secret(parse_api_key(text)->secret);
  for (const auto& entry : std::filesystem::directory_iterator(bench.folder.path())) {
    const auto bytes = read_file(entry.path());
    REQUIRE(bytes);
    CHECK(bytes->find(secret) == std::string::npos);
    CHECK(bytes->find(secret.substr(0, 16)) == std::string::npos);
  }
}

TEST_CASE("key store: nobody but the owner can read the file, or it is not opened") {
  Bench bench;
  bench.add("nightly");
  for (const auto& entry : std::filesystem::directory_iterator(bench.folder.path())) {
    CAPTURE(entry.path().string());
    struct stat found {};
    REQUIRE(::stat(entry.path().c_str(), &found) == 0);
    CHECK((found.st_mode & 0777U) == 0600U);
  }
  for (const mode_t mode : {0640, 0604, 0620, 0644}) {
    REQUIRE(::chmod(bench.path.c_str(), mode) == 0);
    const auto opened = KeyStore::open(bench.path);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().reason == "keys_readable");
  }
}

TEST_CASE("key store: a file of another format, or none of ours, is not touched") {
  Bench bench;
  {
    auto other = store::Connection::open_writable(bench.path, store::Durability::Full);
    REQUIRE(other->execute("PRAGMA user_version = 9"));
  }
  CHECK(KeyStore::open(bench.path).error().code == Code::FailedPrecondition);
  const auto text_file = bench.folder.path() / "text";
  REQUIRE(replace_file(text_file, std::string(4'096, 'x')));
  REQUIRE(::chmod(text_file.c_str(), 0600) == 0);
  CHECK_FALSE(KeyStore::open(text_file));
  CHECK(*read_file(text_file) == std::string(4'096, 'x'));
}

TEST_CASE("key store: names and values that could not be shown or compared are refused") {
  Bench bench;
  const auto refusal = [&](auto change) {
    ApiKey key;
    key.name = "nightly";
    key.subject = "nightly";
    change(key);
    const auto added = bench.store.add(key, bench.clock, bench.ids);
    return added ? Code::Internal : added.error().code;
  };
  CHECK(refusal([](ApiKey& key) { key.name = ""; }) == Code::InvalidArgument);
  CHECK(refusal([](ApiKey& key) { key.name = "-x"; }) == Code::InvalidArgument);
  CHECK(refusal([](ApiKey& key) { key.name = "a b"; }) == Code::InvalidArgument);
  CHECK(refusal([](ApiKey& key) { key.subject = "a\u202eb"; }) == Code::InvalidArgument);
  CHECK(refusal([](ApiKey& key) { key.tenant = "../x"; }) == Code::InvalidArgument);
  CHECK(refusal([](ApiKey& key) { key.scopes = {"a b"}; }) == Code::InvalidArgument);
  CHECK(refusal([](ApiKey& key) { key.scopes = {"a\"b"}; }) == Code::InvalidArgument);
  CHECK(refusal([](ApiKey& key) { key.roles = {""}; }) == Code::InvalidArgument);
  CHECK(refusal([](ApiKey& key) { key.expires_at = kNow; }) == Code::InvalidArgument);
  CHECK(bench.store.keys()->empty());
}

TEST_CASE("key ring: an unknown id and a wrong secret are refused in the same words") {
  Bench bench;
  const std::string text = bench.add("nightly");
  Bench elsewhere;
  static_cast<void>(elsewhere.ids.next());  // another sequence, so another key
  const std::string foreign = elsewhere.add("nightly");
  const KeyRing ring(*bench.store.keys());
  const auto unknown = ring.open(foreign, kNow);
  // The id of a key that is there with the secret of one that is not.
  StoredKey swapped = bench.store.keys()->front();
  swapped.hash = elsewhere.store.keys()->front().hash;
  const auto wrong = KeyRing({swapped}).open(text, kNow);
  REQUIRE_FALSE(unknown);
  REQUIRE_FALSE(wrong);
  CHECK(unknown.error().message == wrong.error().message);
  CHECK(unknown.error().reason == "key_unknown");
  CHECK(wrong.error().reason == "key_unknown");
}

TEST_CASE("key ring: a key stands for its principal until it expires or is revoked") {
  Bench bench;
  const std::string text = bench.add("nightly", kNow + std::chrono::hours(1));
  const KeyRing ring(*bench.store.keys());
  const auto opened = ring.open(text, kNow);
  REQUIRE(opened);
  CHECK(to_text(opened->principal->subject) == "nightly@keys");
  CHECK(opened->principal->kind == Kind::Service);
  CHECK(opened->principal->scopes == std::vector<std::string>{"marts.read"});
  CHECK(opened->principal->credential == "key:" + std::string(opened->id));
  CHECK(opened->expires_at == kNow + std::chrono::hours(1));
  CHECK(bench.reason(text, kNow + std::chrono::hours(1)) == "key_expired");
  CHECK(bench.reason(text, kNow + std::chrono::hours(1) - std::chrono::milliseconds(1)).empty());
  REQUIRE(bench.store.revoke("nightly", kNow));
  CHECK(bench.reason(text) == "key_revoked");
  CHECK(bench.reason("mg_x") == "key_malformed");
}

TEST_CASE("key store: a name is taken by one living key and free again when it is revoked") {
  Bench bench;
  const std::string first = bench.add("nightly");
  ApiKey same;
  same.name = same.subject = "nightly";
  const auto refused = bench.store.add(same, bench.clock, bench.ids);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::FailedPrecondition);
  REQUIRE(bench.store.revoke("nightly", kNow));
  const std::string second = bench.add("nightly");
  CHECK(bench.reason(first) == "key_revoked");
  CHECK(bench.reason(second).empty());
  // The name means the living one, the id either.
  REQUIRE(bench.store.revoke("nightly", kNow));
  CHECK(bench.reason(second) == "key_revoked");
  CHECK(bench.store.revoke("nightly", kNow).error().code == Code::FailedPrecondition);
  CHECK(bench.store.revoke(parse_api_key(first)->id, kNow).error().code ==
        Code::FailedPrecondition);
  bench.add("weekly");
  const auto unknown = bench.store.revoke("weekyl", kNow);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().hints.front() == "did you mean weekly");
}

TEST_CASE("key watch: keys added, revoked or swept away are noticed while it runs") {
  Bench bench;
  const SystemClock clock;
  const auto watch = KeyWatch::start(bench.path, clock, std::chrono::hours(1));
  REQUIRE(watch);
  const auto until = [&](auto condition) {
    // Each wake is one look; the loop ends with the first that sees the change.
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition((*watch)->ring()) && std::chrono::steady_clock::now() < give_up) {
      (*watch)->wake();
      std::this_thread::yield();
    }
    return condition((*watch)->ring());
  };
  const std::string text = bench.add("nightly");
  CHECK(until([&](const auto& ring) { return ring->open(text, kNow).has_value(); }));
  REQUIRE(bench.store.revoke("nightly", kNow));
  CHECK(until([&](const auto& ring) { return !ring->open(text, kNow).has_value(); }));
  bench.add("weekly");
  CHECK(until([&](const auto& ring) { return ring->usable_count(kNow) == 1; }));
  std::filesystem::remove(bench.path);
  CHECK(until([&](const auto& ring) { return ring->usable_count(kNow) == 0; }));
  // A file in its place that others can read is no key store.
  REQUIRE(replace_file(bench.path, ""));
  REQUIRE(::chmod(bench.path.c_str(), 0644) == 0);
  CHECK(until([&](const auto& ring) { return ring->usable_count(kNow) == 0; }));
}

TEST_CASE(
    "key watch: a folder without keys has an empty ring, and an unsafe file stops the start") {
  const TempFolder folder;
  const SystemClock clock;
  const auto path = KeyStore::path_in(folder.path());
  {
    const auto watch = KeyWatch::start(path, clock);
    REQUIRE(watch);
    CHECK((*watch)->ring()->usable_count(kNow) == 0);
  }
  CHECK_FALSE(std::filesystem::exists(path));
  REQUIRE(replace_file(path, ""));
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  CHECK_FALSE(KeyWatch::start(path, clock));
}

TEST_CASE("key watch: the last use is written down at the end") {
  Bench bench;
  const std::string text = bench.add("nightly");
  const std::string id(parse_api_key(text)->id);
  {
    const SystemClock clock;
    const auto watch = KeyWatch::start(bench.path, clock);
    REQUIRE(watch);
    (*watch)->note_use(id, kNow + std::chrono::minutes(1));
    (*watch)->note_use("unknown", kNow);
  }
  const auto keys = bench.store.keys();
  REQUIRE(keys->size() == 1);
  CHECK(keys->front().key.last_used_at == kNow + std::chrono::minutes(1));
}
