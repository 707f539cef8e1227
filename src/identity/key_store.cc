#include "identity/key_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/private_file.h"
#include "base/text.h"

namespace martgate::identity {
namespace {

using store::Value;

constexpr std::int64_t kFormat = 1;
constexpr std::size_t kNameBytesMax = 64;

std::int64_t ms_of(WallTime at) {
  return at.time_since_epoch().count();
}

Value ms_or_null(const std::optional<WallTime>& at) {
  return at ? Value(ms_of(*at)) : Value();
}

std::optional<WallTime> time_at(const store::Statement& row, int column) {
  if (row.column_is_null(column)) return std::nullopt;
  return WallTime(std::chrono::milliseconds(row.column_int(column)));
}

// Words are kept in one cell with blanks between them; none of them holds a blank.
std::vector<std::string> words_in(const std::string& cell) {
  std::vector<std::string> words;
  for (const std::string_view word : split(cell, ' ')) {
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

bool is_word(std::string_view word) {
  return is_subject_name(word) && word.find_first_of("\"\\") == std::string_view::npos;
}

bool is_key_name(std::string_view name) {
  return is_tenant_name(name) && name.size() <= kNameBytesMax;
}

Status check(const ApiKey& key, WallTime now) {
  if (!is_key_name(key.name)) {
    return fail(Code::InvalidArgument, fmt::format("\"{}\" cannot name a key", shown(key.name, 80)),
                {"accepted: letters, digits, '.', '_' and '-', at most 64, no sign in front"});
  }
  if (!is_subject_name(key.subject)) {
    return fail(Code::InvalidArgument,
                fmt::format("\"{}\" cannot name a principal", shown(key.subject, 80)),
                {fmt::format("accepted: 1 to {} visible ASCII characters without a blank",
                             kSubjectBytesMax)});
  }
  if (!is_tenant_name(key.tenant)) {
    return fail(Code::InvalidArgument,
                fmt::format("\"{}\" cannot name a tenant", shown(key.tenant, 80)));
  }
  for (const auto* words : {&key.roles, &key.scopes}) {
    const auto bad = std::ranges::find_if_not(*words, is_word);
    if (bad != words->end()) {
      return fail(
          Code::InvalidArgument,
          fmt::format("\"{}\" is no {}", shown(*bad, 80), words == &key.roles ? "role" : "scope"),
          {"accepted: visible ASCII without blanks, quotes and backslashes"});
    }
  }
  if (key.expires_at && *key.expires_at <= now) {
    return fail(Code::InvalidArgument,
                fmt::format("{} has passed already", to_rfc3339(*key.expires_at)));
  }
  return {};
}

}  // namespace

std::filesystem::path KeyStore::path_in(const std::filesystem::path& state_folder) {
  return state_folder / "keys.db";
}

Result<KeyStore> KeyStore::open(const std::filesystem::path& path) {
  if (const Status ready = prepare_private_file(path, "keys_readable"); !ready)
    return tl::unexpected(ready.error());
  auto connection = store::Connection::open_writable(path, store::Durability::Full);
  if (!connection) return tl::unexpected(connection.error());
  const auto format = connection->query_value("PRAGMA user_version");
  if (!format) return tl::unexpected(format.error());
  const std::int64_t found = std::get<std::int64_t>(*format);
  if (found != 0 && found != kFormat) {
    return fail(Code::FailedPrecondition, fmt::format("{} has format {}; this program knows {}",
                                                      path.string(), found, kFormat));
  }
  if (found == 0) {
    auto transaction = store::Transaction::begin(*connection);
    if (!transaction) return tl::unexpected(transaction.error());
    // Two programs may come here at once: the second finds everything there.
    const Status made = connection->execute(R"(
        CREATE TABLE IF NOT EXISTS keys (
          id TEXT PRIMARY KEY NOT NULL,
          name TEXT NOT NULL,
          subject TEXT NOT NULL,
          kind TEXT NOT NULL CHECK (kind IN ('person', 'agent', 'service')),
          tenant TEXT NOT NULL,
          roles TEXT NOT NULL,
          scopes TEXT NOT NULL,
          salt TEXT NOT NULL CHECK (length(salt) = 32),
          sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
          created_ms INTEGER NOT NULL,
          expires_ms INTEGER,
          revoked_ms INTEGER,
          last_used_ms INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX IF NOT EXISTS living_names ON keys (name) WHERE revoked_ms IS NULL;
        PRAGMA user_version = 1;)");
    if (!made) return tl::unexpected(made.error());
    if (const Status done = transaction->commit(); !done) return tl::unexpected(done.error());
  }
  return KeyStore(std::move(*connection));
}

Result<std::string> KeyStore::add(ApiKey& key, const Clock& clock, IdSource& ids) {
  key.created_at = clock.now();
  if (const Status good = check(key, key.created_at); !good) return tl::unexpected(good.error());
  auto transaction = store::Transaction::begin(connection_);
  if (!transaction) return tl::unexpected(transaction.error());
  const std::array<Value, 1> name{key.name};
  const auto same =
      connection_.query("SELECT id FROM keys WHERE name = ? AND revoked_ms IS NULL", name);
  if (!same) return tl::unexpected(same.error());
  if (same->row_count() != 0) {
    return fail(Code::FailedPrecondition, fmt::format("there is a key \"{}\" already", key.name),
                {fmt::format("revoke it first: martgate keys revoke {}", key.name),
                 "or take another name; one principal may have several keys"});
  }
  const auto count = connection_.query_value("SELECT count(*) FROM keys");
  if (!count) return tl::unexpected(count.error());
  if (std::get<std::int64_t>(*count) >= static_cast<std::int64_t>(kApiKeysMax)) {
    return fail(Code::ResourceExhausted,
                fmt::format("there are {} keys, revoked ones included; no more fit", kApiKeysMax));
  }
  NewSecret fresh = new_secret(ids);
  key.id = fresh.id;
  const std::array<Value, 11> values{Value(key.id),
                                     Value(key.name),
                                     Value(key.subject),
                                     Value(std::string(name_of(key.kind))),
                                     Value(key.tenant),
                                     Value(join(key.roles, " ")),
                                     Value(join(key.scopes, " ")),
                                     Value(fresh.hash.salt),
                                     Value(fresh.hash.sha256),
                                     Value(ms_of(key.created_at)),
                                     ms_or_null(key.expires_at)};
  auto insert = connection_.prepare(
      "INSERT INTO keys (id, name, subject, kind, tenant, roles, scopes, salt, sha256, created_ms, "
      "expires_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!insert) return tl::unexpected(insert.error());
  Status done = insert->bind_all(values);
  if (done) done = insert->run();
  if (done) done = transaction->commit();
  if (!done) return tl::unexpected(done.error());
  return std::move(fresh.text);
}

Result<std::vector<StoredKey>> KeyStore::keys() {
  auto rows = connection_.prepare(
      "SELECT id, name, subject, kind, tenant, roles, scopes, salt, sha256, created_ms, "
      "expires_ms, "
      "revoked_ms, last_used_ms FROM keys ORDER BY created_ms, id");
  if (!rows) return tl::unexpected(rows.error());
  std::vector<StoredKey> keys;
  for (;;) {
    const auto more = rows->step();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return keys;
    StoredKey stored;
    stored.key = {.id = rows->column_text(0),
                  .name = rows->column_text(1),
                  .subject = rows->column_text(2),
                  .kind = kind_named(rows->column_text(3)).value_or(Kind::Service),
                  .tenant = rows->column_text(4),
                  .roles = words_in(rows->column_text(5)),
                  .scopes = words_in(rows->column_text(6)),
                  .created_at = time_at(*rows, 9).value_or(WallTime{}),
                  .expires_at = time_at(*rows, 10),
                  .revoked_at = time_at(*rows, 11),
                  .last_used_at = time_at(*rows, 12)};
    stored.hash = {rows->column_text(7), rows->column_text(8)};
    keys.push_back(std::move(stored));
  }
}

Result<ApiKey> KeyStore::revoke(std::string_view id_or_name, WallTime at) {
  auto transaction = store::Transaction::begin(connection_);
  if (!transaction) return tl::unexpected(transaction.error());
  auto all = keys();
  if (!all) return tl::unexpected(all.error());
  std::vector<std::string> names;
  ApiKey* found = nullptr;
  for (StoredKey& stored : *all) {
    if (!stored.key.revoked_at) names.push_back(stored.key.name);
    if (stored.key.id != id_or_name && stored.key.name != id_or_name) continue;
    // A name may have been used before: its living key is meant.
    if (found == nullptr || found->revoked_at) found = &stored.key;
  }
  if (found == nullptr) {
    return fail(Code::NotFound, fmt::format("there is no key \"{}\"", shown(id_or_name, 80)),
                name_hints(id_or_name, names));
  }
  if (found->revoked_at) {
    return fail(Code::FailedPrecondition, fmt::format("the key {} was revoked on {}", found->name,
                                                      to_rfc3339(*found->revoked_at)));
  }
  found->revoked_at = at;
  auto update = connection_.prepare("UPDATE keys SET revoked_ms = ? WHERE id = ?");
  if (!update) return tl::unexpected(update.error());
  const std::array<Value, 2> values{Value(ms_of(at)), Value(found->id)};
  Status done = update->bind_all(values);
  if (done) done = update->run();
  if (done) done = transaction->commit();
  if (!done) return tl::unexpected(done.error());
  return std::move(*found);
}

Status KeyStore::note_use(const std::map<std::string, WallTime>& used_at_by_id) {
  auto transaction = store::Transaction::begin(connection_);
  if (!transaction) return tl::unexpected(transaction.error());
  auto update = connection_.prepare(
      "UPDATE keys SET last_used_ms = max(coalesce(last_used_ms, 0), ?) WHERE id = ?");
  if (!update) return tl::unexpected(update.error());
  for (const auto& [id, at] : used_at_by_id) {
    const std::array<Value, 2> values{Value(ms_of(at)), Value(id)};
    Status done = update->bind_all(values);
    if (done) done = update->run();
    if (!done) return done;
    update->reset();
  }
  return transaction->commit();
}

Result<std::int64_t> KeyStore::version() {
  const auto version = connection_.query_value("PRAGMA data_version");
  if (!version) return tl::unexpected(version.error());
  return std::get<std::int64_t>(*version);
}

}  // namespace martgate::identity
