// Keys of issuers: fetched from a real server that rotates, fails, lies and goes away.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "base/files.h"
#include "identity/issuer_keys.h"
#include "identity/local_issuer.h"
#include "identity/signer.h"
#include "temp_folder.h"

using namespace martgate;
using namespace martgate::identity;
using namespace std::chrono_literals;

namespace {

constexpr const char* kIssuer = "https://login.example";

// Time passes as it does, and the date can be moved.
class MovableClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override {
    return system_.now() + std::chrono::milliseconds(ahead_ms_.load());
  }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return system_.monotonic_ns(); }
  void move(std::chrono::milliseconds by) { ahead_ms_ += by.count(); }

 private:
  SystemClock system_;
  std::atomic<std::int64_t> ahead_ms_ = 0;
};

template <class Condition>
bool eventually(Condition condition) {
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (!condition() && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  return condition();
}

KeySource source_of(const std::string& url) {
  return {.issuer = kIssuer, .algorithm = Algorithm::EdDSA, .file = {}, .url = url, .ca_file = {}};
}

struct Bench {
  TempFolder folder;
  MovableClock clock;
  SystemKeyFetcher fetcher{clock};
  Signer first{Algorithm::EdDSA};
  Signer second{Algorithm::EdDSA};

  [[nodiscard]] std::unique_ptr<IssuerKeys> start(const KeySource& source, KeyTimes times = {}) {
    auto keys = IssuerKeys::start({source}, fetcher, clock, folder.path() / "issuers", times);
    REQUIRE_MESSAGE(keys, (keys ? "" : keys.error().message));
    return std::move(*keys);
  }
  [[nodiscard]] std::string fetch_error(const KeySource& source) {
    const auto text = fetcher.fetch(source);
    return text ? "" : text.error().message;
  }
};

bool has(const IssuerKeys& keys, const std::string& kid) {
  const auto set = keys.find(kIssuer);
  return set != nullptr && set->find(kid) != nullptr;
}

}  // namespace

TEST_CASE("issuer keys: when to look next") {
  const KeyTimes times{.refresh_every = 600s, .retry_after = 15s, .ask_again_after = 30s};
  const auto after_s = [&](int failures, bool is_asked_for) {
    const std::int64_t at = 1'000;
    return (next_fetch_ns({at, failures, is_asked_for}, times) - at) / 1'000'000'000;
  };
  CHECK(next_fetch_ns({}, times) == 0);
  CHECK(after_s(0, false) == 600);
  CHECK(after_s(0, true) == 30);
  CHECK(after_s(1, false) == 15);
  CHECK(after_s(2, false) == 30);
  CHECK(after_s(6, false) == 480);
  CHECK(after_s(7, false) == 600);
  CHECK(after_s(1'000'000, false) == 600);
  CHECK(after_s(7, true) == 30);
}

TEST_CASE("issuer keys: a rotated key is found because a token asked for it") {
  Bench bench;
  LocalIssuer issuer(jwks_of({bench.first.jwk("a")}));
  const auto keys = bench.start(source_of(issuer.url()), {.ask_again_after = 0ms});
  CHECK(eventually([&] { return has(*keys, "a"); }));
  issuer.serve(200, jwks_of({bench.second.jwk("b")}));
  CHECK_FALSE(has(*keys, "b"));
  keys->ask_again(kIssuer);
  CHECK(eventually([&] { return has(*keys, "b"); }));
  CHECK_FALSE(has(*keys, "a"));
}

