// Whole conversations as files: what is sent stands in them, what comes back is compared.
// MARTGATE_UPDATE_GOLDENS=1 writes the answers anew.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/text.h"
#include "json/parse.h"
#include "mcp/fake_gate.h"
#include "mcp/gate_offer.h"
#include "mcp/replies.h"
#include "mcp/server.h"

namespace martgate::mcp {
namespace {

const std::filesystem::path kFolder =
    std::filesystem::path(MARTGATE_SOURCE_DIR) / "tests/mcp/transcripts";

// "$META" stands for the smallest `_meta` of a modern request.
constexpr std::string_view kMeta =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientCapabilities":{}})";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

class Player {
 public:
  virtual ~Player() = default;
  // Takes one line of input; returns the lines that answer it.
  virtual std::string play(const std::string& line) = 0;

 protected:
  Server& server() { return server_; }

 private:
  FrozenClock clock_{WallTime{}};
  SeededIds ids_{1};
  FakeGate gate_;
  GateOffer offer_{gate_, {"martgate", "0.1.0"}};
  Server server_{offer_, clock_, ids_};
};

// ">> {json}" is one line of the pipe.
class StdioPlayer final : public Player {
 public:
  std::string play(const std::string& line) override {
    std::string output;
    const Work work = server().handle_line(session_, replaced(line.substr(3), "$META", kMeta),
                                           std::make_shared<LineTo>([&](const std::string& answer) {
                                             output += "<< " + answer + "\n";
                                           }));
    if (work) work();
    return output;
  }

 private:
  PipeSession session_;
};

// "> POST" begins a request, "> Name: value" adds a field, ">> body" sends it. Content-Type and
// Accept are added unless they are named; a field without a value is left out. "> modern METHOD
// NAME" adds the fields of a modern request. "{session}" stands for the last session id.
class HttpPlayer final : public Player {
 public:
  std::string play(const std::string& line) override {
    if (line.starts_with(">>")) return send(line.size() > 3 ? line.substr(3) : "");
    const std::string text = line.substr(2);
    const auto colon = text.find(": ");
    if (text.starts_with("modern ")) {
      const auto words = split(text, ' ');
      fields_.emplace_back("MCP-Protocol-Version", "2026-07-28");
      fields_.emplace_back("Mcp-Method", words.at(1));
      if (words.size() > 2) fields_.emplace_back("Mcp-Name", words.at(2));
    } else if (colon != std::string::npos) {
      fields_.emplace_back(text.substr(0, colon),
                           replaced(text.substr(colon + 2), "{session}", session_));
    } else if (text.ends_with(':')) {
      fields_.emplace_back(text.substr(0, text.size() - 1), "");
    } else {
      method_ = text;
      fields_.clear();
    }
    return {};
  }

 private:
  std::optional<std::string_view> field(std::string_view name,
                                        std::optional<std::string_view> otherwise = {}) const {
    for (const auto& [field_name, value] : fields_) {
      if (field_name != name) continue;
      if (value.empty()) return std::nullopt;
      return value;
    }
    return otherwise;
  }

  std::string send(const std::string& body) {
    HttpHead head;
    head.method = method_;
    if (const auto accept = field("Accept", "application/json, text/event-stream")) {
      head.accept.push_back(*accept);
    }
    head.content_type = field("Content-Type", "application/json");
    head.protocol_version = field("MCP-Protocol-Version");
    head.rpc_method = field("Mcp-Method");
    head.name = field("Mcp-Name");
    head.session_id = field("Mcp-Session-Id");

    std::string output;
    const auto reply = std::make_shared<KeptReply>();
    server().handle_http(head, replaced(body, "$META", kMeta), reply);
    const HttpAnswer answer = reply->answer();
    output += "< " + std::to_string(answer.status) + "\n";
    for (const auto& [name, value] : answer.headers) {
      output += "< " + name + ": " + value + "\n";
      if (name == "Mcp-Session-Id") session_ = value;
    }
    if (!answer.body.empty()) output += "<< " + answer.body + "\n";
    return output;
  }

  std::string method_;
  std::vector<std::pair<std::string, std::string>> fields_;
  std::string session_;
};

std::string played(Player& player, const std::string& transcript) {
  std::string output;
  std::istringstream lines(transcript);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('<')) continue;
    output += line + "\n";
    if (line.starts_with('>')) output += player.play(line);
  }
  return output;
}

}  // namespace

TEST_CASE("transcripts: every conversation is answered as its file says") {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) files.insert(entry.path());
  REQUIRE_FALSE(files.empty());
  for (const std::filesystem::path& file : files) {
    CAPTURE(file.filename().string());
    const Result<std::string> transcript = read_file(file);
    REQUIRE(transcript);
    std::string output;
    if (file.filename().string().starts_with("http_")) {
      HttpPlayer player;
      output = played(player, *transcript);
    } else {
      StdioPlayer player;
      output = played(player, *transcript);
    }
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(line);
      if (line.starts_with("<< ")) CHECK(parse_ijson(line.substr(3)));
    }
    if (std::getenv("MARTGATE_UPDATE_GOLDENS") != nullptr) {
      std::ofstream(file) << output;
    } else {
      CHECK(output == *transcript);
    }
  }
}

}  // namespace martgate::mcp
