// Resources of the fixture: one of each kind, and a template.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/check.h"
#include "fixture_offer.h"
#include "mcp/rpc_error.h"
#include "media.h"

namespace martgate::conformance {
namespace {

constexpr const char* kStaticText = "test://static-text";
constexpr const char* kStaticBinary = "test://static-binary";
constexpr const char* kWatched = "test://watched-resource";
constexpr const char* kTemplate = "test://template/{id}/data";
constexpr std::int64_t kTtlMs = 60'000;

const mcp::UriTemplate& data_template() {
  static const mcp::UriTemplate made = [] {
    auto parsed = mcp::UriTemplate::parse(kTemplate);
    MARTGATE_CHECK(parsed.has_value());
    return std::move(*parsed);
  }();
  return made;
}

// Nothing when there is no such resource.
std::optional<mcp::ResourceContents> contents_of(const std::string& uri) {
  using Form = mcp::ResourceContents::Form;
  if (uri == kStaticText) {
    return mcp::ResourceContents{uri, "text/plain",
                                 "This is the content of the static text resource."};
  }
  if (uri == kStaticBinary) {
    return mcp::ResourceContents{uri, "image/png", base64(png_pixel()), Form::Blob};
  }
  if (uri == kWatched) {
    return mcp::ResourceContents{uri, "text/plain", "Whoever subscribed hears of changes."};
  }
  if (const auto values = data_template().match(uri)) {
    const std::string& id = values->at("id");
    const nlohmann::json text = {
        {"id", id}, {"templateTest", true}, {"data", fmt::format("Data for ID: {}", id)}};
    return mcp::ResourceContents{uri, "application/json", text.dump()};
  }
  return std::nullopt;
}

}  // namespace

std::vector<mcp::Resource> FixtureOffer::resources(const gate::Caller& /*caller*/) const {
  return {{.uri = kStaticText,
           .name = "static-text",
           .title = "Static text",
           .description = "A text that never changes",
           .mime_type = "text/plain"},
          {.uri = kStaticBinary,
           .name = "static-binary",
           .title = "Static picture",
           .description = "A picture of one pixel",
           .mime_type = "image/png"},
          {.uri = kWatched,
           .name = "watched-resource",
           .title = "Watched resource",
           .description = "A resource to subscribe to",
           .mime_type = "text/plain"}};
}

std::vector<mcp::ResourceTemplate> FixtureOffer::resource_templates(
    const gate::Caller& /*caller*/) const {
  return {{.uri_template = kTemplate,
           .name = "template-data",
           .title = "Data by id",
           .description = "The data of any id",
           .mime_type = "application/json"}};
}

void FixtureOffer::read_resource(mcp::ResourceRead read, std::shared_ptr<mcp::Exchange> exchange) {
  auto contents = contents_of(read.uri);
  if (!contents) return exchange->finish(mcp::resource_not_found(read.uri));
  mcp::ReadResult result;
  result.contents.push_back(std::move(*contents));
  result.ttl_ms = kTtlMs;
  result.scope = mcp::CacheScope::Public;
  exchange->finish(std::move(result));
}

}  // namespace martgate::conformance
