#include "mcp/changes.h"

#include <utility>
#include <vector>

namespace martgate::mcp {

struct Changes::Listening::Entry {
  std::mutex mutex;
  Listener listener;  // empty once it has ended
};

Changes::Listening::~Listening() {
  if (entry_ == nullptr) return;
  const std::lock_guard lock(entry_->mutex);
  entry_->listener = nullptr;
}

Changes::Listening Changes::listen(Listener listener) {
  const auto entry = std::make_shared<Listening::Entry>();
  entry->listener = std::move(listener);
  const std::lock_guard lock(mutex_);
  entries_.push_back(entry);
  return Listening(entry);
}

void Changes::publish(const Change& change) {
  std::vector<std::shared_ptr<Listening::Entry>> entries;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(entries_, [](const auto& entry) { return entry.use_count() == 1; });
    entries.assign(entries_.begin(), entries_.end());
  }
  for (const auto& entry : entries) {
    const std::lock_guard lock(entry->mutex);
    if (entry->listener) entry->listener(change);
  }
}

}  // namespace martgate::mcp
