// The hub for "something changed": whoever offers things publishes, every server that shows them
// listens.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace martgate::mcp {

struct Change {
  enum class Kind : std::uint8_t {
    Tools,      // the list of tools
    Prompts,    // the list of prompts
    Resources,  // the list of resources or of their templates
    Resource,   // the contents of `subject`, a URI
    Task,       // the task `subject`, an id
  };
  Kind kind;
  std::string subject = {};
  // The task as tasks/get would show it: its members as JSON text without the braces.
  std::string task_members = {};
};

// Threads: everything may be called from any thread. Listeners run on the publisher's thread, one
// change at a time; they neither block nor publish.
class Changes {
 public:
  using Listener = std::function<void(const Change&)>;

  // Ends with this object; its destructor waits for a call that runs.
  class Listening {
   public:
    ~Listening();
    Listening(Listening&&) noexcept = default;
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

   private:
    friend class Changes;
    struct Entry;
    explicit Listening(std::shared_ptr<Entry> entry) : entry_(std::move(entry)) {}
    std::shared_ptr<Entry> entry_;
  };

  [[nodiscard]] Listening listen(Listener listener);
  void publish(const Change& change);

 private:
  std::mutex mutex_;  // guards the list; each entry has its own for its listener
  std::list<std::shared_ptr<Listening::Entry>> entries_;
};

}  // namespace martgate::mcp
