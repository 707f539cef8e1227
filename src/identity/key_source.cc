#include "identity/key_source.h"

#include <fmt/format.h>
#include <httplib.h>

#include <exception>

#include "base/files.h"
#include "base/url.h"
#include "identity/key_set.h"

namespace martgate::identity {
namespace {

constexpr int kHttpOk = 200;

tl::unexpected<Error> unavailable(const std::string& url, std::string_view why) {
  return fail(Code::Unavailable, fmt::format("{}: {}", url, why));
}

Result<std::string> get(const KeySource& source, const HttpUrl& url, const Clock& clock) {
  httplib::Client client(url.origin());
  client.set_connection_timeout(kFetchConnectMax);
  client.set_read_timeout(kFetchConnectMax);
  client.set_write_timeout(kFetchConnectMax);
  client.set_follow_location(false);
  client.set_decompress(false);
  if (url.is_https) {
    client.enable_server_certificate_verification(true);
    if (!source.ca_file.empty()) client.set_ca_cert_path(source.ca_file.string());
  }
  const std::int64_t started_ns = clock.monotonic_ns();
  std::string body;
  std::string_view stopped;
  int status = 0;
  const auto result = client.Get(
      url.target(),
      httplib::Headers{{"Accept", "application/jwk-set+json, application/json"},
                       {"Accept-Encoding", "identity"}},
      [&](const httplib::Response& head) {
        status = head.status;
        return status == kHttpOk;
      },
      [&](const char* bytes, std::size_t size) {
        body.append(bytes, size);
        if (body.size() > kKeySetBytesMax) stopped = "the key set is too long";
        if (std::chrono::nanoseconds(clock.monotonic_ns() - started_ns) > kFetchMax)
          stopped = "the key set came too slowly";
        return stopped.empty();
      });
  if (!stopped.empty()) {
    return fail(Code::ResourceExhausted, fmt::format("{}: {}", source.url, stopped));
  }
  if (status != 0 && status != kHttpOk)
    return unavailable(source.url, fmt::format("answered {}", status));
  if (!result) return unavailable(source.url, httplib::to_string(result.error()));
  return body;
}

}  // namespace

Result<std::string> SystemKeyFetcher::fetch(const KeySource& source) {
  if (source.url.empty()) return read_file(source.file, kKeySetBytesMax);
  const auto url = parse_http_url(source.url);
  if (!url || (!url->is_https && !is_loopback_name(url->host)))
    return fail(Code::InvalidArgument, fmt::format("{} is no https URL", source.url));
  try {
    return get(source, *url, clock_);
  } catch (const std::exception& problem) {  // the client library throws on malformed answers
    return unavailable(source.url, problem.what());
  }
}

}  // namespace martgate::identity
