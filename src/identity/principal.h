// Who asks: established once at the edge, carried through every layer, written into the journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace martgate::identity {

// What stands behind a subject. Only a person can take a decision that needs a person.
enum class Kind : std::uint8_t { Person, Agent, Service };
[[nodiscard]] std::string_view name_of(Kind kind);  // "person"
[[nodiscard]] std::optional<Kind> kind_named(std::string_view name);

// A subject as its issuer names it. Compared byte by byte; there is no folding of case or form.
struct Subject {
  std::string name;
  std::string issuer;

  friend bool operator==(const Subject&, const Subject&) = default;
};

struct Principal {
  Subject subject;
  Kind kind = Kind::Agent;
  std::string tenant = "default";
  std::string client;               // the OAuth client that holds the token; may be empty
  std::vector<std::string> roles;   // sorted, each once
  std::vector<std::string> scopes;  // sorted, each once, with what they imply
  // Who acts for the subject (claim `act`, RFC 8693 section 4.1), the one that acts now first.
  std::vector<Subject> actors;
  // Which credential it was, never the credential: "key:…" or "token:…"; empty without one.
  std::string credential;

  friend bool operator==(const Principal&, const Principal&) = default;
};

// Issuers of our own. Those of tokens are URLs, so the names cannot meet.
inline constexpr std::string_view kLocalIssuer = "local";  // the launch configuration, loopback
inline constexpr std::string_view kKeyIssuer = "keys";     // API keys
inline constexpr std::string_view kLocalName = "local";

// Together with '@' they fit a name of the journal, 255 bytes of printable ASCII.
inline constexpr std::size_t kSubjectBytesMax = 120;
inline constexpr std::size_t kIssuerBytesMax = 120;

// 1 to kSubjectBytesMax visible ASCII characters, no blank: no two of them look alike, and none can
// dress up a log line or an approval.
[[nodiscard]] bool is_subject_name(std::string_view name);
// [A-Za-z0-9][A-Za-z0-9._-]{0,63}: it becomes a part of file names.
[[nodiscard]] bool is_tenant_name(std::string_view name);

// "alice@https://login.example", "nightly@keys"; the local subject of the local issuer is "local".
// An issuer holds no '@', so the last one divides: different subjects have different texts.
[[nodiscard]] std::string to_text(const Subject& subject);

// The principal of a caller on this machine who showed nothing: an agent called "local".
[[nodiscard]] Principal local_principal();

// "alice", "person:alice", "service:nightly": a launch configuration's word for who asks; an agent
// when no kind is given. Errors: InvalidArgument.
[[nodiscard]] Result<Principal> launched_as(std::string_view text);

}  // namespace martgate::identity
