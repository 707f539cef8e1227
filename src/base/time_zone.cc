#include "base/time_zone.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <exception>
#include <vector>

#include "base/text.h"

namespace martgate {
namespace {

date::local_seconds to_library(LocalTime local) {
  return date::local_seconds(local.time_since_epoch());
}

std::vector<std::string> zone_names() {
  std::vector<std::string> names{"UTC"};
  for (const date::time_zone& zone : date::get_tzdb().zones) names.push_back(zone.name());
  return names;
}

// "did you mean …" only: six hundred names are no help.
std::vector<std::string> zone_hints(std::string_view wrong) {
  std::vector<std::string> hints;
  const std::vector<std::string> near = nearest(wrong, zone_names());
  if (!near.empty()) hints.push_back(fmt::format("did you mean {}", join(near, ", ")));
  hints.emplace_back("accepted: UTC or a zone of the tz database, as Europe/Berlin");
  return hints;
}

}  // namespace

Result<TimeZone> TimeZone::named(std::string_view name) {
  if (name == "UTC") return TimeZone("UTC", nullptr);
  try {
    // The library looks a name up as a path below its folder.
    const bool is_plain = name.find("..") == std::string_view::npos && !name.starts_with('/');
    if (is_plain) {
      for (const date::time_zone& zone : date::get_tzdb().zones) {
        if (zone.name() == name) return TimeZone(std::string(name), &zone);
      }
    }
    return fail(Code::InvalidArgument, fmt::format("there is no time zone \"{}\"", shown(name, 60)),
                zone_hints(name));
  } catch (const std::exception& problem) {
    return fail(Code::Unavailable,
                fmt::format("the tz database cannot be read: {}", problem.what()),
                {"install tzdata, or use zone: UTC"});
  }
}

LocalTime TimeZone::local(SysTime at) const {
  if (zone_ == nullptr) return LocalTime(at.time_since_epoch());
  const auto info = zone_->get_info(date::sys_seconds(at.time_since_epoch()));
  return LocalTime(at.time_since_epoch() + info.offset);
}

TimeZone::Moments TimeZone::moments(LocalTime local) const {
  if (zone_ == nullptr) return {SysTime(local.time_since_epoch()), std::nullopt, false};
  const date::local_info info = zone_->get_info(to_library(local));
  const SysTime first(local.time_since_epoch() - info.first.offset);
  switch (info.result) {
    case date::local_info::nonexistent:
      return {SysTime(info.first.end.time_since_epoch()), std::nullopt, true};
    case date::local_info::ambiguous:
      return {first, SysTime(local.time_since_epoch() - info.second.offset), false};
    default:
      return {first, std::nullopt, false};
  }
}

}  // namespace martgate
