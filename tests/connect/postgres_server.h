// A PostgreSQL of the test's own: a temporary cluster on a unix socket, ended with the test.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

#include "temp_folder.h"

namespace martgate::ingest {

class PostgresServer {
 public:
  // The one server of this program, started at the first call; null, with a message, when no
  // PostgreSQL is installed or no unprivileged user can run it.
  static PostgresServer* shared();
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  [[nodiscard]] std::string host() const { return (folder_.path() / "socket").string(); }
  // As the owner of everything; the first value of the first row. Fails the test case on an error.
  std::string run(const std::string& sql) const;

  static constexpr const char* kOwner = "owner";
  static constexpr const char* kPassword = "pass-phrase-of-the-test";

 private:
  PostgresServer() = default;
  std::string start();  // why not; empty when it runs

  TempFolder folder_;
  pid_t server_ = -1;
};

}  // namespace martgate::ingest
