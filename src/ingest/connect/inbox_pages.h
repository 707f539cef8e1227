// What a webhook delivered -> pages of one table.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "catalog/project.h"
#include "ingest/connect/pages.h"

namespace martgate::ingest {

inline constexpr std::int64_t kInboxPageRows = 1'000;        // deliveries of a page
inline constexpr std::int64_t kInboxPageBytes = 16LL << 20;  // of their bodies

// {"inbox": "<identity>", "seq": 12}: everything up to there was loaded.
struct InboxPlace {
  std::string inbox;
  std::int64_t seq = 0;
};
[[nodiscard]] std::string to_text(const InboxPlace& place);
[[nodiscard]] InboxPlace parse_inbox_place(const std::string& text);

// A body that is no JSON, or that no table of the source has rows in, goes to the quarantine of the
// source's first table. Borrows source and table.
[[nodiscard]] std::unique_ptr<Pages> inbox_pages(const std::filesystem::path& path,
                                                 const catalog::Source& source,
                                                 const catalog::SourceTable& table,
                                                 const std::string& cursor);

}  // namespace martgate::ingest
