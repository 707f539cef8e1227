#include "connect/postgres_server.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <vector>

namespace martgate::ingest {
namespace {

namespace fs = std::filesystem;

// The newest installed version's folder of programs; empty when there is none.
fs::path program_folder() {
  std::vector<fs::path> found;
  std::error_code problem;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", problem)) {
    if (fs::exists(entry.path() / "bin" / "initdb")) found.push_back(entry.path() / "bin");
  }
  std::ranges::sort(found);
  return found.empty() ? fs::path() : found.back();
}

// PostgreSQL refuses to run as root: a root test hands it to somebody else.
const passwd* other_user() {
  if (const passwd* user = ::getpwnam("postgres")) return user;
  return ::getpwnam("nobody");
}

// In a child process; does not return.
[[noreturn]] void become(const passwd* user, const std::vector<std::string>& words, int error_to) {
  if (user != nullptr) {
    if (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)
      ::_exit(126);
  }
  // A test that is killed takes its server along. Behind setuid(), which forgets it.
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  ::dup2(error_to, STDERR_FILENO);
  ::dup2(error_to, STDOUT_FILENO);
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::setenv("LC_ALL", "C", 1);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};

}  // namespace

PostgresServer* PostgresServer::shared() {
  static std::unique_ptr<PostgresServer> server;
  static bool is_tried = false;
  static std::string why_not;
  if (!is_tried) {
    is_tried = true;
    server.reset(new PostgresServer);
    why_not = server->start();
    if (!why_not.empty()) server.reset();
  }
  if (!server) MESSAGE("skipped: " << why_not);
  return server.get();
}

std::string PostgresServer::start() {
  const fs::path programs = program_folder();
  if (programs.empty()) return "no PostgreSQL below /usr/lib/postgresql";
  const passwd* user = ::geteuid() == 0 ? other_user() : nullptr;
  if (::geteuid() == 0 && user == nullptr) return "no user but root";
  const fs::path cluster = folder_.path() / "cluster";
  const fs::path password_file = folder_.path() / "password";
  fs::create_directories(folder_.path() / "socket");
  std::ofstream(password_file) << kPassword << '\n';
  if (user != nullptr) {
    for (const fs::path& path : {folder_.path(), folder_.path() / "socket", password_file}) {
      if (::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) return "chown failed";
    }
  }
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) return "no pipe";
  const pid_t made = ::fork();
  if (made == 0) {
    become(
        user,
        {(programs / "initdb").string(), "-D", cluster.string(), "-U", kOwner, "-E", "UTF8",
         "--locale=C", "--auth=scram-sha-256", "--pwfile=" + password_file.string(), "--no-sync"},
        pipe_ends[1]);
  }
  int status = 0;
  if (::waitpid(made, &status, 0) != made || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return "initdb failed";
  server_ = ::fork();
  if (server_ == 0) {
    become(user,
           {(programs / "postgres").string(), "-D", cluster.string(), "-k", host(), "-c",
            "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=20", "-c",
            "unix_socket_permissions=0777"},
           pipe_ends[1]);
  }
  ::close(pipe_ends[1]);
  // The server says on its log when it is ready; the end of the pipe says that it never will be.
  std::string log;
  char part[512];
  while (log.find("ready to accept connections") == std::string::npos) {
    const ssize_t got = ::read(pipe_ends[0], part, sizeof part);
    if (got <= 0) break;
    log.append(part, static_cast<std::size_t>(got));
  }
  // The pipe stays open: a server without a reader would be ended by its own log lines.
  return log.find("ready to accept connections") == std::string::npos ? "it did not start: " + log
                                                                      : std::string();
}

PostgresServer::~PostgresServer() {
  if (server_ <= 0) return;
  ::kill(server_, SIGQUIT);
  ::waitpid(server_, nullptr, 0);
}

std::string PostgresServer::run(const std::string& sql) const {
  const std::string settings = "host=" + host() + " dbname=postgres user=" + kOwner +
                               " password=" + kPassword + " application_name=test";
  const std::unique_ptr<PGconn, Finish> connection(PQconnectdb(settings.c_str()));
  const std::unique_ptr<PGresult, Clear> result(PQexec(connection.get(), sql.c_str()));
  const ExecStatusType status = PQresultStatus(result.get());
  REQUIRE_MESSAGE((status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK),
                  PQerrorMessage(connection.get()));
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

}  // namespace martgate::ingest
