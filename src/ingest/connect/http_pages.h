// A JSON interface, polled page by page.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "catalog/project.h"
#include "ingest/connect/http_get.h"
#include "ingest/connect/pages.h"
#include "ingest/connect/secrets.h"

namespace martgate::ingest {

inline constexpr int kRedirectsMax = 5;     // of one request
inline constexpr int kShiftedPollsMax = 3;  // polls over again because rows moved between pages
inline constexpr std::size_t kJsonValuesMax = 4'000'000;  // in one answer

struct HttpStart {
  std::string cursor;
  std::optional<std::string> since;  // instead of what the cursor remembers
};

// One network call; a test may put its own in place.
using HttpGet = std::function<Attempt<HttpAnswer>(const Url&, const HttpGetOptions&)>;

struct HttpSurroundings {
  Secrets secret;
  std::function<void(std::int64_t ms)> wait;
  HttpGet get;
  const Clock& clock;
};

// Each page is a page; of a table that is loaded whole, all of them together are one, kept in an
// unlinked temporary file until it is loaded. Borrows access, table and clock.
[[nodiscard]] std::unique_ptr<Pages> http_pages(const catalog::HttpAccess& access,
                                                const catalog::SourceTable& table,
                                                const catalog::HttpRequest& request,
                                                HttpStart start, HttpSurroundings around);

}  // namespace martgate::ingest
