#include "engine/snapshot_follower.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>

#include "engine/snapshot.h"
#include "engine/sqlite/sqlite_mart.h"

namespace martgate::engine {
namespace {

Result<std::shared_ptr<const MartEngine>> open_snapshot(const std::filesystem::path& state_folder,
                                                        const std::string& id, const Clock& clock) {
  auto mart = SqliteMart::open(snapshot_path(state_folder, id), clock);
  if (!mart) return tl::unexpected(mart.error());
  return std::shared_ptr<const MartEngine>(std::move(*mart));
}

}  // namespace

Result<std::unique_ptr<SnapshotFollower>> SnapshotFollower::start(
    std::filesystem::path state_folder, const Clock& clock, std::chrono::milliseconds look_every) {
  const auto id = current_snapshot(state_folder);
  if (!id) return tl::unexpected(id.error());
  auto mart = open_snapshot(state_folder, *id, clock);
  if (!mart) return tl::unexpected(mart.error());
  std::unique_ptr<SnapshotFollower> follower(
      new SnapshotFollower(std::move(state_folder), clock, std::move(*mart)));
  follower->stop_fd_ = ::eventfd(0, EFD_CLOEXEC);
  if (follower->stop_fd_ < 0) return fail(Code::Unavailable, "no event descriptor is left");
  follower->watcher_ =
      std::thread([look_every, watched = follower.get()] { watched->watch(look_every); });
  return follower;
}

SnapshotFollower::SnapshotFollower(std::filesystem::path state_folder, const Clock& clock,
                                   std::shared_ptr<const MartEngine> mart)
    : state_folder_(std::move(state_folder)), clock_(clock), mart_(std::move(mart)) {}

SnapshotFollower::~SnapshotFollower() {
  if (watcher_.joinable()) {
    const std::uint64_t one = 1;
    static_cast<void>(::write(stop_fd_, &one, sizeof one));
    watcher_.join();
  }
  if (stop_fd_ >= 0) ::close(stop_fd_);
}

std::shared_ptr<const MartEngine> SnapshotFollower::mart() const {
  const std::lock_guard lock(mutex_);
  return mart_;
}

Status SnapshotFollower::look() {
  const std::lock_guard moving(moving_);
  const auto id = current_snapshot(state_folder_);
  if (!id) return tl::unexpected(id.error());
  if (*id == mart()->facts().id) return {};
  auto opened = open_snapshot(state_folder_, *id, clock_);
  if (!opened) return tl::unexpected(opened.error());
  std::shared_ptr<const MartEngine> old = *opened;
  {
    const std::lock_guard lock(mutex_);
    std::swap(mart_, old);
  }
  for (const auto& [subscription, listener] : listeners_) listener((*opened)->facts());
  return {};
}

int SnapshotFollower::subscribe(Listener listener) {
  const std::lock_guard moving(moving_);
  listeners_.emplace(++next_subscription_, std::move(listener));
  return next_subscription_;
}

void SnapshotFollower::unsubscribe(int subscription) {
  const std::lock_guard moving(moving_);
  listeners_.erase(subscription);
}

// `current` is replaced by renaming, which inotify reports. The interval is for file systems where
// it does not, and for a snapshot that could not be opened at the first look.
void SnapshotFollower::watch(std::chrono::milliseconds look_every) {
  const int notices = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (notices >= 0) {
    static_cast<void>(::inotify_add_watch(notices, (state_folder_ / "marts").c_str(), IN_MOVED_TO));
  }
  for (;;) {
    std::array<pollfd, 2> waited{pollfd{stop_fd_, POLLIN, 0}, pollfd{notices, POLLIN, 0}};
    const int ready = ::poll(waited.data(), waited.size(), static_cast<int>(look_every.count()));
    if (ready > 0 && waited[0].revents != 0) break;
    if (ready > 0 && waited[1].revents != 0) {
      std::array<char, 4'096> read_away{};
      while (::read(notices, read_away.data(), read_away.size()) > 0) {
      }
    }
    static_cast<void>(look());
  }
  if (notices >= 0) ::close(notices);
}

}  // namespace martgate::engine
