#include "mcp/resources.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "mcp/limits.h"
#include "mcp/meta.h"
#include "mcp/paging.h"
#include "mcp/resource_uri.h"

namespace martgate::mcp {
namespace {

// What resources and templates share behind their URI.
template <class Item>
void write_description(JsonWriter& writer, const Item& item, const Features& features) {
  writer.field("name", item.name);
  if (features.has_structured_content && !item.title.empty()) writer.field("title", item.title);
  if (!item.description.empty()) writer.field("description", item.description);
  if (!item.mime_type.empty()) writer.field("mimeType", item.mime_type);
  if (!item.annotations.empty()) writer.key("annotations").raw(item.annotations);
  if (features.has_structured_content && !item.meta.empty()) writer.key("_meta").raw(item.meta);
}

std::optional<std::string> uri_of(Call& call) {
  const Json* params = call.params();
  if (params == nullptr) return std::nullopt;
  const auto uri = params->find("uri");
  if (uri == params->end() || !uri->is_string()) return std::nullopt;
  return uri->get<std::string>();
}

constexpr const char* kUriMissing = "params.uri must be a string";

}  // namespace

void list_resources(const std::shared_ptr<Call>& call, const HttpHead* /*head*/) {
  const Features features = features_of(call->revision());
  answer_list(
      *call, "resources", call->service().offer.resources(call->caller()),
      [](const Resource& resource) -> std::string_view { return resource.uri; },
      [&](JsonWriter& writer, const Resource& resource) {
        writer.begin_object().field("uri", resource.uri);
        write_description(writer, resource, features);
        if (resource.size_bytes) writer.field("size", *resource.size_bytes);
        writer.end_object();
      });
}

void list_resource_templates(const std::shared_ptr<Call>& call, const HttpHead* /*head*/) {
  const Features features = features_of(call->revision());
  answer_list(
      *call, "resourceTemplates", call->service().offer.resource_templates(call->caller()),
      [](const ResourceTemplate& item) -> std::string_view { return item.uri_template; },
      [&](JsonWriter& writer, const ResourceTemplate& item) {
        writer.begin_object().field("uriTemplate", item.uri_template);
        write_description(writer, item, features);
        writer.end_object();
      });
}

void read_resource(const std::shared_ptr<Call>& call, const HttpHead* /*head*/) {
  std::optional<std::string> uri = uri_of(*call);
  if (!uri) return call->refuse(invalid_params(kUriMissing));
  // A URI that is none names nothing; it is told apart from a missing one by nobody.
  if (!parse_resource_uri(*uri)) return call->refuse(resource_not_found(*uri));
  if (const auto allowed = check_scopes(*call, *uri); !allowed) {
    return call->refuse(allowed.error());
  }
  Offer& offer = call->service().offer;
  const ResourceRead read{*uri, trace_id_of(call->params())};
  call->run_in_rounds(std::move(*uri), nullptr, [&offer, read](std::shared_ptr<Exchange> exchange) {
    offer.read_resource(read, std::move(exchange));
  });
}

void subscribe(const std::shared_ptr<Call>& call, const HttpHead* /*head*/) {
  std::optional<std::string> uri = uri_of(*call);
  if (!uri) return call->refuse(invalid_params(kUriMissing));
  if (!parse_resource_uri(*uri) || !call->service().offer.may_watch(*uri, call->caller())) {
    return call->refuse(resource_not_found(*uri));
  }
  if (!call->session()->watch(std::move(*uri))) {
    return call->refuse(
        invalid_params(fmt::format("one session watches at most {} resources", kWatchedUrisMax)));
  }
  call->answer(ResultMessage(call->frame()).finish());
}

void unsubscribe(const std::shared_ptr<Call>& call, const HttpHead* /*head*/) {
  const std::optional<std::string> uri = uri_of(*call);
  if (!uri) return call->refuse(invalid_params(kUriMissing));
  call->session()->unwatch(*uri);
  call->answer(ResultMessage(call->frame()).finish());
}

}  // namespace martgate::mcp
