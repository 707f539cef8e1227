// Civil time of an IANA zone, from the system's tz database.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace date {
class time_zone;
}

namespace martgate {

// Minutes and days as a clock on the wall shows them; tied to no zone.
using LocalTime = std::chrono::time_point<struct LocalClock, std::chrono::seconds>;
using SysTime = std::chrono::sys_seconds;

class TimeZone {
 public:
  // "UTC", "Europe/Berlin". Errors: InvalidArgument with the nearest names; Unavailable without a
  // tz database.
  [[nodiscard]] static Result<TimeZone> named(std::string_view name);

  [[nodiscard]] LocalTime local(SysTime at) const;

  // The moments at which the wall clock shows `local`: one; two where it is turned back over it
  // (first < second); none where it is turned forward over it, and then `first` is the moment of
  // the turn.
  struct Moments {
    SysTime first;
    std::optional<SysTime> second;
    bool is_skipped = false;
  };
  [[nodiscard]] Moments moments(LocalTime local) const;

  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  TimeZone(std::string name, const date::time_zone* zone) : name_(std::move(name)), zone_(zone) {}
  std::string name_;
  const date::time_zone* zone_;  // null: UTC
};

}  // namespace martgate
