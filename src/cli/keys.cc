// martgate keys add|list|revoke: API keys of this state folder; a running server notices.
#include <fmt/format.h>

#include <charconv>

#include "base/json_writer.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/opened.h"
#include "identity/key_store.h"
#include "identity/key_watch.h"

namespace martgate::cli {
namespace {

using identity::ApiKey;
using identity::KeyStore;

// "90d", "12h", "never", a day or a moment; days end at midnight UTC.
Result<std::optional<WallTime>> expiry_of(const std::string& text, WallTime now) {
  if (text == "never") return std::optional<WallTime>();
  if (const auto moment = parse_rfc3339(text)) return std::optional(*moment);
  if (const auto day = parse_rfc3339(text + "T00:00:00Z")) return std::optional(*day);
  int count = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, count);
  constexpr int kCountMax = 10'000;
  if (read.ec == std::errc() && read.ptr + 1 == end && count > 0 && count <= kCountMax) {
    if (text.back() == 'd') return std::optional<WallTime>(now + std::chrono::hours(24) * count);
    if (text.back() == 'h') return std::optional<WallTime>(now + std::chrono::hours(count));
  }
  return fail(Code::InvalidArgument, fmt::format("\"{}\" is no time to expire", shown(text, 60)),
              {"accepted: 90d, 12h, 2027-01-31, 2027-01-31T12:00:00Z, never"});
}

std::string state_of(const ApiKey& key, WallTime now) {
  if (key.revoked_at) return "revoked";
  return key.expires_at && *key.expires_at <= now ? "expired" : "live";
}

std::string day_or(const std::optional<WallTime>& at, const char* otherwise) {
  return at ? to_rfc3339(*at).substr(0, 10) : otherwise;
}

// Everything but the secret, which is not there.
void write_key(JsonWriter& json, const ApiKey& key, WallTime now) {
  const auto words = [&](const char* name, const std::vector<std::string>& list) {
    json.key(name).begin_array();
    for (const std::string& word : list) json.string(word);
    json.end_array();
  };
  const auto time = [&](const char* name, const std::optional<WallTime>& at) {
    json.key(name);
    if (at)
      json.string(to_rfc3339(*at));
    else
      json.null();
  };
  json.field("id", key.id)
      .field("name", key.name)
      .field("principal",
             to_text(identity::Subject{key.subject, std::string(identity::kKeyIssuer)}))
      .field("kind", name_of(key.kind))
      .field("tenant", key.tenant);
  words("roles", key.roles);
  words("scopes", key.scopes);
  time("created_at", key.created_at);
  time("expires_at", key.expires_at);
  time("revoked_at", key.revoked_at);
  time("last_used_at", key.last_used_at);
  json.field("state", state_of(key, now));
}

Exit failed(App& app, const Error& error) {
  app.terminal.error(error);
  return exit_of(error);
}

Exit add(App& app, KeyStore& store, const KeysArgs& args) {
  ApiKey key;
  key.name = args.name;
  key.subject = args.principal.empty() ? args.name : args.principal;
  key.kind = identity::kind_named(args.kind).value_or(identity::Kind::Service);
  key.tenant = args.tenant;
  key.roles = args.roles;
  key.scopes = args.scopes;
  const auto expires_at = expiry_of(args.expires, app.clock.now());
  if (!expires_at) {
    app.terminal.error(expires_at.error());
    return Exit::Usage;
  }
  key.expires_at = *expires_at;
  const auto text = store.add(key, app.clock, app.ids);
  if (!text) return failed(app, text.error());
  if (app.json) {
    std::string line;
    JsonWriter json(line);
    json.begin_object();
    write_key(json, key, app.clock.now());
    json.field("key", *text).end_object();
    app.terminal.print(line + "\n");
    return Exit::Ok;
  }
  app.terminal.note(fmt::format(
      "{}, {} {} of tenant {}, {}",
      identity::to_text({key.subject, std::string(identity::kKeyIssuer)}),
      key.kind == identity::Kind::Agent ? "an" : "a", name_of(key.kind), key.tenant,
      key.expires_at ? "until " + to_rfc3339(*key.expires_at) : std::string("without an end")));
  app.terminal.note(
      "the key is shown this once and kept nowhere; clients send it as a bearer token");
  app.terminal.print(*text + "\n");
  return Exit::Ok;
}

Exit list(App& app, KeyStore& store) {
  const auto keys = store.keys();
  if (!keys) return failed(app, keys.error());
  const WallTime now = app.clock.now();
  if (app.json) {
    std::string text;
    JsonWriter json(text);
    json.begin_array();
    for (const auto& stored : *keys) {
      json.begin_object();
      write_key(json, stored.key, now);
      json.end_object();
    }
    json.end_array();
    app.terminal.print(text + "\n");
    return Exit::Ok;
  }
  if (keys->empty()) {
    app.terminal.note("there are no keys; make one: martgate keys add NAME");
    return Exit::Ok;
  }
  Table table({{"id"},
               {"name"},
               {"principal"},
               {"kind"},
               {"tenant"},
               {"scopes"},
               {"created"},
               {"expires"},
               {"last used"},
               {"state"}});
  for (const auto& stored : *keys) {
    const ApiKey& key = stored.key;
    table.add_row({key.id, key.name, key.subject, std::string(name_of(key.kind)), key.tenant,
                   key.scopes.empty() ? "-" : join(key.scopes, " "), day_or(key.created_at, ""),
                   day_or(key.expires_at, "never"), day_or(key.last_used_at, "never"),
                   state_of(key, now)});
  }
  app.terminal.print_table(table);
  return Exit::Ok;
}

Exit revoke(App& app, KeyStore& store, const KeysArgs& args) {
  const auto key = store.revoke(args.name, app.clock.now());
  if (!key) return failed(app, key.error());
  app.terminal.print(fmt::format(
      "{} ({}) is revoked; a running server refuses it within {} s\n", key->name, key->id,
      std::chrono::ceil<std::chrono::seconds>(identity::kKeyLookEvery).count()));
  return Exit::Ok;
}

}  // namespace

Exit run_keys(App& app, const KeysArgs& args) {
  if (args.word != "list" && args.name.empty()) {
    app.terminal.error({Code::InvalidArgument,
                        fmt::format("martgate keys {} needs the name of a key", args.word),
                        {fmt::format("martgate keys {} nightly", args.word)}});
    return Exit::Usage;
  }
  const auto project = open_project(app);
  if (!project) return Exit::Project;
  const auto& folder = project->settings.state_folder;
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  auto store = KeyStore::open(KeyStore::path_in(folder));
  if (!store) {
    app.terminal.error(store.error());
    return Exit::Environment;
  }
  if (args.word == "add") return add(app, *store, args);
  if (args.word == "list") return list(app, *store);
  return revoke(app, *store, args);
}

}  // namespace martgate::cli
