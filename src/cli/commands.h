// One struct of arguments and one function for each subcommand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "cli/terminal.h"

namespace martgate::cli {

// Documented in docs/cli.md; scripts rely on them.
enum class Exit : std::uint8_t {
  Ok = 0,
  No = 1,           // the answer is no: a refused call, a failed data test, a broken audit chain
  Usage = 2,        // the command line was wrong
  Project = 3,      // the project has mistakes
  Environment = 4,  // no snapshot, no file, port taken, another martgate holds the state folder
};

// What every subcommand is handed; main() owns all of it.
struct App {
  const Clock& clock;
  IdSource& ids;
  Terminal& terminal;
  std::filesystem::path folder = ".";                 // -C
  std::optional<std::filesystem::path> data_folder;   // --data
  std::optional<std::filesystem::path> state_folder;  // --state
  bool json = false;                                  // --json
};

struct InitArgs {
  std::filesystem::path folder;
};
struct BuildArgs {
  bool full = false;                // load every file again
  bool force = false;               // compute every table again
  std::vector<std::string> select;  // models; empty: all
  std::string since;                // ISO date for incremental models; empty: their own window
  int workers = 0;                  // 0: one a core
};
struct IngestArgs {
  bool full = false;                 // load every file again
  std::string since;                 // leave files alone that were last written before
  std::vector<std::string> release;  // held files to let in
  std::string only;                  // a source or a raw table
};
struct QuarantineArgs {
  std::string word = "list";  // "list", "show", "replay"
  std::int64_t id = 0;
  std::string only;    // a source or a raw table
  std::string reason;  // a slug
  std::int64_t count = 20;
  bool all = false;  // replayed rows too
};
struct ServeArgs {
  bool stdio = false;
  bool jobs = false;  // run the project's jobs when they are due
  std::string as;     // stdio: who asks, "person:alice"; empty: MARTGATE_KEY, else "local"
  std::string http;   // empty: the project's own address
  bool non_loopback_allowed = false;
  std::vector<std::string> hosts;
  std::vector<std::string> origins;
  std::string tls_cert;  // PEM files; both or neither
  std::string tls_key;
  std::size_t connections_max = 0;  // 0: the listener's default
  std::size_t connections_per_address_max = 0;
};
struct CallArgs {
  std::string tool;
  std::string arguments = "{}";
  std::string server;   // a URL; empty: this project's own gate
  std::string ca_file;  // PEM; empty: the system's authorities
};
struct CatalogArgs {
  std::string word;  // "", "search", "metrics", "marts", "sources", "questions"
  std::string text;
};
struct SourcesArgs {
  std::string word;     // "", "audit"
  bool strict = false;  // audit: findings are an exit code of 1
};
struct RunArgs {
  std::string job;
  bool if_due = false;
};
struct JobsArgs {
  std::string word;  // "", "list", "history"
  std::string job;   // history: of this one; empty: of all
  std::int64_t count = 20;
};
struct ExplainArgs {
  std::vector<std::string> metrics;
  std::vector<std::string> group_by;
  std::string query;  // the arguments of query_metrics as JSON; replaces the other fields
};
struct ConfigArgs {
  std::string client;
  std::string url;  // empty: stdio
};
struct DemoDataArgs {
  std::uint64_t seed = 1;
  double scale = 1;
  std::filesystem::path out;  // empty: the project's data folder
};
struct DemoArgs {
  bool once = false;
  std::string http;
};
struct KeysArgs {
  std::string word;       // "add", "list", "revoke"
  std::string name;       // revoke: or the id
  std::string principal;  // empty: as the name
  std::string kind = "service";
  std::string tenant = "default";
  std::vector<std::string> roles;
  std::vector<std::string> scopes;
  std::string expires = "90d";
};
struct AuditArgs {
  std::string word;  // "verify", "tail", "show"
  std::string id;
  std::int64_t count = 20;
};
struct LineageArgs {
  std::string name;  // a model, raw.<table> or a metric; may be empty with open_lineage
  std::string column;
  bool up = false;  // neither or both: both ways
  bool down = false;
  bool mermaid = false;
  std::string open_lineage;  // a file that events are appended to
};
struct TestArgs {
  std::vector<std::string> select;  // models; empty: all
  bool rows = false;                // show rows that failed
};
struct SnapshotsArgs {
  std::string word = "list";     // "list", "diff", "rollback", "prune"
  std::vector<std::string> ids;  // or "current", "previous", the beginning of an id
  int keep = 0;                  // prune; 0: the project's
};

Exit run_init(App& app, const InitArgs& args);
Exit run_build(App& app, const BuildArgs& args);
Exit run_lineage(App& app, const LineageArgs& args);
Exit run_test(App& app, const TestArgs& args);
Exit run_snapshots(App& app, const SnapshotsArgs& args);
Exit run_ingest(App& app, const IngestArgs& args);
Exit run_quarantine(App& app, const QuarantineArgs& args);
Exit run_serve(App& app, const ServeArgs& args);
Exit run_call(App& app, const CallArgs& args);
Exit run_catalog(App& app, const CatalogArgs& args);
Exit run_sources(App& app, const SourcesArgs& args);
Exit run_job_now(App& app, const RunArgs& args);
Exit run_jobs(App& app, const JobsArgs& args);
Exit run_explain(App& app, const ExplainArgs& args);
Exit run_doctor(App& app);
Exit run_config(App& app, const ConfigArgs& args);
Exit run_demo_data(App& app, const DemoDataArgs& args);
Exit run_demo(App& app, const DemoArgs& args);
Exit run_keys(App& app, const KeysArgs& args);
Exit run_audit(App& app, const AuditArgs& args);

}  // namespace martgate::cli
