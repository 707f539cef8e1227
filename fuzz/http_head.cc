// The head of a request: any cut of the bytes gives the same verdict, and what is taken says the
// same when it is written down and read again.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/head_parser.h"
#include "http/host_rules.h"
#include "input.h"

using namespace martgate;
using namespace martgate::http;

namespace {

struct Verdict {
  int status = 0;  // 0: more bytes are needed, 200: a head
  std::size_t length = 0;
};

Verdict scan_in_two(std::string_view bytes, std::size_t cut, const HeadLimits& limits) {
  HeadScanner scanner;
  for (const std::size_t end : {cut, bytes.size()}) {
    const auto length = scanner.scan(bytes.substr(0, end), limits);
    if (!length) return {length.error().status, 0};
    if (*length > 0) return {200, *length};
  }
  return {};
}

void check_refusal(int status) {
  static constexpr std::array<int, 8> kStatuses{400, 413, 414, 415, 417, 431, 501, 505};
  MARTGATE_CHECK(std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end());
}

std::size_t count_of(const Request& request, std::string_view name) {
  return static_cast<std::size_t>(std::count_if(
      request.headers.begin(), request.headers.end(),
      [&](const HeaderField& field) { return equal_ignoring_case(field.name, name); }));
}

void check_head(std::string_view bytes, const Head& head) {
  const Request& request = head.request;
  MARTGATE_CHECK(bytes.find("\r\n\r\n") + 4 == bytes.size());
  MARTGATE_CHECK(is_token(request.method));
  MARTGATE_CHECK(request.path.starts_with('/') && request.target.starts_with(request.path));
  MARTGATE_CHECK(request.target.find_first_of(" \t\r\n#\\") == request.target.npos);
  MARTGATE_CHECK(count_of(request, "host") == 1);
  const std::size_t lengths = count_of(request, "content-length");
  const std::size_t codings = count_of(request, "transfer-encoding");
  MARTGATE_CHECK(lengths + codings <= 1);
  MARTGATE_CHECK((head.framing == Framing::Chunked) == (codings == 1));
  MARTGATE_CHECK(head.framing != Framing::Length || (lengths == 1 && head.content_length > 0));
  MARTGATE_CHECK(count_of(request, "content-encoding") == 0);
  MARTGATE_CHECK(!head.is_http_1_0 || (!head.keep_alive && head.framing != Framing::Chunked));
  for (const HeaderField& field : request.headers) {
    MARTGATE_CHECK(is_token(field.name));
    MARTGATE_CHECK(field.value.find_first_of(std::string_view("\r\n\0", 3)) == field.value.npos);
    MARTGATE_CHECK(field.value.empty() ||
                   (field.value.front() != ' ' && field.value.back() != ' '));
  }
}

std::string written(const Head& head) {
  const Request& request = head.request;
  std::string text(request.method);
  text.append(" ").append(request.target).append(head.is_http_1_0 ? " HTTP/1.0" : " HTTP/1.1");
  for (const HeaderField& field : request.headers) {
    text.append("\r\n").append(field.name).append(": ").append(field.value);
  }
  return text.append("\r\n\r\n");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::size_t cut_at = input.byte() * 256U + input.byte();
  const std::string_view bytes = input.rest();
  const HeadLimits limits{
      .request_line_bytes_max = 200, .header_bytes_max = 600, .header_lines_max = 12};
  const Verdict whole = scan_in_two(bytes, bytes.size(), limits);
  const Verdict cut = scan_in_two(bytes, bytes.empty() ? 0 : cut_at % bytes.size(), limits);
  // A cut may let a limit be noticed earlier, never change what is taken or turn it down.
  MARTGATE_CHECK((whole.status == 200) == (cut.status == 200));
  MARTGATE_CHECK((whole.status == 0) == (cut.status == 0));
  MARTGATE_CHECK(whole.length == cut.length);
  if (whole.status == 0) return 0;
  if (whole.status != 200) {
    check_refusal(whole.status);
    return 0;
  }
  const std::string_view text = bytes.substr(0, whole.length);
  Head head;
  if (const auto parsed = parse_head(text, head); !parsed) {
    check_refusal(parsed.error().status);
    return 0;
  }
  check_head(text, head);
  const std::string again_text = written(head);
  Head again;
  MARTGATE_CHECK(parse_head(again_text, again).has_value());
  check_head(again_text, again);
  MARTGATE_CHECK(written(again) == again_text);
  MARTGATE_CHECK(again.framing == head.framing && again.content_length == head.content_length &&
                 again.keep_alive == head.keep_alive &&
                 again.expects_continue == head.expects_continue);

  const HostRules rules = HostRules::loopback();
  const std::string_view host = *head.request.header("host");
  if (rules.admits_host(host)) {
    const auto authority = parse_authority(host);
    MARTGATE_CHECK(authority && (authority->host == "localhost" || authority->host == "127.0.0.1" ||
                                 authority->host == "[::1]"));
  }
  if (const auto origin = head.request.header("origin"); origin && rules.admits_origin(*origin)) {
    MARTGATE_CHECK(origin->starts_with("http://") || origin->starts_with("https://"));
    MARTGATE_CHECK(parse_authority(origin->substr(origin->find("//") + 2)).has_value());
  }
  return 0;
}
