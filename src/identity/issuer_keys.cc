#include "identity/issuer_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "base/digest.h"
#include "base/files.h"
#include "base/json_writer.h"
#include "json/parse.h"

namespace martgate::identity {
namespace {

constexpr int kBackoffStepsMax = 16;
constexpr std::chrono::milliseconds kPauseMin{10};

std::int64_t ns_of(std::chrono::milliseconds duration) {
  return std::chrono::nanoseconds(duration).count();
}

// A file name that no issuer can choose.
std::filesystem::path kept_file(const std::filesystem::path& folder, const KeySource& source) {
  return folder / (sha256_hex(source.issuer).substr(0, 32) + ".json");
}

// {"fetched_at":…,"issuer":…,"url":…,"jwks":"the text as it came"}
std::string kept_text(const KeySource& source, WallTime fetched_at, std::string_view jwks) {
  std::string text;
  JsonWriter(text)
      .begin_object()
      .field("fetched_at", to_rfc3339(fetched_at))
      .field("issuer", source.issuer)
      .field("url", source.url)
      .field("jwks", jwks)
      .end_object();
  return text + "\n";
}

}  // namespace

std::int64_t next_fetch_ns(const FetchHistory& history, const KeyTimes& times) {
  if (!history.last_ns) return 0;
  std::int64_t wait_ns = ns_of(times.refresh_every);
  if (history.failures > 0) {
    const int doublings = std::min(history.failures - 1, kBackoffStepsMax);
    wait_ns = std::min(wait_ns, ns_of(times.retry_after) << doublings);
  }
  if (history.is_asked_for) wait_ns = std::min(wait_ns, ns_of(times.ask_again_after));
  return *history.last_ns + wait_ns;
}

std::filesystem::path kept_keys_folder(const std::filesystem::path& state_folder) {
  return state_folder / "issuers";
}

std::optional<KeptKeys> read_kept_keys(const std::filesystem::path& kept_folder,
                                       const KeySource& source) {
  const auto text = read_file(kept_file(kept_folder, source), 4 * kKeySetBytesMax);
  if (!text) return std::nullopt;
  const auto kept = parse_ijson(*text);
  if (!kept || !kept->is_object()) return std::nullopt;
  const auto text_of = [&](const char* name) {
    const auto member = kept->find(name);
    return member != kept->end() && member->is_string() ? member->get<std::string>()
                                                        : std::string();
  };
  const auto fetched_at = parse_rfc3339(text_of("fetched_at"));
  if (!fetched_at || text_of("issuer") != source.issuer || text_of("url") != source.url)
    return std::nullopt;
  auto keys = KeySet::parse(text_of("jwks"), source.algorithm);
  if (!keys) return std::nullopt;
  return KeptKeys{std::move(*keys), *fetched_at};
}

IssuerKeys::IssuerKeys(KeyFetcher& fetcher, const Clock& clock, std::filesystem::path kept_folder,
                       KeyTimes times)
    : fetcher_(fetcher), clock_(clock), kept_folder_(std::move(kept_folder)), times_(times) {}

IssuerKeys::~IssuerKeys() = default;

Result<std::unique_ptr<IssuerKeys>> IssuerKeys::start(std::vector<KeySource> sources,
                                                      KeyFetcher& fetcher, const Clock& clock,
                                                      std::filesystem::path kept_folder,
                                                      KeyTimes times) {
  std::unique_ptr<IssuerKeys> keys(new IssuerKeys(fetcher, clock, std::move(kept_folder), times));
  for (KeySource& source : sources) {
    Entry entry;
    entry.source = std::move(source);
    if (entry.source.url.empty()) {
      if (const Status read = keys->fetch(entry); !read) return tl::unexpected(read.error());
    } else if (auto kept = read_kept_keys(keys->kept_folder_, entry.source)) {
      entry.keys = std::make_shared<const KeySet>(std::move(kept->keys));
      entry.fetched_at = kept->fetched_at;
    }
    std::string issuer = entry.source.issuer;
    keys->entries_.emplace(std::move(issuer), std::move(entry));
  }
  if (keys->entries_.empty()) return keys;
  IssuerKeys* self = keys.get();
  keys->thread_ = std::make_unique<Repeating>([self] { return self->fetch_what_is_due(); });
  return keys;
}

Status IssuerKeys::fetch(Entry& entry) {
  // The source is never changed, so it is read without the lock; the network takes its time.
  const KeySource& source = entry.source;
  auto text = fetcher_.fetch(source);
  auto keys = text ? KeySet::parse(*text, source.algorithm) : tl::unexpected(text.error());
  const WallTime now = clock_.now();
  const std::lock_guard lock(mutex_);
  entry.history.last_ns = clock_.monotonic_ns();
  entry.history.is_asked_for = false;
  if (!keys) {
    ++entry.history.failures;
    entry.last_error = keys.error().message;
    return tl::unexpected(with_context(keys.error(), source.place()));
  }
  entry.history.failures = 0;
  entry.last_error.clear();
  entry.keys = std::make_shared<const KeySet>(std::move(*keys));
  entry.fetched_at = now;
  if (!source.url.empty()) {
    // A set that cannot be kept is missed at a restart only.
    std::error_code ignored;
    std::filesystem::create_directories(kept_folder_, ignored);
    static_cast<void>(replace_file(kept_file(kept_folder_, source), kept_text(source, now, *text)));
  }
  return {};
}

std::chrono::milliseconds IssuerKeys::fetch_what_is_due() {
  std::int64_t next_ns = clock_.monotonic_ns() + ns_of(times_.refresh_every);
  for (auto& [issuer, entry] : entries_) {
    std::int64_t due_ns = 0;
    {
      const std::lock_guard lock(mutex_);
      due_ns = next_fetch_ns(entry.history, times_);
    }
    if (due_ns <= clock_.monotonic_ns()) {
      static_cast<void>(fetch(entry));
      const std::lock_guard lock(mutex_);
      due_ns = next_fetch_ns(entry.history, times_);
    }
    next_ns = std::min(next_ns, due_ns);
  }
  const std::chrono::nanoseconds pause(next_ns - clock_.monotonic_ns());
  return std::max(std::chrono::ceil<std::chrono::milliseconds>(pause), kPauseMin);
}

std::shared_ptr<const KeySet> IssuerKeys::find(std::string_view issuer) const {
  const WallTime now = clock_.now();
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(issuer);
  if (entry == entries_.end() || !entry->second.fetched_at) return nullptr;
  if (now - *entry->second.fetched_at > times_.stale_after) return nullptr;
  return entry->second.keys;
}

void IssuerKeys::ask_again(std::string_view issuer) {
  {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(issuer);
    if (entry == entries_.end() || entry->second.history.is_asked_for) return;
    entry->second.history.is_asked_for = true;
  }
  thread_->wake();
}

std::vector<IssuerKeysState> IssuerKeys::states() const {
  const std::lock_guard lock(mutex_);
  std::vector<IssuerKeysState> states;
  for (const auto& [issuer, entry] : entries_) {
    IssuerKeysState state{issuer, entry.source.place(), entry.source.algorithm, 0,
                          {},     entry.fetched_at,     entry.last_error};
    if (entry.keys != nullptr) {
      state.keys = entry.keys->size();
      state.skipped = entry.keys->skipped();
    }
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace martgate::identity
