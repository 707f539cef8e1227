// The section auth of martgate.yaml.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "catalog/project_folder.h"

using namespace martgate::catalog;

namespace {

// The shop with an auth section of these lines.
Loaded load_with(const std::string& auth) {
  ProjectFolder folder = ProjectFolder::fixture("shop");
  folder.replace("martgate.yaml", "title: Corner shop", "title: Corner shop\nauth:\n" + auth);
  return folder.load();
}

std::string mistake(const std::string& auth) {
  const Loaded loaded = load_with(auth);
  CHECK_FALSE(loaded.project);
  CHECK(loaded.diagnostics.size() == 1);
  return to_lines(loaded.diagnostics);
}

const std::string kResource = "  resource: https://marts.example/mcp\n";

// One issuer with `more` behind the two required keys.
std::string issuer(const std::string& more, const std::string& name = "https://login.example") {
  return kResource + "  issuers: [{issuer: " + name + ", algorithm: RS256" + more + "}]\n";
}

}  // namespace

TEST_CASE("auth: without the section, loopback needs no credential and keys are taken") {
  const Loaded loaded = ProjectFolder::fixture("shop").load();
  REQUIRE(loaded.project);
  CHECK(loaded.project->settings.auth == AuthSettings{});
  CHECK(loaded.project->settings.auth.anonymous);
  CHECK(loaded.project->settings.auth.api_keys);
}

TEST_CASE("auth: a whole section is read") {
  const Loaded loaded = load_with(
      kResource +
      "  scopes:\n"
      "    required: [marts.read]\n"
      "    tools: {query_metrics: [marts.metrics]}\n"
      "    implied: {marts.admin: [marts.read]}\n"
      "  issuers:\n"
      "    - issuer: https://login.example\n"
      "      algorithm: ES256\n"
      "      jwks_url: https://login.example/jwks\n"
      "      ca_file: keys/ca.pem\n"
      "      tenants: {o-1: north}\n"
      "      claims: {tenant: org, roles: /realm_access/roles, scopes: https://x.example/scp}\n"
      "    - issuer: http://127.0.0.1:9000\n"
      "      algorithm: EdDSA\n"
      "      jwks_file: keys/local.json\n"
      "      token_type: JWT\n"
      "      audience: marts\n"
      "      kind: service\n"
      "      tenant: south\n");
  REQUIRE_MESSAGE(loaded.project, to_lines(loaded.diagnostics));
  const AuthSettings& auth = loaded.project->settings.auth;
  CHECK(auth.resource == "https://marts.example/mcp");
  CHECK_FALSE(auth.anonymous);  // behind a public URL everything comes from loopback
  CHECK(auth.scopes.supported == std::vector<std::string>{"marts.metrics", "marts.read"});
  REQUIRE(auth.issuers.size() == 2);
  CHECK(auth.issuers[0].audience == "https://marts.example/mcp");
  CHECK(auth.issuers[0].token_type == "at+jwt");
  CHECK(auth.issuers[0].tenants.at("o-1") == "north");
  CHECK(auth.issuers[0].tenant_claim == "org");
  CHECK(auth.issuers[0].ca_file == loaded.project->root / "keys/ca.pem");
  CHECK(auth.issuers[1].audience == "marts");
  CHECK(auth.issuers[1].token_type == "jwt");
  CHECK(auth.issuers[1].jwks_file == loaded.project->root / "keys/local.json");
  CHECK(auth.issuers[1].tenant == "south");
}

TEST_CASE("auth: each mistake is refused once, with what would be right") {
  const std::string keys = ", jwks_url: https://login.example/jwks";
  CHECK(mistake("  issuer: []\n").find("did you mean issuers") != std::string::npos);
  CHECK(mistake(issuer(keys + ", algoritm: RS256")).find("did you mean algorithm") !=
        std::string::npos);
  CHECK(mistake(issuer(keys + ", kind: robot")).find("accepted: person, agent, service") !=
        std::string::npos);
  CHECK(mistake(kResource + "  issuers: [{issuer: https://a.example, algorithm: HS256, "
                            "jwks_file: x}]\n")
            .find("accepted: RS256, ES256, EdDSA") != std::string::npos);
  CHECK(mistake("  resource: http://marts.example/mcp\n")
            .find("accepted: https://host/path, or http://127.0.0.1:port/path") !=
        std::string::npos);
  CHECK(mistake("  resource: https://Marts.example:443/mcp/\n")
            .find("write https://marts.example/mcp") != std::string::npos);
  CHECK(mistake("  resource: https://marts.example/mcp?x\n")
            .find("write https://marts.example/mcp") != std::string::npos);
  CHECK(mistake("  issuers: [{issuer: https://a.example, algorithm: RS256, jwks_file: x}]\n")
            .find("add resource") != std::string::npos);
  CHECK(mistake(issuer("")).find("write jwks_url, or jwks_file, and not both") !=
        std::string::npos);
  CHECK(mistake(issuer(keys + ", jwks_file: x")).find("write jwks_url, or jwks_file") !=
        std::string::npos);
  CHECK(
      mistake(issuer(", jwks_url: http://login.example/jwks")).find("no URL that can be trusted") !=
      std::string::npos);
  CHECK(mistake(issuer(", jwks_file: x, ca_file: y")).find("ca_file is for jwks_url") !=
        std::string::npos);
  CHECK(mistake(issuer(keys, "https://a.example/@x")).find("cannot name an issuer") !=
        std::string::npos);
  CHECK(mistake(issuer(keys, "https://a.example/" + std::string(120, 'x')))
            .find("at most 120 characters") != std::string::npos);
  CHECK(mistake(issuer(keys + "}, {issuer: https://login.example, algorithm: ES256" + keys))
            .find("is there twice") != std::string::npos);
  CHECK(mistake(issuer(keys + ", tenant: a, claims: {tenant: org}"))
            .find("write tenant, or claims.tenant") != std::string::npos);
  CHECK(mistake(issuer(keys + ", tenants: {o: a}")).find("add claims: {tenant: CLAIM}") !=
        std::string::npos);
  CHECK(mistake(issuer(keys + ", tenant: ../x")).find("martgate.yaml:") == 0);
  CHECK(mistake(issuer(keys + ", claims: {roles: /a//b}")).find("martgate.yaml:") == 0);
  CHECK(mistake("  scopes: {required: [\"a b\"]}\n").find("martgate.yaml:") == 0);
  CHECK(mistake("  scopes: {tools: {query_metric: [x]}}\n").find("did you mean query_metrics") !=
        std::string::npos);
}
