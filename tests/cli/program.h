// A child of this test; what it prints on both streams comes through one pipe.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace martgate {

class Program {
 public:
  // `environment` is added to this test's own.
  explicit Program(std::vector<std::string> words,
                   const std::map<std::string, std::string>& environment = {}) {
    std::array<int, 2> pipe{};
    std::array<int, 2> input{};
    REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
    REQUIRE(::pipe2(input.data(), O_CLOEXEC) == 0);
    words.insert(words.begin(), MARTGATE_PROGRAM);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
      ::dup2(input[0], STDIN_FILENO);
      ::dup2(pipe[1], STDOUT_FILENO);
      ::dup2(pipe[1], STDERR_FILENO);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    ::close(pipe[1]);
    ::close(input[0]);
    out_ = pipe[0];
    in_ = input[1];
  }
  ~Program() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(out_);
    ::close(in_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Reads on until a line holds `words`; the whole text so far. Ends with the program's output.
  std::string read_until(const std::string& words) {
    std::size_t line_end = std::string::npos;
    for (;;) {
      const std::size_t at = text_.find(words, seen_);
      line_end = at == std::string::npos ? at : text_.find('\n', at);
      if (line_end != std::string::npos) break;
      std::array<char, 1024> part{};
      const ssize_t count = ::read(out_, part.data(), part.size());
      if (count <= 0) break;
      text_.append(part.data(), static_cast<std::size_t>(count));
    }
    REQUIRE_MESSAGE(line_end != std::string::npos, "the program never said \"", words,
                    "\": ", text_);
    seen_ = line_end;
    return text_;
  }
  // Everything up to the end of the program's output.
  std::string read_all() {
    std::array<char, 1024> part{};
    for (ssize_t count = 0; (count = ::read(out_, part.data(), part.size())) > 0;) {
      text_.append(part.data(), static_cast<std::size_t>(count));
    }
    seen_ = text_.size();
    return text_;
  }
  void write(const std::string& line) const {
    REQUIRE(::write(in_, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
  }
  void signal(int number) const { ::kill(pid_, number); }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = 0;
  int out_ = -1;
  int in_ = -1;  // stays open: a program that reads does not see the end
  std::string text_;
  std::size_t seen_ = 0;
};

}  // namespace martgate
