// How a source is reached when its data does not lie as files in the data folder: what the
// `connector:` block of a source and the `read:`, `request:` and `event:` blocks of its tables say.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace martgate::catalog {

inline constexpr std::int64_t kMiB = 1 << 20;

// ---- how to reach the system; secrets are named, never held

struct SqliteAccess {
  std::string database;  // file under the data folder
  std::int64_t busy_ms_max = 5'000;
  std::int64_t read_ms_max = 600'000;  // of one table, from its first row to its last
};

enum class Tls : std::uint8_t { VerifyFull, Require, Disable };

struct PostgresAccess {
  std::string host;  // a name, an address, or the folder of a unix socket
  int port = 5432;
  std::string database;
  std::string user;
  std::string password_env;  // name of an environment variable; may be empty
  std::string passfile;      // path of a libpq password file; may be empty
  Tls tls = Tls::VerifyFull;
  std::string ca_file;  // empty: the system's certificates
  std::int64_t connect_ms_max = 10'000;
  std::int64_t statement_ms_max = 600'000;
};

struct HttpAuth {
  std::string header = "Authorization";
  std::string prefix = "Bearer ";
  std::string secret_env;
};

struct HttpAccess {
  std::string base_url;  // "https://api.example.com/v1", without a slash at its end
  std::map<std::string, std::string> headers;
  std::optional<HttpAuth> auth;
  std::string ca_file;                      // empty: the system's certificates
  std::int64_t connect_ms_max = 10'000;     // name, connection and TLS handshake
  std::int64_t request_ms_max = 30'000;     // one request, its last byte included
  std::int64_t page_bytes_max = 16 * kMiB;  // body of one answer
  std::int64_t pages_max = 1'000;           // of one table in one run
  std::int64_t poll_bytes_max = 1'024 * kMiB;
  std::int64_t poll_ms_max = 600'000;
  std::int64_t wait_ms_max = 60'000;  // longest pause a rate limit may ask for within a run
};

// What a signature covers, and how it is written.
struct Signature {
  enum class Scheme : std::uint8_t {
    Timestamped,  // one field "t=<seconds>,v1=<hex>[,v1=<hex>]", over "<t>.<body>"
    Plain,        // one field "<prefix><digest>", over `signed_text`
  };
  enum class Encoding : std::uint8_t { Hex, Base64 };
  Scheme scheme = Scheme::Plain;
  Encoding encoding = Encoding::Hex;
  std::string header;
  std::string prefix;                   // "sha256="
  std::string signed_text = "{body}";   // template of {body}, {timestamp} and {id}
  std::string timestamp_header;         // seconds since 1970; only when signed_text has {timestamp}
  std::vector<std::string> secret_env;  // variables; any of them may have signed: rotation
  std::int64_t tolerance_s = 300;       // distance of the signed time from now, either way
};

struct WebhookAccess {
  Signature signature;
  std::string id_header;   // where the delivery id stands: a field of the head …
  std::string id_pointer;  // … or a JSON pointer into the body
  std::int64_t body_bytes_max = kMiB;
};

using PollAccess = std::variant<SqliteAccess, PostgresAccess, HttpAccess>;

// What a webhook missed, found by polling.
struct Reconcile {
  std::int64_t window_h = 72;  // how far back each run looks
  PollAccess access;
};

struct Retry {
  int attempts_max = 5;  // of one piece, the first included
  std::int64_t base_ms = 500;
  std::int64_t delay_ms_max = 30'000;
};

struct Connector {
  std::variant<SqliteAccess, PostgresAccess, HttpAccess, WebhookAccess> access;
  std::optional<Reconcile> reconcile;  // webhooks only
  Retry retry;
};

// ---- what a table reads there

enum class CursorType : std::uint8_t { Integer, Timestamp, Text };

// A column whose values grow; reading goes on where the last run ended, less the overlap.
struct CursorColumn {
  std::string column;
  CursorType type = CursorType::Integer;
  std::int64_t overlap = 0;  // seconds of a timestamp, units of an integer, 0 for text
};

struct DatabaseRead {
  std::string table;  // "orders", "public.orders"; or else …
  std::string query;  // … one SELECT
  std::optional<CursorColumn> cursor;
};

struct Paging {
  enum class Style : std::uint8_t { None, Number, Cursor, Link };
  Style style = Style::None;
  std::string param;         // Number: "page"; Cursor: "cursor"
  std::string size_param;    // Number: "per_page"; may be empty
  std::int64_t size = 0;     // Number: rows of a full page
  std::int64_t first = 1;    // Number
  std::string next;          // JSON pointer; Cursor: the next token; Link: the next address
  std::string total;         // Number: JSON pointer to the number of rows there are; may be empty
  bool keeps_token = false;  // Cursor: the next run goes on behind the last token
};

// Only what changed since: the largest value seen goes into a parameter.
struct Since {
  enum class Format : std::uint8_t { Rfc3339, EpochSeconds, EpochMilliseconds, Integer };
  std::string param;
  std::string column;
  Format format = Format::Rfc3339;
  std::int64_t overlap = 0;  // seconds; units when the format is Integer
};

// Rows inside a JSON text.
struct JsonRows {
  std::string rows;  // JSON pointer to an array of objects or one object; "" is the whole text
  // Declared column -> JSON pointer within a row. When there is a map, members that it and the
  // declared names do not reach are left out; otherwise they count as drift.
  std::optional<std::map<std::string, std::string>> members;
};

struct HttpRequest {
  std::string path;  // behind the base URL, "/orders"
  std::vector<std::pair<std::string, std::string>> params;
  JsonRows body;
  Paging paging;
  std::optional<Since> since;
};

// Where the rows of one table come from.
struct Extract {
  std::variant<std::monostate, DatabaseRead, HttpRequest> read;
  std::optional<JsonRows> event;  // webhooks; `read` is then the reconciliation, if any
  // Rows that are equal in these columns are one row; in every column when none is named.
  std::vector<std::string> once_by;
};

}  // namespace martgate::catalog
