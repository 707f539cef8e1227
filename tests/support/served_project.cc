#include "support/served_project.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <future>
#include <nlohmann/json.hpp>

#include "catalog/load.h"
#include "envelope/journal_reader.h"
#include "gate/world.h"
#include "ingest/ingest.h"
#include "metrics/check.h"

namespace martgate {

using nlohmann::json;

WallTime test_time() {
  return *parse_rfc3339("2026-11-21T10:00:00Z");
}

ServedProject::ServedProject(const std::filesystem::path& project,
                             const std::filesystem::path& data) {
  catalog::LoadOptions options;
  options.data_folder = data;
  options.state_folder = state_.path();
  catalog::Loaded loaded = catalog::load_project(project, options);
  for (const auto& diagnostic : loaded.diagnostics) FAIL_CHECK(to_text(diagnostic));
  REQUIRE(loaded.project.has_value());
  for (const auto& diagnostic : metrics::check_metrics(*loaded.project))
    FAIL_CHECK(to_text(diagnostic));

  const auto loads = ingest::ingest(*loaded.project, state_.path(), clock_);
  REQUIRE_MESSAGE(loads, to_text(loads ? Error{} : loads.error()));
  for (const auto& table : loads->tables) {
    for (const auto& refused : table.refused)
      FAIL_CHECK(refused.path, ": ", to_text(refused.error));
  }
  auto tables = ingest::loaded_tables(ingest::raw_store_path(state_.path()), *loaded.project);
  REQUIRE(tables);
  auto report = build::build(*loaded.project, std::move(*tables), clock_);
  REQUIRE_MESSAGE(report, to_text(report ? Error{} : report.error()));
  for (const auto* test : report->tests_with(engine::Verdict::Fail)) {
    FAIL_CHECK(test->name, ": ", test->observed, ", expected ", test->expected);
  }
  report_ = std::move(*report);

  auto world = gate::make_world(std::move(*loaded.project));
  REQUIRE_MESSAGE(world, to_text(world ? Error{} : world.error()));
  world_ = std::move(*world);
  auto journal = envelope::Journal::open(state_.path(), {}, clock_, ids_);
  REQUIRE_MESSAGE(journal, to_text(journal ? Error{} : journal.error()));
  journal_ = std::move(*journal);
  auto gate = gate::MartGate::open(world_, *journal_, clock_, ids_);
  REQUIRE_MESSAGE(gate, to_text(gate ? Error{} : gate.error()));
  gate_ = std::move(*gate);
  offer_ = std::make_unique<mcp::ProjectOffer>(*gate_, mcp::ServerInfo{"martgate-test", "1"});
  server_ = std::make_unique<mcp::Server>(*offer_, clock_, ids_);
}

ServedProject::~ServedProject() {
  if (journal_) static_cast<void>(journal_->close());
}

const catalog::Project& ServedProject::project() const {
  return world_->project;
}

namespace {

// Gives the first line it is written; nothing when it is let go without one.
class FirstLine final : public mcp::LineWriter {
 public:
  explicit FirstLine(std::promise<std::string> promise) : promise_(std::move(promise)) {}
  bool write(std::string_view line) override {
    promise_.set_value(std::string(line));
    return true;
  }

 private:
  std::promise<std::string> promise_;
};

}  // namespace

std::string ServedProject::line(const std::string& message) {
  std::promise<std::string> promise;
  auto answer = promise.get_future();
  auto work = server_->handle_line(pipe_, message, std::make_shared<FirstLine>(std::move(promise)));
  if (work) work();
  work = nullptr;
  try {
    return answer.get();
  } catch (const std::future_error&) {
    return "";
  }
}

json ServedProject::call(const std::string& tool, const json& arguments) {
  const json message{{"jsonrpc", "2.0"},
                     {"id", 1},
                     {"method", "tools/call"},
                     {"params",
                      {{"name", tool},
                       {"arguments", arguments},
                       {"_meta",
                        {{"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
                         {"io.modelcontextprotocol/clientCapabilities", json::object()}}}}}};
  const json answer = json::parse(line(message.dump()));
  REQUIRE_MESSAGE(answer.contains("result"), answer.dump());
  return answer.at("result");
}

std::shared_ptr<gate::World> ServedProject::remade_world() const {
  auto world = gate::make_world(world_->project);
  REQUIRE(world);
  return std::const_pointer_cast<gate::World>(*world);
}

json ServedProject::journal_tail(std::int64_t count) const {
  auto reader = envelope::JournalReader::open(state_.path() / "journal.db");
  REQUIRE(reader);
  const auto records = reader->tail(count);
  REQUIRE(records);
  json list = json::array();
  for (const auto& stored : *records) list.push_back(json::parse(payload_of(stored)));
  return list;
}

std::filesystem::path public_data(const std::string& name) {
  const char* given = std::getenv("MARTGATE_DATA");
  const std::filesystem::path root =
      given != nullptr ? std::filesystem::path(given)
                       : std::filesystem::path(MARTGATE_SOURCE_DIR) / ".." / "shared" / "data";
  const auto folder = root / name;
  return std::filesystem::exists(folder) ? std::filesystem::weakly_canonical(folder)
                                         : std::filesystem::path();
}

}  // namespace martgate
