#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "base/base64.h"
#include "mcp/request_state.h"

namespace martgate::mcp {
namespace {

constexpr std::int64_t kNowMs = 1'790'000'000'000;

WallTime at(std::int64_t ms) {
  return WallTime(std::chrono::milliseconds(ms));
}

struct Fixture {
  MacKey key = random_mac_key();
  Json arguments = {{"tag", "old"}, {"limit", 3}};
  Json data = {{"round", 1}, {"name", "Zoë"}};
  StateSubject subject{"tools/call", "delete_notes", digest_of_arguments(&arguments),
                       owner_text({"ada", "default"})};
  std::string state = seal_state(key, subject, data, at(kNowMs)).value();

  [[nodiscard]] Result<Json> open(std::string_view text, std::int64_t ms = kNowMs) const {
    return open_state(key, subject, text, at(ms));
  }
};

// A state around any payload, signed with the real key as only we could.
std::string signed_state(const Fixture& fixture, const std::string& payload) {
  std::string state = "v1." + base64url(payload);
  const Digest mac =
      hmac_sha256(fixture.key, std::string("martgate-request-state-v1\0", 26) + state);
  return state + "." + base64url(std::string(mac.begin(), mac.end()));
}

}  // namespace

TEST_CASE("request_state: every single changed, missing or added character is refused alike") {
  const Fixture fixture;
  std::set<std::string> words;
  const auto refuse = [&](const std::string& text) {
    const auto opened = fixture.open(text);
    REQUIRE_MESSAGE(!opened, text);
    CHECK(opened.error().code == Code::InvalidArgument);
    words.insert(to_text(opened.error()));
  };
  for (std::size_t i = 0; i < fixture.state.size(); ++i) {
    std::string changed = fixture.state;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    refuse(changed);
    refuse(fixture.state.substr(0, i));
  }
  for (const char* tail : {"-TAMPERED", "=", ".", ".AAAA", "\n", "A"}) refuse(fixture.state + tail);
  for (const char* text : {"v1.", "v1..", "v2.e30.AAAA", "...", "v1.e30.", "e30"}) refuse(text);
  refuse(std::string(kRequestStateBytesMax + 1, 'A'));
  CHECK(words.size() == 1);
}

TEST_CASE("request_state: a state is no good for another request, caller or key") {
  const Fixture fixture;
  const auto opens = [&](const StateSubject& subject) {
    return open_state(fixture.key, subject, fixture.state, at(kNowMs)).has_value();
  };
  StateSubject other = fixture.subject;
  other.method = "prompts/get";
  CHECK_FALSE(opens(other));
  other = fixture.subject;
  other.name = "delete_note";
  CHECK_FALSE(opens(other));
  other = fixture.subject;
  other.arguments = digest_of_arguments(nullptr);
  CHECK_FALSE(opens(other));
  for (const gate::Caller& caller : {gate::Caller{"eve", "default"}, gate::Caller{"ada", "other"},
                                     gate::Caller{"", "default:ada"}}) {
    other = fixture.subject;
    other.owner = owner_text(caller);
    CHECK_FALSE(opens(other));
  }
  CHECK_FALSE(open_state(random_mac_key(), fixture.subject, fixture.state, at(kNowMs)));
  CHECK(opens(fixture.subject));
}

TEST_CASE("request_state: a state ends with its lifetime, to the millisecond") {
  const Fixture fixture;
  const auto late = fixture.open(fixture.state, kNowMs + kRequestStateLifetimeMs);
  REQUIRE_FALSE(late);
  CHECK(late.error().reason == "request_state_expired");
  CHECK(fixture.open(fixture.state, kNowMs + kRequestStateLifetimeMs - 1));
}

TEST_CASE("request_state: what is sealed comes back, and arguments count by value") {
  const Fixture fixture;
  const auto opened = fixture.open(fixture.state);
  REQUIRE(opened);
  CHECK(*opened == fixture.data);
  const Json same = Json::parse(R"({"limit":3.0,"tag":"\u006fld"})");
  CHECK(digest_of_arguments(&same) == digest_of_arguments(&fixture.arguments));
  const Json none = Json::object();
  const Json null;
  CHECK(digest_of_arguments(nullptr) == digest_of_arguments(&none));
  CHECK(digest_of_arguments(&null) == digest_of_arguments(&none));
}

TEST_CASE("request_state: a signed payload of another shape is refused") {
  const Fixture fixture;
  const std::string good = *decode_base64url(fixture.state.substr(3, fixture.state.rfind('.') - 3));
  REQUIRE(fixture.open(signed_state(fixture, good)));
  for (const char* member : {"m", "n", "a", "sub", "exp", "d"}) {
    Json payload = Json::parse(good);
    payload.erase(member);
    CHECK_FALSE(fixture.open(signed_state(fixture, payload.dump())));
    if (std::string_view(member) == "d") continue;
    payload[member] = Json::array();
    CHECK_FALSE(fixture.open(signed_state(fixture, payload.dump())));
  }
  for (const char* text : {"", "[]", "null", "{", "\xFF"}) {
    CHECK_FALSE(fixture.open(signed_state(fixture, text)));
  }
}

TEST_CASE("request_state: data that would not fit is not sealed") {
  const Fixture fixture;
  const Json large = std::string(kRequestStateBytesMax, 'x');
  const auto sealed = seal_state(fixture.key, fixture.subject, large, at(kNowMs));
  REQUIRE_FALSE(sealed);
  CHECK(sealed.error().code == Code::ResourceExhausted);
}

}  // namespace martgate::mcp