TEST_CASE("issuer keys: a flood of made-up kids is one request at most in the interval") {
  Bench bench;
  LocalIssuer issuer(jwks_of({bench.first.jwk("a")}));
  const auto keys = bench.start(source_of(issuer.url()), {.ask_again_after = 1h});
  CHECK(eventually([&] { return has(*keys, "a"); }));
  for (int i = 0; i < 10'000; ++i) keys->ask_again(kIssuer);
  keys->ask_again("https://unknown.example");
  CHECK(issuer.requests() == 1);
}

TEST_CASE("issuer keys: what is refused or fails leaves the last good set, until it is stale") {
  Bench bench;
  LocalIssuer issuer(jwks_of({bench.first.jwk("a")}));
  const auto keys =
      bench.start(source_of(issuer.url()), {.retry_after = 1ms, .ask_again_after = 0ms});
  CHECK(eventually([&] { return has(*keys, "a"); }));
  const std::string other = jwks_of({Signer(Algorithm::ES256).jwk("x")});
  for (const auto& [status, body] :
       {std::pair{500, jwks_of({bench.second.jwk("b")})}, std::pair{404, std::string()},
        std::pair{200, std::string("<html>")}, std::pair{200, std::string()},
        std::pair{200, std::string(kKeySetBytesMax + 1, ' ')}, std::pair{200, other}}) {
    CAPTURE(status);
    issuer.serve(status, body);
    const int before = issuer.requests();
    keys->ask_again(kIssuer);
    // The second request begins only when the first has been dealt with.
    CHECK(eventually([&] { return issuer.requests() >= before + 2; }));
    CHECK(has(*keys, "a"));
    CHECK_FALSE(has(*keys, "b"));
    CHECK_FALSE(keys->states().front().last_error.empty());
  }
  bench.clock.move(24h + 1min);
  CHECK(keys->find(kIssuer) == nullptr);
  issuer.serve(200, jwks_of({bench.second.jwk("b")}));
  CHECK(eventually([&] { return has(*keys, "b"); }));
  CHECK(keys->states().front().last_error.empty());
}

TEST_CASE("issuer keys: a restart while the issuer is away goes on with the kept set") {
  Bench bench;
  KeySource source;
  {
    LocalIssuer issuer(jwks_of({bench.first.jwk("a")}));
    source = source_of(issuer.url());
    const auto keys = bench.start(source);
    CHECK(eventually([&] { return has(*keys, "a"); }));
  }
  CHECK(has(*bench.start(source), "a"));
  CHECK(read_kept_keys(bench.folder.path() / "issuers", source).has_value());

  // Another place, another algorithm, or a damaged file: nothing is kept of those.
  KeySource other = source;
  other.url += "?x";
  CHECK(bench.start(other)->find(kIssuer) == nullptr);
  other = source;
  other.algorithm = Algorithm::ES256;
  CHECK(bench.start(other)->find(kIssuer) == nullptr);
  for (const auto& entry : std::filesystem::directory_iterator(bench.folder.path() / "issuers")) {
    const auto text = read_file(entry.path());
    REQUIRE(replace_file(entry.path(), text->substr(0, text->size() / 2)));
  }
  CHECK(bench.start(source)->find(kIssuer) == nullptr);
}

TEST_CASE("issuer keys: a file must be good at the start, and is read again") {
  Bench bench;
  KeySource source = source_of("");
  source.file = bench.folder.path() / "jwks.json";
  CHECK_FALSE(IssuerKeys::start({source}, bench.fetcher, bench.clock, bench.folder.path()));
  REQUIRE(replace_file(source.file, "{}"));
  CHECK_FALSE(IssuerKeys::start({source}, bench.fetcher, bench.clock, bench.folder.path()));
  REQUIRE(replace_file(source.file, jwks_of({bench.first.jwk("a")})));
  const auto keys = bench.start(source, {.ask_again_after = 0ms});
  CHECK(has(*keys, "a"));
  REQUIRE(replace_file(source.file, jwks_of({bench.first.jwk("a"), bench.second.jwk("b")})));
  keys->ask_again(kIssuer);
  CHECK(eventually([&] { return has(*keys, "b"); }));
}

TEST_CASE("key fetcher: redirects, other hosts' plain HTTP and closed ports give nothing") {
  Bench bench;
  int closed_port = 0;
  {
    LocalIssuer issuer(jwks_of({bench.first.jwk("a")}));
    closed_port = issuer.port();
    CHECK(bench.fetch_error(source_of(issuer.url("/moved"))) ==
          issuer.url("/moved") + ": answered 302");
    CHECK(issuer.requests() == 1);
    CHECK(bench.fetch_error(source_of(issuer.url())).empty());
  }
  CHECK_FALSE(
      bench.fetch_error(source_of("http://127.0.0.1:" + std::to_string(closed_port))).empty());
  CHECK(bench.fetch_error(source_of("http://login.example/jwks")) ==
        "http://login.example/jwks is no https URL");
  CHECK_FALSE(bench.fetch_error(source_of("file:///etc/passwd")).empty());
}

TEST_CASE("key fetcher: a certificate must come from an authority that is trusted, for that host") {
  Bench bench;
  const auto certificate = bench.folder.path() / "issuer.crt";
  const LocalIssuer issuer(jwks_of({bench.first.jwk("a")}), bench.folder.path());
  KeySource source = source_of(issuer.url());
  CHECK_FALSE(bench.fetch_error(source).empty());  // nobody's authority
  source.ca_file = certificate;
  CHECK(bench.fetch_error(source) == "");
  source.url = "https://localhost:" + std::to_string(issuer.port()) + "/jwks.json";
  CHECK_FALSE(bench.fetch_error(source).empty());  // the certificate is for 127.0.0.1
  CHECK(issuer.requests() == 1);
}
