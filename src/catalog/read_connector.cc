#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/text.h"
#include "catalog/read_objects.h"

namespace martgate::catalog {
namespace {

// Keys of a connector that name a system; the schema refuses every other spelling.
constexpr std::array<std::string_view, 4> kSystems{"sqlite", "postgres", "http", "webhook"};
constexpr std::array<std::string_view, 4> kTableBlocks{"files", "read", "request", "event"};

template <std::size_t N>
std::vector<std::string> present(const Node& node, const std::array<std::string_view, N>& names) {
  std::vector<std::string> found;
  for (const std::string_view name : names) {
    if (node.at(name).exists()) found.emplace_back(name);
  }
  return found;
}

SqliteAccess read_sqlite(const Node& node) {
  SqliteAccess access;
  access.database = node.at("database").text();
  const std::filesystem::path path(access.database);
  if (path.is_absolute() || std::ranges::find(path, "..") != path.end()) {
    node.at("database")
        .mistake("a path that leaves the data folder", {"the database lies below the data folder"});
  }
  access.busy_ms_max = node.at("busy_ms_max").integer(access.busy_ms_max);
  access.read_ms_max = node.at("read_ms_max").integer(access.read_ms_max);
  return access;
}

PostgresAccess read_postgres(const Node& node) {
  PostgresAccess access;
  access.host = node.at("host").text();
  access.port = static_cast<int>(node.at("port").integer(access.port));
  access.database = node.at("database").text();
  access.user = node.at("user").text();
  access.password_env = node.at("password_env").text();
  access.passfile = node.at("passfile").text();
  access.ca_file = node.at("ca_file").text();
  access.connect_ms_max = node.at("connect_ms_max").integer(access.connect_ms_max);
  access.statement_ms_max = node.at("statement_ms_max").integer(access.statement_ms_max);
  const bool is_socket = access.host.starts_with('/');
  const std::string tls = node.at("tls").text(is_socket ? "disable" : "verify-full");
  if (tls == "disable")
    access.tls = Tls::Disable;
  else if (tls == "require")
    access.tls = Tls::Require;
  if (is_socket && access.tls != Tls::Disable) {
    node.at("tls").mistake("a unix socket has no TLS", {"leave tls out, or name a host"});
  }
  if (!access.password_env.empty() && !access.passfile.empty()) {
    node.at("passfile").mistake("passfile stands beside password_env", {"keep one of them"});
  }
  return access;
}

bool is_loopback(std::string_view authority) {
  const std::string_view host = authority.substr(0, authority.rfind(':'));
  return authority == "localhost" || authority == "127.0.0.1" || authority == "[::1]" ||
         host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

std::string read_base_url(const Node& node) {
  std::string url = node.text();
  while (url.ends_with('/')) url.pop_back();
  const bool is_https = url.starts_with("https://");
  const bool is_http = url.starts_with("http://");
  const std::string_view rest = std::string_view(url).substr(is_https ? 8 : is_http ? 7 : 0);
  const std::string_view authority = rest.substr(0, rest.find('/'));
  if ((!is_https && !is_http) || authority.empty() ||
      url.find_first_of(" ?#@\\\t") != std::string::npos) {
    node.mistake(fmt::format("\"{}\" is no base URL", shown(url, 80)),
                 {"accepted: https://host[:port][/path], without user, query and fragment"});
  } else if (is_http && !is_loopback(authority)) {
    node.mistake("http sends data and secrets in the clear",
                 {"accepted: https, or http to localhost, 127.0.0.1 and [::1]"});
  }
  return url;
}

HttpAccess read_http(const Node& node) {
  HttpAccess access;
  access.base_url = read_base_url(node.at("base_url"));
  const Node headers = node.at("headers");
  for (const std::string& name : headers.keys()) access.headers[name] = headers.at(name).text();
  if (const Node auth = node.at("auth"); auth.exists()) {
    access.auth = HttpAuth{.header = auth.at("header").text("Authorization"),
                           .prefix = auth.at("prefix").text("Bearer "),
                           .secret_env = auth.at("secret_env").text()};
  }
  access.ca_file = node.at("ca_file").text();
  for (const auto& [key, limit] : {std::pair{"connect_ms_max", &access.connect_ms_max},
                                   {"request_ms_max", &access.request_ms_max},
                                   {"page_bytes_max", &access.page_bytes_max},
                                   {"pages_max", &access.pages_max},
                                   {"poll_bytes_max", &access.poll_bytes_max},
                                   {"poll_ms_max", &access.poll_ms_max},
                                   {"wait_ms_max", &access.wait_ms_max}}) {
    *limit = node.at(key).integer(*limit);
  }
  return access;
}

// The braces of a template name what is known; the body is always signed.
void check_signed_text(const Node& node, const Signature& signature) {
  const Node place = node.at("signed");
  std::string rest = signature.signed_text;
  const auto take = [&](std::string_view word) {
    const std::size_t at = rest.find(word);
    if (at != std::string::npos) rest.erase(at, word.size());
    return at != std::string::npos;
  };
  const bool has_body = take("{body}");
  const bool has_time = take("{timestamp}");
  take("{id}");
  if (!has_body) place.mistake("the body is not signed", {"accepted: a text with {body} in it"});
  if (rest.find_first_of("{}") != std::string::npos) {
    place.mistake("an unknown placeholder", {"accepted: {body}, {timestamp} and {id}, each once"});
  }
  if (has_time != !signature.timestamp_header.empty()) {
    place.mistake(has_time ? "{timestamp} needs a timestamp_header"
                           : "timestamp_header is not signed, so anybody could change it",
                  {"name timestamp_header and put {timestamp} into signed, or neither"});
  }
}

Signature read_signature(const Node& node) {
  Signature signature;
  if (node.at("scheme").text() == "timestamped") signature.scheme = Signature::Scheme::Timestamped;
  if (node.at("encoding").text() == "base64") signature.encoding = Signature::Encoding::Base64;
  signature.header = node.at("header").text();
  signature.prefix = node.at("prefix").text();
  signature.signed_text = node.at("signed").text(signature.signed_text);
  signature.timestamp_header = node.at("timestamp_header").text();
  signature.secret_env = node.at("secret_env").texts();
  signature.tolerance_s = node.at("tolerance_s").integer(signature.tolerance_s);
  if (signature.scheme == Signature::Scheme::Plain) {
    check_signed_text(node, signature);
    return signature;
  }
  for (const char* key : {"encoding", "prefix", "signed", "timestamp_header"}) {
    if (node.at(key).exists())
      node.at(key).mistake(fmt::format("{} goes with scheme: plain", key),
                           {"timestamped is always t=<seconds>,v1=<hex> over <t>.<body>"});
  }
  return signature;
}

WebhookAccess read_webhook(const Node& node) {
  WebhookAccess access;
  access.signature = read_signature(node.at("signature"));
  const Node id = node.at("delivery_id");
  access.id_header = id.at("header").text();
  access.id_pointer = id.at("pointer").text();
  if (id.at("header").exists() == id.at("pointer").exists()) {
    id.mistake("delivery_id stands in one place", {"accepted: header or pointer"});
  }
  if (access.signature.signed_text.find("{id}") != std::string::npos && access.id_header.empty()) {
    id.mistake("{id} is signed from a header", {"give delivery_id a header"});
  }
  access.body_bytes_max = node.at("body_bytes_max").integer(access.body_bytes_max);
  return access;
}

// The one system a node names; reports none and several.
std::string system_of(const Node& node, bool takes_webhook) {
  std::vector<std::string> names = present(node, kSystems);
  const std::string accepted =
      takes_webhook ? "one of sqlite, postgres, http, webhook" : "one of sqlite, postgres, http";
  if (names.size() == 1) return names.front();
  node.mistake(names.empty() ? std::string("no system is named")
                             : fmt::format("{} stand beside each other", join(names, " and ")),
               {"accepted: " + accepted});
  return {};
}

std::optional<Reconcile> read_reconcile(const Node& node) {
  if (!node.exists()) return std::nullopt;
  Reconcile reconcile;
  reconcile.window_h = node.at("window_h").integer(reconcile.window_h);
  const std::string system = system_of(node, false);
  if (system == "sqlite") reconcile.access = read_sqlite(node.at(system));
  if (system == "postgres") reconcile.access = read_postgres(node.at(system));
  if (system == "http") reconcile.access = read_http(node.at(system));
  return reconcile;
}

void check_is_declared(const Node& node, const SourceTable& table) {
  std::vector<std::string> names;
  for (const SourceColumn& column : table.columns) names.push_back(column.name);
  const std::string name = node.text();
  if (std::ranges::find(names, name) != names.end()) return;
  node.mistake(fmt::format("unknown column \"{}\"", shown(name, 80)), name_hints(name, names));
}

CursorType cursor_type(const Node& node) {
  const std::string name = node.text("integer");
  if (name == "timestamp") return CursorType::Timestamp;
  return name == "text" ? CursorType::Text : CursorType::Integer;
}

DatabaseRead read_database(const Node& node, const SourceTable& table) {
  DatabaseRead read;
  read.table = node.at("table").text();
  read.query = node.at("query").text();
  if (read.table.empty() == read.query.empty()) {
    node.mistake("rows come from one place", {"accepted: table or query"});
  }
  const Node cursor = node.at("cursor");
  if (!cursor.exists()) return read;
  check_is_declared(cursor.at("column"), table);
  read.cursor = CursorColumn{.column = cursor.at("column").text(),
                             .type = cursor_type(cursor.at("type")),
                             .overlap = cursor.at("overlap").integer()};
  if (read.cursor->type == CursorType::Text && read.cursor->overlap > 0) {
    cursor.at("overlap").mistake("text has no distance", {"an integer or a timestamp has"});
  }
  if (table.load == LoadMode::Snapshot) {
    cursor.mistake("a snapshot is the whole table, a cursor reads its end",
                   {"load: append goes with a cursor"});
  }
  return read;
}

JsonRows read_json_rows(const Node& node, const SourceTable& table) {
  JsonRows rows;
  rows.rows = node.at("rows").text();
  const Node members = node.at("members");
  if (!members.exists()) return rows;
  rows.members.emplace();
  std::vector<std::string> names;
  for (const SourceColumn& column : table.columns) names.push_back(column.name);
  for (const std::string& name : members.keys()) {
    (*rows.members)[name] = members.at(name).text();
    if (std::ranges::find(names, name) == names.end()) {
      members.at(name).mistake(fmt::format("unknown column \"{}\"", shown(name, 80)),
                               name_hints(name, names));
    }
  }
  return rows;
}

Paging read_paging(const Node& node) {
  Paging paging;
  if (!node.exists()) return paging;
  const std::string style = node.at("style").text();
  const auto refuse = [&](std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
      if (node.at(key).exists())
        node.at(key).mistake(fmt::format("{} does not go with style: {}", key, style));
    }
  };
  if (style == "number") {
    paging.style = Paging::Style::Number;
    paging.param = node.at("param").text("page");
    paging.size_param = node.at("size_param").text();
    paging.size = node.at("size").integer();
    paging.first = node.at("first").integer(1);
    paging.total = node.at("total").text();
    if (paging.size == 0) {
      node.mistake("style: number needs a size", {"a page with fewer rows than size is the last"});
    }
    refuse({"next", "keep"});
  } else if (style == "cursor") {
    paging.style = Paging::Style::Cursor;
    paging.param = node.at("param").text("cursor");
    paging.next = node.at("next").text();
    paging.keeps_token = node.at("keep").truth();
    if (paging.next.empty()) node.mistake("style: cursor needs next", {"as next: /meta/next"});
    refuse({"size_param", "size", "first", "total"});
  } else {
    paging.style = Paging::Style::Link;
    paging.next = node.at("next").text();
    refuse({"param", "size_param", "size", "first", "total", "keep"});
  }
  return paging;
}

std::optional<Since> read_since(const Node& node, const SourceTable& table) {
  if (!node.exists()) return std::nullopt;
  check_is_declared(node.at("column"), table);
  Since since;
  since.param = node.at("param").text();
  since.column = node.at("column").text();
  const std::string format = node.at("format").text("rfc3339");
  if (format == "epoch_seconds") since.format = Since::Format::EpochSeconds;
  if (format == "epoch_milliseconds") since.format = Since::Format::EpochMilliseconds;
  if (format == "integer") since.format = Since::Format::Integer;
  since.overlap = node.at("overlap").integer();
  if (table.load == LoadMode::Snapshot) {
    node.mistake("a snapshot is the whole table, since asks for its changes",
                 {"load: append goes with since"});
  }
  return since;
}

std::string scalar_text(const Node& node) {
  if (node.is_text()) return node.text();
  return node.json() == nullptr ? std::string() : node.json()->dump();
}

HttpRequest read_request(const Node& node, const SourceTable& table) {
  HttpRequest request;
  request.path = node.at("path").text();
  if (!request.path.starts_with('/') ||
      request.path.find_first_of(" ?#\\\t") != std::string::npos) {
    node.at("path").mistake("not a path behind base_url",
                            {"accepted: /a/b; query parameters go into params"});
  }
  const Node params = node.at("params");
  for (const std::string& name : params.keys()) {
    request.params.emplace_back(name, scalar_text(params.at(name)));
  }
  request.body = read_json_rows(node, table);
  request.paging = read_paging(node.at("pages"));
  request.since = read_since(node.at("since"), table);
  return request;
}

// Which block of a table the poll of its source reads; empty for a source of files.
std::string_view polled_block(const std::optional<Connector>& connector) {
  if (!connector) return "";
  if (std::holds_alternative<HttpAccess>(connector->access)) return "request";
  if (!std::holds_alternative<WebhookAccess>(connector->access)) return "read";
  if (!connector->reconcile) return "";
  return std::holds_alternative<HttpAccess>(connector->reconcile->access) ? "request" : "read";
}

// Exactly the blocks that the source's connector can serve; reports the others.
void check_blocks(const Node& node, const std::optional<Connector>& connector) {
  const bool is_webhook = connector && std::holds_alternative<WebhookAccess>(connector->access);
  std::vector<std::string> wanted;
  if (!connector) wanted.emplace_back("files");
  if (is_webhook) wanted.emplace_back("event");
  if (const std::string_view block = polled_block(connector); !block.empty())
    wanted.emplace_back(block);
  for (const std::string_view block : kTableBlocks) {
    const bool is_wanted = std::ranges::find(wanted, block) != wanted.end();
    if (!is_wanted && node.at(block).exists()) {
      node.at(block).mistake(fmt::format("{} does not fit the source's connector", block),
                             {fmt::format("this source's tables take {}", join(wanted, " and "))});
    }
    // A table may be left out of the reconciliation; of nothing else.
    const bool may_be_absent = is_webhook && block != "event";
    if (is_wanted && !may_be_absent && !node.at(block).exists()) {
      node.mistake(
          fmt::format("key \"{}\" is missing", block),
          {connector ? "the source's connector needs it" : "or give the source a connector"});
    }
  }
}

void check_event(const Node& node, const Extract& extract, const SourceTable& table) {
  if (table.load == LoadMode::Snapshot) {
    node.at("load").mistake("events are never a whole table", {"load: append goes with event"});
  }
  if (!std::holds_alternative<std::monostate>(extract.read) && extract.once_by.empty()) {
    node.mistake("reconciliation compares keys, and the table names none",
                 {"add once_by: [column, …], the columns that name an event"});
  }
}

}  // namespace

std::optional<Connector> read_connector(const Node& node) {
  if (!node.exists()) return std::nullopt;
  Connector connector;
  const std::string system = system_of(node, true);
  if (system == "sqlite") connector.access = read_sqlite(node.at(system));
  if (system == "postgres") connector.access = read_postgres(node.at(system));
  if (system == "http") connector.access = read_http(node.at(system));
  if (system == "webhook") connector.access = read_webhook(node.at(system));
  connector.reconcile = read_reconcile(node.at("reconcile"));
  if (connector.reconcile && system != "webhook") {
    node.at("reconcile").mistake("only a webhook is reconciled", {"the others are polls already"});
  }
  const Node retry = node.at("retry");
  connector.retry.attempts_max =
      static_cast<int>(retry.at("attempts_max").integer(connector.retry.attempts_max));
  connector.retry.base_ms = retry.at("base_ms").integer(connector.retry.base_ms);
  connector.retry.delay_ms_max = retry.at("delay_ms_max").integer(connector.retry.delay_ms_max);
  return connector;
}

void read_extract(const Node& node, const std::optional<Connector>& connector, SourceTable& table) {
  check_blocks(node, connector);
  if (!connector) {
    if (node.at("once_by").exists()) {
      node.at("once_by").mistake("once_by goes with a connector",
                                 {"unique: true on a column is a check"});
    }
    return;
  }
  Extract extract;
  for (const Node& column : node.at("once_by").items()) {
    check_is_declared(column, table);
    extract.once_by.push_back(column.text());
  }
  if (const Node read = node.at("read"); read.exists()) extract.read = read_database(read, table);
  if (const Node request = node.at("request"); request.exists())
    extract.read = read_request(request, table);
  if (const Node event = node.at("event"); event.exists()) {
    extract.event = read_json_rows(event, table);
    check_event(node, extract, table);
  }
  // What arrives is rows or JSON; a file's delimiter has no meaning.
  table.format = FileFormat::Jsonl;
  table.extract = std::move(extract);
}

}  // namespace martgate::catalog
