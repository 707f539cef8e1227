#include "mcp/resource_uri.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"

namespace martgate::mcp {
namespace {

constexpr std::string_view kReserved = ":/?#[]@!$&'()*+,;=";

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_unreserved(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}
bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte of "%XX" at the beginning of `text`, or -1.
int encoded_byte(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return -1;
  const int high = hex_value(text[1]);
  const int low = hex_value(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool is_scheme(std::string_view word) {
  return !word.empty() && is_alpha(word[0]) && std::ranges::all_of(word, [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

// "[", "]" and "#" have places of their own, which these URIs do not have.
bool may_stand(char c) {
  const bool is_beyond_ascii = static_cast<unsigned char>(c) >= 0x80;
  if (is_beyond_ascii || is_unreserved(c) || c == '%') return true;
  return kReserved.find(c) != std::string_view::npos && c != '[' && c != ']' && c != '#';
}

tl::unexpected<Error> refused(std::string message) {
  return fail(Code::InvalidArgument, std::move(message), {"write scheme://name/path"}, "bad_uri");
}

}  // namespace

Result<ResourceUri> parse_resource_uri(std::string_view text) {
  if (text.size() > kResourceUriBytesMax) {
    return refused(fmt::format("the URI is longer than {} bytes", kResourceUriBytesMax));
  }
  if (!is_utf8(text) || !std::ranges::all_of(text, may_stand)) {
    return refused("the URI holds a character that must be percent-encoded");
  }
  const auto decoded = percent_decode(text);
  if (!decoded) return refused("a percent sign of the URI is not followed by two hex digits");
  if (!is_utf8(*decoded) || std::ranges::any_of(*decoded, is_control)) {
    return refused("the URI encodes a control character or bytes that are not UTF-8");
  }

  ResourceUri uri;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !is_scheme(text.substr(0, colon)) ||
      text.substr(colon, 3) != "://") {
    return refused("the URI does not begin with a scheme and \"://\"");
  }
  uri.scheme = text.substr(0, colon);
  text.remove_prefix(colon + 3);
  if (const std::size_t mark = text.find('?'); mark != std::string_view::npos) {
    uri.query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  const std::size_t slash = std::min(text.find('/'), text.size());
  uri.authority = text.substr(0, slash);
  uri.path = text.substr(slash);
  if (uri.authority.empty()) return refused("the URI names nothing behind \"://\"");
  if (uri.authority.find('@') != std::string_view::npos) {
    return refused("the URI holds a user name");
  }
  const auto path = percent_decode(uri.path);
  if (has_dot_segment(uri.authority) || has_dot_segment(*path)) {
    return refused("the URI holds \".\" or \"..\" as a segment");
  }
  return uri;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  while (!text.empty()) {
    if (text[0] != '%') {
      decoded.push_back(text[0]);
      text.remove_prefix(1);
      continue;
    }
    const int byte = encoded_byte(text);
    if (byte < 0) return std::nullopt;
    decoded.push_back(static_cast<char>(byte));
    text.remove_prefix(3);
  }
  return decoded;
}

std::string percent_encode(std::string_view text, Keep keep) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool is_kept = is_unreserved(c) ||
                         (keep == Keep::Reserved && (kReserved.find(c) != std::string_view::npos ||
                                                     encoded_byte(text.substr(at)) >= 0));
    if (is_kept) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.push_back('%');
    encoded.push_back(kDigits[byte >> 4U]);
    encoded.push_back(kDigits[byte & 15U]);
  }
  return encoded;
}

bool has_dot_segment(std::string_view decoded_path) {
  for (const std::string_view part : split(decoded_path, '/')) {
    for (const std::string_view segment : split(part, '\\')) {
      if (segment == "." || segment == "..") return true;
    }
  }
  return false;
}

}  // namespace martgate::mcp
