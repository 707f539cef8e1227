// The key sets of all issuers of a running server: fetched in the background, the last good one
// kept, never fetched while a request waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "identity/key_set.h"
#include "identity/key_source.h"
#include "identity/repeating.h"

namespace martgate::identity {

struct KeyTimes {
  std::chrono::milliseconds refresh_every = std::chrono::minutes(10);
  // After a failure; doubled with each further one up to refresh_every.
  std::chrono::milliseconds retry_after = std::chrono::seconds(15);
  // A token with an unknown kid asks for a look, which comes at least this long after the last one:
  // tokens that anybody can make up must not become requests to the issuer.
  std::chrono::milliseconds ask_again_after = std::chrono::seconds(30);
  // An issuer that could not be reached for this long vouches for nobody any more.
  std::chrono::milliseconds stale_after = std::chrono::hours(24);
};

// What decides when the next look is due; pure.
struct FetchHistory {
  std::optional<std::int64_t> last_ns;  // of the last attempt
  int failures = 0;                     // since the last success
  bool is_asked_for = false;
};
[[nodiscard]] std::int64_t next_fetch_ns(const FetchHistory& history, const KeyTimes& times);

struct IssuerKeysState {
  std::string issuer;
  std::string place;
  Algorithm algorithm = Algorithm::RS256;
  std::size_t keys = 0;
  std::vector<std::string> skipped;
  std::optional<WallTime> fetched_at;
  std::string last_error;  // empty after a success
};

// Sets fetched from a URL are kept in `kept_folder`, so that a restart while the issuer is away
// goes on with them. Threads: every member may be called from any thread.
class IssuerKeys {
 public:
  // Reads files and kept sets, then goes on in the background. Fetcher and clock outlive this.
  // Errors: those of a key file; a URL that does not answer is no error.
  [[nodiscard]] static Result<std::unique_ptr<IssuerKeys>> start(std::vector<KeySource> sources,
                                                                 KeyFetcher& fetcher,
                                                                 const Clock& clock,
                                                                 std::filesystem::path kept_folder,
                                                                 KeyTimes times = {});
  ~IssuerKeys();
  IssuerKeys(const IssuerKeys&) = delete;
  IssuerKeys& operator=(const IssuerKeys&) = delete;

  // Null while there is none, and when the last one is stale.
  [[nodiscard]] std::shared_ptr<const KeySet> find(std::string_view issuer) const;
  // A token named a key that is not there.
  void ask_again(std::string_view issuer);
  [[nodiscard]] std::vector<IssuerKeysState> states() const;

 private:
  struct Entry {
    KeySource source;
    FetchHistory history;
    std::shared_ptr<const KeySet> keys;  // shared with requests that are being checked
    std::optional<WallTime> fetched_at;
    std::string last_error;
  };

  IssuerKeys(KeyFetcher& fetcher, const Clock& clock, std::filesystem::path kept_folder,
             KeyTimes times);
  Status fetch(Entry& entry);
  [[nodiscard]] std::chrono::milliseconds fetch_what_is_due();

  KeyFetcher& fetcher_;
  const Clock& clock_;
  const std::filesystem::path kept_folder_;
  const KeyTimes times_;
  mutable std::mutex mutex_;  // guards what entries hold, not their number
  std::map<std::string, Entry, std::less<>> entries_;
  std::unique_ptr<Repeating> thread_;  // the last member: it ends before the rest does
};

// The set that was kept of a URL; nothing when there is none, or it is another's, or damaged.
struct KeptKeys {
  KeySet keys;
  WallTime fetched_at;
};
[[nodiscard]] std::optional<KeptKeys> read_kept_keys(const std::filesystem::path& kept_folder,
                                                     const KeySource& source);
[[nodiscard]] std::filesystem::path kept_keys_folder(const std::filesystem::path& state_folder);

}  // namespace martgate::identity
