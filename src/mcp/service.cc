#include "mcp/service.h"

#include <utility>

#include "base/json_writer.h"

namespace martgate::mcp {
namespace {

std::string text_of(const ServerInfo& info) {
  std::string text;
  JsonWriter(text)
      .begin_object()
      .field("name", info.name)
      .field("version", info.version)
      .end_object();
  return text;
}

}  // namespace

Service::Service(Offer& offer_in, const Clock& clock_in, IdSource& ids_in, ServerOptions options_in)
    : offer(offer_in),
      capabilities(offer_in.capabilities()),
      clock(clock_in),
      ids(ids_in),
      options(std::move(options_in)),
      server_info(text_of(offer_in.server_info())) {}

}  // namespace martgate::mcp
