// Who asks, as the program itself establishes it: keys, launch configuration, addresses.
#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "base/files.h"
#include "cli/mcp_client.h"
#include "cli/program.h"
#include "temp_folder.h"

using namespace martgate;
using nlohmann::json;

namespace {

struct Bakery {
  TempFolder folder;
  std::string path = (folder.path() / "bakery").string();

  Bakery() {
    CHECK(Program({"init", path}).wait() == 0);
    CHECK(Program({"-C", path, "build"}).wait() == 0);
  }
  void configure(const std::string& auth) const {
    const std::filesystem::path file = std::filesystem::path(path) / "martgate.yaml";
    REQUIRE(replace_file(file, *read_file(file) + auth));
  }
  [[nodiscard]] std::string add_key(const std::string& name, const std::string& scope) const {
    Program keys({"-C", path, "--quiet", "keys", "add", name, "--scope", scope});
    const std::string text = keys.read_until("mg_");
    CHECK(keys.wait() == 0);
    return text.substr(0, text.find('\n'));
  }
  // The principal of the last record of the journal.
  [[nodiscard]] std::string last_principal() const {
    Program audit({"-C", path, "audit", "tail", "--count", "1"});
    const std::string text = audit.read_until("req_");
    CHECK(audit.wait() == 0);
    for (const char* name : {"alice@local", "nightly@keys", "local "}) {
      if (text.find(name) != std::string::npos) return name;
    }
    return text;
  }
};

const std::string kCall =
    R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"check_health",)"
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientCapabilities":{}}}})"
    "\n";

cli::HttpServer address_in(const std::string& text) {
  const std::size_t at = text.find("http://") + 7;
  const auto address = cli::parse_host_port(text.substr(at, text.find("/mcp", at) - at));
  REQUIRE(address);
  return {.at = *address};
}

}  // namespace

TEST_CASE("serve: an address that others reach needs keys or an issuer") {
  const Bakery bakery;
  const auto refusal = [&] {
    Program server({"-C", bakery.path, "serve", "--http", "0.0.0.0:0", "--allow-host", "x"});
    const std::string text = server.read_all();
    CHECK(server.wait() == 2);
    return text;
  };
  CHECK(refusal().find("API keys or a token issuer") != std::string::npos);
  static_cast<void>(bakery.add_key("nightly", "x"));
  // Now the operator's own word is all that is missing.
  const std::string word_missing = refusal();
  CHECK(word_missing.find("--allow-remote") != std::string::npos);
  CHECK(word_missing.find("token issuer") == std::string::npos);
  bakery.configure("auth: {api_keys: false}\n");
  CHECK(refusal().find("API keys or a token issuer") != std::string::npos);
}

TEST_CASE("serve: where nobody is anonymous, a key is asked for until it is revoked") {
  const Bakery bakery;
  bakery.configure("auth: {anonymous: false, scopes: {required: [marts.read]}}\n");
  const std::string key = bakery.add_key("nightly", "marts.read");
  const std::string narrow = bakery.add_key("narrow", "marts.other");
  Program server({"-C", bakery.path, "serve", "--http", "127.0.0.1:0"});
  cli::HttpServer address = address_in(server.read_until("/mcp"));
  const auto ask = [&](const std::string& bearer) {
    address.bearer = bearer;
    const auto answer = cli::call_over_http(address, "check_health", json::object());
    return answer ? "" : answer.error().message.substr(answer.error().message.find(": ") + 2);
  };
  CHECK(ask("") == "a bearer token is needed");
  CHECK(ask("x") == "neither an API key nor an access token");
  CHECK(ask(narrow) == "the credential lacks a scope");
  CHECK(ask(key).empty());
  const std::string url = "http://127.0.0.1:" + std::to_string(address.at.port);
  CHECK(Program({"call", "check_health", "--server", url}).wait() == 1);
  CHECK(Program({"call", "check_health", "--server", url}, {{"MARTGATE_KEY", key}}).wait() == 0);
  CHECK(Program({"call", "check_health", "--server", url}, {{"MARTGATE_TOKEN", key}}).wait() == 0);

  CHECK(Program({"-C", bakery.path, "keys", "revoke", "nightly"}).wait() == 0);
  while (ask(key).empty()) {
  }
  CHECK(ask(key) == "the API key was revoked");
  server.signal(SIGTERM);
  CHECK(server.wait() == 0);
  CHECK(bakery.last_principal() == "nightly@keys");
}

TEST_CASE("call: a credential in the environment is checked, and two are refused") {
  const Bakery bakery;
  const std::string key = bakery.add_key("nightly", "x");
  const auto call = [&](const std::map<std::string, std::string>& environment) {
    return Program({"-C", bakery.path, "call", "check_health"}, environment).wait();
  };
  CHECK(call({{"MARTGATE_KEY", key + "a"}}) == 1);
  CHECK(call({{"MARTGATE_KEY", key}, {"MARTGATE_TOKEN", "a.b.c"}}) == 2);
  CHECK(call({{"MARTGATE_KEY", key + " "}}) == 2);
  CHECK(call({{"MARTGATE_TOKEN", "a.b.c"}}) == 4);  // no server runs here
  CHECK(call({{"MARTGATE_KEY", key}}) == 0);
  CHECK(bakery.last_principal() == "nightly@keys");
  // A credential does not travel in the clear.
  Program remote({"call", "check_health", "--server", "http://192.0.2.1:9"},
                 {{"MARTGATE_KEY", key}});
  remote.read_until("in the clear");
  CHECK(remote.wait() == 1);
}

TEST_CASE("serve --stdio: the launch configuration says who asks") {
  const Bakery bakery;
  {
    Program server({"-C", bakery.path, "serve", "--stdio", "--as", "person:alice"});
    server.write(kCall);
    server.read_until("\"id\":1");
  }
  CHECK(bakery.last_principal() == "alice@local");
  Program robot({"-C", bakery.path, "serve", "--stdio", "--as", "robot:alice"});
  robot.read_until("is no kind of principal");
  CHECK(robot.wait() == 2);
  Program both({"-C", bakery.path, "serve", "--stdio", "--as", "alice"}, {{"MARTGATE_KEY", "x"}});
  both.read_until("both say who asks");
  CHECK(both.wait() == 2);
  CHECK(Program({"-C", bakery.path, "serve", "--as", "alice"}).wait() == 2);
}

TEST_CASE("serve --stdio: with a key it serves until the key is revoked") {
  const Bakery bakery;
  const std::string key = bakery.add_key("nightly", "x");
  Program wrong({"-C", bakery.path, "serve", "--stdio"}, {{"MARTGATE_KEY", key.substr(1)}});
  CHECK(wrong.read_until("MARTGATE_KEY").find(key.substr(4)) == std::string::npos);
  CHECK(wrong.wait() == 2);
  Program server({"-C", bakery.path, "serve", "--stdio"}, {{"MARTGATE_KEY", key}});
  server.write(kCall);
  server.read_until("\"id\":1");
  CHECK(Program({"-C", bakery.path, "keys", "revoke", "nightly"}).wait() == 0);
  CHECK(server.wait() == 0);
  CHECK(bakery.last_principal() == "nightly@keys");
}
