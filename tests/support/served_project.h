// A project folder, loaded, built and served inside the test: calls go through the MCP server's
// bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "build/build.h"
#include "catalog/project.h"
#include "envelope/journal.h"
#include "gate/mart_gate.h"
#include "mcp/project_offer.h"
#include "mcp/server.h"
#include "temp_folder.h"

namespace martgate {

// 2026-11-21T10:00:00Z, the same in every golden.
[[nodiscard]] WallTime test_time();

class ServedProject {
 public:
  // Stops the test case with every diagnostic when the project has mistakes or does not build.
  // State goes to a folder of its own; ids come from a fixed seed.
  ServedProject(const std::filesystem::path& project, const std::filesystem::path& data);
  ~ServedProject();

  // The result object of tools/call in protocol 2026-07-28.
  [[nodiscard]] nlohmann::json call(const std::string& tool, const nlohmann::json& arguments);
  // One JSON-RPC line in, its answer out; empty when there is none.
  [[nodiscard]] std::string line(const std::string& message);

  // The last records of the journal as JSON objects, oldest first.
  [[nodiscard]] nlohmann::json journal_tail(std::int64_t count) const;

  // A second world of the same project, for a test to change.
  [[nodiscard]] std::shared_ptr<gate::World> remade_world() const;
  Status close_journal() { return journal_->close(); }

  [[nodiscard]] const catalog::Project& project() const;
  [[nodiscard]] const build::BuildReport& report() const { return report_; }
  [[nodiscard]] gate::MartGate& gate() { return *gate_; }
  [[nodiscard]] std::filesystem::path state_folder() const { return state_.path(); }

 private:
  TempFolder state_;
  FrozenClock clock_{test_time()};
  SeededIds ids_{1};
  build::BuildReport report_;
  std::shared_ptr<const gate::World> world_;
  std::unique_ptr<envelope::Journal> journal_;
  std::unique_ptr<gate::MartGate> gate_;
  std::unique_ptr<mcp::ProjectOffer> offer_;
  std::unique_ptr<mcp::Server> server_;
  mcp::PipeSession pipe_;
};

// Public data beside the checkout, or where MARTGATE_DATA says; empty when it is not there.
[[nodiscard]] std::filesystem::path public_data(const std::string& name);

}  // namespace martgate
