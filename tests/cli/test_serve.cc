// The running server: reload, a project that breaks while it runs, a second server, an orderly end.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/files.h"
#include "certificate.h"
#include "cli/mcp_client.h"
#include "cli/program.h"
#include "temp_folder.h"

using namespace martgate;
using nlohmann::json;

namespace {

cli::HttpServer address_in(const std::string& text) {
  const std::size_t at = text.find("http://") + 7;
  const auto address = cli::parse_host_port(text.substr(at, text.find("/mcp", at) - at));
  REQUIRE(address);
  return {.at = *address};
}

void change(const std::filesystem::path& file, const std::string& from, const std::string& to) {
  std::string text = *read_file(file);
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  REQUIRE(replace_file(file, text.replace(at, from.size(), to)));
}

}  // namespace

TEST_CASE("serve: a broken project keeps the last good one, a mended one is taken over") {
  const TempFolder folder;
  const std::string project = (folder.path() / "bakery").string();
  const auto metric = folder.path() / "bakery" / "catalog" / "metrics" / "revenue.yaml";
  CHECK(Program({"init", project}).wait() == 0);
  CHECK(Program({"-C", project, "build"}).wait() == 0);
  Program server({"-C", project, "serve", "--http", "127.0.0.1:0"});
  const cli::HttpServer address = address_in(server.read_until("/mcp"));
  const json ask{{"metrics", {"revenue"}}};

  const auto before = cli::call_over_http(address, "query_metrics", ask);
  REQUIRE(before);
  CHECK(before->at("structuredContent").at("columns").at(0).at("label") == "Revenue");

  change(metric, "agg: sum", "agg: smu");
  server.signal(SIGHUP);
  server.read_until("the last good one goes on answering");
  const auto still = cli::call_over_http(address, "query_metrics", ask);
  REQUIRE(still);
  CHECK(still->at("structuredContent").at("rows") == before->at("structuredContent").at("rows"));

  change(metric, "agg: smu", "agg: sum");
  change(metric, "label: Revenue", "label: Takings");
  server.signal(SIGHUP);
  server.read_until("the project was reloaded");
  const auto after = cli::call_over_http(address, "query_metrics", ask);
  REQUIRE(after);
  CHECK(after->at("structuredContent").at("columns").at(0).at("label") == "Takings");
  CHECK(
      after->at("structuredContent").at("envelope").at("warnings").dump().find("catalog_changed") !=
      std::string::npos);

  // A second server on the same state folder is refused; the first goes on.
  CHECK(Program({"-C", project, "serve", "--http", "127.0.0.1:0"}).wait() == 4);
  CHECK(cli::call_over_http(address, "check_health", json::object()));

  server.signal(SIGTERM);
  CHECK(server.wait() == 0);
  CHECK(Program({"-C", project, "audit", "verify"}).wait() == 0);
}

TEST_CASE("serve: over HTTPS, call trusts the authority it is given and nobody else") {
  const TempFolder folder;
  const std::string project = (folder.path() / "bakery").string();
  const auto files = write_certificate(folder.path(), "gate", "DNS:localhost,IP:127.0.0.1");
  const auto foreign = write_certificate(folder.path(), "foreign", "DNS:localhost,IP:127.0.0.1");
  CHECK(Program({"init", project}).wait() == 0);
  CHECK(Program({"-C", project, "build"}).wait() == 0);
  CHECK(Program({"-C", project, "serve", "--tls-cert", files.certificate}).wait() == 2);
  CHECK(Program({"-C", project, "serve", "--http", "127.0.0.1:0", "--tls-cert", files.certificate,
                 "--tls-key", foreign.key})
            .wait() == 2);
  Program server({"-C", project, "serve", "--http", "127.0.0.1:0", "--tls-cert", files.certificate,
                  "--tls-key", files.key});
  const std::string said = server.read_until("/mcp");
  const std::size_t at = said.find("https://");
  REQUIRE(at != std::string::npos);
  const std::string url = said.substr(at, said.find("/mcp", at) - at);
  const auto call = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"call", "check_health", "{}", "--server", url};
    words.insert(words.end(), more.begin(), more.end());
    return Program(words).wait();
  };
  CHECK(call({}) == 4);
  CHECK(call({"--ca", foreign.certificate}) == 4);
  CHECK(call({"--ca", files.certificate}) == 0);
  // A renewed certificate is taken over by SIGHUP.
  std::filesystem::copy_file(foreign.certificate, files.certificate,
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::copy_file(foreign.key, files.key,
                             std::filesystem::copy_options::overwrite_existing);
  server.signal(SIGHUP);
  server.read_until("the project was reloaded");
  CHECK(call({"--ca", foreign.certificate}) == 0);
  server.signal(SIGTERM);
  CHECK(server.wait() == 0);
}

TEST_CASE("serve: a server's URL is a scheme, a host and a port") {
  const auto https = cli::parse_server_url("https://gate.example");
  REQUIRE(https);
  CHECK(https->is_https);
  CHECK(https->at.host == "gate.example");
  CHECK(https->at.port == 443);
  const auto http = cli::parse_server_url("http://[::1]:8765/mcp");
  REQUIRE(http);
  CHECK_FALSE(http->is_https);
  CHECK(http->at.host == "::1");
  CHECK(http->at.port == 8765);
  CHECK(cli::parse_server_url("http://[::1]/")->at.port == 80);
  for (const char* text : {"", "gate.example", "ftp://gate.example", "https://", "https://:443",
                           "https://gate.example/other", "https://gate.example:x"}) {
    CAPTURE(text);
    CHECK_FALSE(cli::parse_server_url(text));
  }
}

TEST_CASE("serve: an address that other hosts can reach is refused without authentication") {
  const TempFolder folder;
  const std::string project = (folder.path() / "bakery").string();
  CHECK(Program({"init", project}).wait() == 0);
  CHECK(Program({"-C", project, "build"}).wait() == 0);
  Program server({"-C", project, "serve", "--http", "0.0.0.0:0", "--allow-remote"});
  server.read_until("callers need not prove who they are");
  CHECK(server.wait() == 2);
}
