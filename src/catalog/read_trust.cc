// How old data may be, and what happens to answers from data that is too old or does not hold.
#include <algorithm>

#include "catalog/read_objects.h"

namespace martgate::catalog {
namespace {

std::optional<std::chrono::minutes> read_age(const Node& node) {
  if (!node.exists()) return std::nullopt;
  const std::string period = node.at("period").text();
  const std::int64_t minutes = period == "minute" ? 1 : period == "hour" ? 60 : 24 * 60;
  std::int64_t age = 0;
  if (__builtin_mul_overflow(node.at("count").integer(), minutes, &age)) age = INT64_MAX;
  return std::chrono::minutes(age);
}

}  // namespace

Freshness read_freshness(const Node& node) {
  Freshness freshness{read_age(node.at("warn_after")), read_age(node.at("error_after"))};
  if (freshness.warn_after && freshness.error_after &&
      *freshness.warn_after > *freshness.error_after) {
    node.at("warn_after")
        .mistake("warn_after is longer than error_after, so it never warns",
                 {"a warning comes before the error"});
  }
  return freshness;
}

TrustPolicy read_trust(const Node& node) {
  const std::vector<std::string> words = node.at("refuse").texts();
  const auto has = [&](std::string_view word) {
    return std::ranges::find(words, word) != words.end();
  };
  return {.refuse_warn = has("warn"),
          .refuse_unknown = has("unknown"),
          .refuse_stale = has("stale"),
          .refuse_fail = has("fail")};
}

}  // namespace martgate::catalog
