// URIs of resources and URI templates: what matches a template is what it expands to again, and no
// accepted path climbs.
#include <array>
#include <set>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "input.h"
#include "mcp/resource_uri.h"
#include "mcp/uri_template.h"

using namespace martgate;
using namespace martgate::mcp;

namespace {

void check_uri(std::string_view text) {
  const auto uri = parse_resource_uri(text);
  if (!uri) {
    MARTGATE_CHECK(uri.error().code == Code::InvalidArgument && is_utf8(uri.error().message));
    return;
  }
  MARTGATE_CHECK(text.size() <= kResourceUriBytesMax);
  MARTGATE_CHECK(!uri->scheme.empty() && !uri->authority.empty());
  MARTGATE_CHECK(uri->path.empty() || uri->path.front() == '/');
  MARTGATE_CHECK(uri->authority.find('@') == uri->authority.npos);
  MARTGATE_CHECK(text.find('#') == text.npos);
  std::string again;
  again.append(uri->scheme).append("://").append(uri->authority).append(uri->path);
  if (again.size() < text.size()) again.append("?").append(uri->query);
  MARTGATE_CHECK(again == text);
  const auto path = percent_decode(uri->path);
  MARTGATE_CHECK(path.has_value() && !has_dot_segment(*path));
  for (const char byte : *path) MARTGATE_CHECK(static_cast<unsigned char>(byte) >= 0x20);
}

void check_percent(std::string_view bytes) {
  const auto back = percent_decode(percent_encode(bytes, Keep::Unreserved));
  MARTGATE_CHECK(back && *back == bytes);
  // What is encoded already stays, so a second time changes nothing.
  const std::string once = percent_encode(bytes, Keep::Reserved);
  MARTGATE_CHECK(percent_encode(once, Keep::Reserved) == once);
}

void check_match(const UriTemplate& uri_template, std::string_view uri) {
  const auto values = uri_template.match(uri);
  if (!values) return;
  const std::vector<std::string> names = uri_template.names();
  MARTGATE_CHECK(values->size() == names.size());
  for (const std::string& name : names) {
    const std::string& value = values->at(name);
    MARTGATE_CHECK(!value.empty() && is_utf8(value) && !has_dot_segment(value));
    for (const char byte : value) MARTGATE_CHECK(static_cast<unsigned char>(byte) >= 0x20);
  }
}

void check_template(std::string_view text, std::string_view uri) {
  const auto parsed = UriTemplate::parse(text);
  if (!parsed) {
    MARTGATE_CHECK(parsed.error().code == Code::InvalidArgument);
    return;
  }
  MARTGATE_CHECK(parsed->text() == text);
  const std::vector<std::string> names = parsed->names();
  MARTGATE_CHECK(std::set<std::string>(names.begin(), names.end()).size() == names.size());
  check_match(*parsed, uri);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  check_uri(input.rest());
  check_percent(input.rest());
  static const auto kFixed =
      std::array{*UriTemplate::parse("martgate://metric/{name}"),
                 *UriTemplate::parse("martgate://model/{name}/column/{column}"),
                 *UriTemplate::parse("file://docs/{+path}")};
  for (const UriTemplate& fixed : kFixed) {
    check_match(fixed, input.rest());
    // With one simple expression the way there and back is the identity.
    if (const auto values = fixed.match(input.rest()); values && values->contains("name")) {
      const std::string expanded = fixed.expand(*values);
      const auto again = fixed.match(expanded);
      MARTGATE_CHECK(again && *again == *values);
    }
  }
  const std::string_view text = input.until('\n');
  check_template(text, input.rest());
  return 0;
}
