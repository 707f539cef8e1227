// martgate: the command line. Every option is declared here; the work is in one file a subcommand.
#include <CLI/CLI.hpp>

#include <fmt/format.h>

#include <exception>

#include "base/text.h"
#include "build/build.h"
#include "cli/commands.h"
#include "cli/version.h"

namespace {

using namespace martgate;
using namespace martgate::cli;

int run(int argc, char** argv) {
  CLI::App cli{
      "A gate in front of governed data marts: agents get cited answers through typed tools, never "
      "SQL."};
  cli.require_subcommand(1);
  cli.fallthrough();
  cli.set_help_all_flag("--help-all", "Help for every subcommand");

  std::string folder = ".";
  std::string data_folder;
  std::string state_folder;
  bool json = false;
  bool quiet = false;
  cli.add_option("-C,--project", folder, "The project's folder")->capture_default_str();
  cli.add_option("--data", data_folder, "Folder of the source files, instead of martgate.yaml's");
  cli.add_option("--state", state_folder,
                 "Folder for snapshots and the journal, instead of martgate.yaml's");
  cli.add_flag("--json", json, "Results as JSON on stdout; the shape is stable");
  cli.add_flag("--quiet", quiet, "No notes and no progress on stderr");

  InitArgs init;
  auto* init_word = cli.add_subcommand("init", "Make a small project that works");
  init_word->add_option("DIR", init.folder, "A new or empty folder")->required();

  BuildArgs build;
  auto* build_word = cli.add_subcommand(
      "build", "Load the sources, build the marts, test them, publish a snapshot");
  build_word->add_flag("--full", build.full, "Load every file again");
  build_word->add_flag("--force", build.force, "Compute every table again");
  build_word->add_option("--select", build.select,
                         "Only these models: NAME, NAME+, +NAME, tag:TAG, source:NAME or a path");
  build_word->add_option("--since", build.since,
                         "Compute incremental models again from this day on");
  build_word->add_option("--workers", build.workers, "Threads that compute; default: one a core")
      ->check(CLI::Range(1, build::kWorkersMax));

  TestArgs test;
  auto* test_word = cli.add_subcommand(
      "test", "Run unit tests, data tests on the current snapshot, and tie-outs");
  test_word->add_option("--select", test.select,
                        "Only tests of these models: NAME, NAME+, +NAME, tag:TAG or a path");
  test_word->add_flag("--rows", test.rows, "Show rows that failed");

  LineageArgs lineage;
  auto* lineage_word = cli.add_subcommand(
      "lineage", "What a table or a column is made from, and what is made from it");
  lineage_word->add_option("NAME", lineage.name, "A model, raw.TABLE or a metric");
  lineage_word->add_option("--column", lineage.column, "One of its columns");
  lineage_word->add_flag("--up", lineage.up, "Only what it is made from");
  lineage_word->add_flag("--down", lineage.down, "Only what is made from it");
  lineage_word->add_flag("--mermaid", lineage.mermaid, "As a Mermaid flowchart");
  lineage_word->add_option("--openlineage", lineage.open_lineage,
                           "Append OpenLineage events of every model to this file");

  SnapshotsArgs snapshots;
  auto* snapshots_word =
      cli.add_subcommand("snapshots", "What was published: list, compare, go back, remove");
  snapshots_word->add_option("WHAT", snapshots.word, "list, diff, rollback or prune")
      ->capture_default_str()
      ->check(CLI::IsMember({"list", "diff", "rollback", "prune"}));
  snapshots_word
      ->add_option("ID", snapshots.ids,
                   "diff: from and to; rollback: to. An id, its beginning, current or "
                   "previous")
      ->expected(0, 2);
  snapshots_word->add_option("--keep", snapshots.keep, "prune: how many stay")
      ->check(CLI::Range(1, 1'000));

  IngestArgs ingest;
  auto* ingest_word = cli.add_subcommand("ingest", "Load the sources, without building anything");
  ingest_word->add_option("SOURCE", ingest.only, "A source or a raw table; default: all of them");
  ingest_word->add_flag("--full", ingest.full, "Load every file again");
  ingest_word->add_option("--since", ingest.since,
                          "Leave files alone that were last written before: a day or a time");
  ingest_word->add_option("--release", ingest.release,
                          "Let a held file in: its path, a raw table, or all");

  QuarantineArgs quarantine;
  auto* quarantine_word =
      cli.add_subcommand("quarantine", "Rows that were kept out, and why; replay them after a fix");
  quarantine_word->add_option("WHAT", quarantine.word, "list, show or replay")
      ->capture_default_str()
      ->check(CLI::IsMember({"list", "show", "replay"}));
  quarantine_word->add_option("ID", quarantine.id, "show: the row's number");
  quarantine_word->add_option("--source", quarantine.only, "A source or a raw table");
  quarantine_word->add_option("--reason", quarantine.reason, "list: one reason, as not_decimal");
  quarantine_word->add_option("--count", quarantine.count, "list: how many rows")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  quarantine_word->add_flag("--all", quarantine.all, "list: replayed rows too");

  ServeArgs serve;
  auto* serve_word = cli.add_subcommand("serve", "Answer MCP clients over HTTP or stdio");
  auto* stdio_flag = serve_word->add_flag("--stdio", serve.stdio, "Speak over stdin and stdout");
  serve_word
      ->add_option("--as", serve.as,
                   "stdio: who asks, as alice (an agent), person:alice or service:nightly")
      ->needs(stdio_flag);
  serve_word->add_option("--http", serve.http, "HOST:PORT to listen on; MCP is at /mcp")
      ->excludes(stdio_flag);
  serve_word->add_flag("--jobs", serve.jobs, "Run the project's jobs when they are due")
      ->excludes(stdio_flag);
  serve_word->add_flag("--allow-remote", serve.non_loopback_allowed,
                       "Accept an address that other hosts can reach");
  serve_word->add_option("--allow-host", serve.hosts,
                         "A Host header to accept beside the defaults");
  serve_word->add_option("--allow-origin", serve.origins, "An Origin header to accept");
  auto* cert_option = serve_word->add_option(
      "--tls-cert", serve.tls_cert, "PEM file of the certificate and its chain: speak HTTPS only");
  auto* key_option =
      serve_word->add_option("--tls-key", serve.tls_key, "PEM file of the certificate's key");
  cert_option->needs(key_option);
  key_option->needs(cert_option);
  serve_word->add_option("--connections-max", serve.connections_max, "Open connections in total")
      ->check(CLI::Range(1, 1'000'000));
  serve_word
      ->add_option("--connections-per-address", serve.connections_per_address_max,
                   "Open connections from one address")
      ->check(CLI::Range(1, 1'000'000));

  CallArgs call;
  auto* call_word = cli.add_subcommand("call", "Call one tool and print its answer");
  call_word->add_option("TOOL", call.tool, "A tool's name")->required();
  call_word->add_option("JSON", call.arguments, "Its arguments")->capture_default_str();
  auto* server_option = call_word->add_option("--server", call.server,
                                              "Ask this server, as in https://gate.example:8443");
  call_word->add_option("--ca", call.ca_file, "PEM file of the authorities to trust for --server")
      ->needs(server_option);

  CatalogArgs catalog;
  auto* catalog_word = cli.add_subcommand("catalog", "What there is to ask for");
  catalog_word
      ->add_option("WHAT", catalog.word,
                   "search TEXT, or one of metrics, marts, sources, questions")
      ->check(CLI::IsMember({"search", "metrics", "marts", "sources", "questions"}));
  std::vector<std::string> catalog_text;
  catalog_word->add_option("TEXT", catalog_text, "Words to search for");

  SourcesArgs sources;
  auto* sources_word =
      cli.add_subcommand("sources", "The inventory of sources, and what is wrong with it");
  sources_word->add_option("WHAT", sources.word, "audit, or nothing for the list")
      ->check(CLI::IsMember({"audit"}));
  sources_word->add_flag("--strict", sources.strict, "audit: end with 1 when there are findings");

  RunArgs run_args;
  auto* run_word = cli.add_subcommand("run", "Run a job of catalog/jobs.yaml");
  run_word->add_option("JOB", run_args.job, "Its name")->required();
  run_word->add_flag("--if-due", run_args.if_due, "Only if its schedule says so");

  JobsArgs jobs_args;
  auto* jobs_word = cli.add_subcommand("jobs", "What runs by itself, when next, how it went");
  jobs_word->add_option("WHAT", jobs_args.word, "list or history")
      ->check(CLI::IsMember({"list", "history"}));
  jobs_word->add_option("JOB", jobs_args.job, "history: of one job");
  jobs_word->add_option("--count", jobs_args.count, "history: how many runs")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));

  ExplainArgs explain;
  auto* explain_word = cli.add_subcommand("explain", "How metrics are computed, down to the SQL");
  explain_word->add_option("METRIC", explain.metrics, "Names of metrics");
  explain_word->add_option("--by", explain.group_by, "Dimensions to group by");
  explain_word->add_option("--query", explain.query, "The arguments of query_metrics as JSON");

  auto* doctor_word =
      cli.add_subcommand("doctor", "Check project, state, snapshot, journal and freshness");

  ConfigArgs config;
  auto* config_word = cli.add_subcommand("config", "The snippet that connects an MCP client");
  config_word->add_option("CLIENT", config.client, "claude-code, claude-desktop, cursor or vscode")
      ->required();
  config_word->add_option("--url", config.url, "Connect over HTTP to this URL instead of stdio");

  auto* version_word = cli.add_subcommand("version", "The version");

  DemoDataArgs demo_data;
  auto* demo_data_word = cli.add_subcommand("demo-data", "Make the demo company's extracts");
  demo_data_word->add_option("--seed", demo_data.seed, "The same seed gives the same bytes")
      ->capture_default_str();
  demo_data_word->add_option("--scale", demo_data.scale, "1 is about 4,000 orders")
      ->capture_default_str();
  demo_data_word->add_option("--out", demo_data.out,
                             "The folder; default: the project's data folder");

  DemoArgs demo;
  auto* demo_word =
      cli.add_subcommand("demo", "Make data and marts, ask three questions, then serve");
  demo_word->add_flag("--once", demo.once, "End after the answers");
  demo_word->add_option("--http", demo.http, "HOST:PORT to listen on");

  KeysArgs keys;
  auto* keys_word = cli.add_subcommand("keys", "API keys: add, list, revoke");
  keys_word->add_option("WHAT", keys.word, "add, list or revoke")
      ->required()
      ->check(CLI::IsMember({"add", "list", "revoke"}));
  keys_word->add_option("NAME", keys.name, "What the key is called; revoke: or its id");
  keys_word->add_option("--principal", keys.principal, "Who the key stands for; default: its name");
  keys_word->add_option("--kind", keys.kind, "person, agent or service")
      ->capture_default_str()
      ->check(CLI::IsMember({"person", "agent", "service"}));
  keys_word->add_option("--tenant", keys.tenant, "Whose data it sees")->capture_default_str();
  keys_word->add_option("--role", keys.roles, "A role; may be given again");
  keys_word->add_option("--scope", keys.scopes, "A scope; may be given again");
  keys_word->add_option("--expires", keys.expires, "90d, 12h, a day, a moment, or never")
      ->capture_default_str();

  AuditArgs audit;
  auto* audit_word = cli.add_subcommand("audit", "The journal of calls");
  audit_word->add_option("WHAT", audit.word, "verify, tail or show")
      ->required()
      ->check(CLI::IsMember({"verify", "tail", "show"}));
  audit_word->add_option("ID", audit.id, "show: the request id");
  audit_word->add_option("--count", audit.count, "tail: how many records")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));

  try {
    cli.parse(argc, argv);
  } catch (const CLI::Success& done) {  // --help
    return cli.exit(done);
  } catch (const CLI::ParseError& problem) {
    const std::vector<std::string> left = cli.remaining();
    if (cli.get_subcommands().empty() && !left.empty()) {
      std::vector<std::string> words;
      for (const CLI::App* word : cli.get_subcommands({})) words.push_back(word->get_name());
      const SystemClock clock;
      Terminal(clock, {}).error({Code::NotFound,
                                 fmt::format("there is no word \"{}\"", shown(left.front(), 60)),
                                 name_hints(left.front(), words)});
    } else {
      static_cast<void>(cli.exit(problem));
    }
    return static_cast<int>(Exit::Usage);
  }

  const SystemClock clock;
  RandomIds ids;
  Terminal terminal(clock, {.quiet = quiet});
  App app{clock, ids, terminal, folder, {}, {}, json};
  if (!data_folder.empty()) app.data_folder = std::filesystem::absolute(data_folder);
  if (!state_folder.empty()) app.state_folder = std::filesystem::absolute(state_folder);
  for (const std::string& word : catalog_text)
    catalog.text += (catalog.text.empty() ? "" : " ") + word;

  const auto done = [&]() -> Exit {
    if (*init_word) return run_init(app, init);
    if (*build_word) return run_build(app, build);
    if (*test_word) return run_test(app, test);
    if (*lineage_word) return run_lineage(app, lineage);
    if (*snapshots_word) return run_snapshots(app, snapshots);
    if (*ingest_word) return run_ingest(app, ingest);
    if (*quarantine_word) return run_quarantine(app, quarantine);
    if (*serve_word) return run_serve(app, serve);
    if (*call_word) return run_call(app, call);
    if (*catalog_word) return run_catalog(app, catalog);
    if (*sources_word) return run_sources(app, sources);
    if (*run_word) return run_job_now(app, run_args);
    if (*jobs_word) return run_jobs(app, jobs_args);
    if (*explain_word) return run_explain(app, explain);
    if (*doctor_word) return run_doctor(app);
    if (*config_word) return run_config(app, config);
    if (*demo_data_word) return run_demo_data(app, demo_data);
    if (*demo_word) return run_demo(app, demo);
    if (*keys_word) return run_keys(app, keys);
    if (*audit_word) return run_audit(app, audit);
    if (*version_word) terminal.print(fmt::format("martgate {}\n", kVersion));
    return Exit::Ok;
  }();
  return static_cast<int>(done);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "martgate: {}\n", problem.what());
    return static_cast<int>(martgate::cli::Exit::Environment);
  }
}
