#include "json/uri.h"

#include <algorithm>
#include <optional>

#include "json/ip_address.h"

namespace martgate {
namespace {

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Parts as RFC 3986 section 3 names them; an absent part differs from an empty one.
struct Parts {
  std::optional<std::string_view> scheme;
  std::optional<std::string_view> authority;
  std::string_view path;
  std::optional<std::string_view> query;
  std::optional<std::string_view> fragment;
};

Parts parts_of(std::string_view text) {
  Parts parts;
  if (const auto at = text.find('#'); at != text.npos) {
    parts.fragment = text.substr(at + 1);
    text = text.substr(0, at);
  }
  if (const auto at = text.find('?'); at != text.npos) {
    parts.query = text.substr(at + 1);
    text = text.substr(0, at);
  }
  const auto colon = text.find(':');
  const auto is_scheme = [](std::string_view word) {
    return !word.empty() && is_alpha(word[0]) && std::ranges::all_of(word, [](char c) {
      return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
    });
  };
  if (colon != text.npos && is_scheme(text.substr(0, colon))) {
    parts.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (text.starts_with("//")) {
    const auto end = std::min(text.find('/', 2), text.size());
    parts.authority = text.substr(2, end - 2);
    text.remove_prefix(end);
  }
  parts.path = text;
  return parts;
}

// RFC 3986 section 5.2.4, segment by segment.
std::string without_dot_segments(std::string_view path) {
  std::string out;
  const auto drop_last = [&] { out.erase(out.rfind('/') == out.npos ? 0 : out.rfind('/')); };
  while (!path.empty()) {
    if (path.starts_with("../")) {
      path.remove_prefix(3);
    } else if (path.starts_with("./") || path.starts_with("/./")) {
      path.remove_prefix(2);
    } else if (path == "/.") {
      path = "/";
    } else if (path.starts_with("/../")) {
      path.remove_prefix(3);
      drop_last();
    } else if (path == "/..") {
      path = "/";
      drop_last();
    } else if (path == "." || path == "..") {
      path = {};
    } else {
      const auto end = std::min(path.find('/', 1), path.size());
      out.append(path.substr(0, end));
      path.remove_prefix(end);
    }
  }
  return out;
}

std::string merged_path(const Parts& base, std::string_view path) {
  if (base.authority && base.path.empty()) return "/" + std::string(path);
  const auto slash = base.path.rfind('/');
  if (slash == base.path.npos) return std::string(path);
  return std::string(base.path.substr(0, slash + 1)) + std::string(path);
}

// [userinfo@]host[:port], of characters that were checked already (RFC 3986, section 3.2).
bool is_authority(std::string_view text) {
  if (const auto at = text.find('@'); at != text.npos) {
    if (text.substr(0, at).find_first_of("[]") != text.npos) return false;
    text.remove_prefix(at + 1);
  }
  if (text.find('@') != text.npos) return false;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return false;
    const std::string_view address = text.substr(1, end - 1);
    const bool is_future = address.starts_with('v') || address.starts_with('V');
    if (!is_future && !is_ipv6(address)) return false;
    port = text.substr(end + 1);
  } else {
    if (text.find_first_of("[]") != text.npos) return false;
    const auto colon = text.find(':');
    if (colon != text.npos) port = text.substr(colon);
  }
  return port.empty() || (port[0] == ':' && std::ranges::all_of(port.substr(1), is_digit));
}

std::string composed(const std::optional<std::string_view>& scheme,
                     const std::optional<std::string_view>& authority, std::string_view path,
                     const std::optional<std::string_view>& query,
                     const std::optional<std::string_view>& fragment) {
  std::string uri;
  if (scheme) uri.append(*scheme).append(":");
  if (authority) uri.append("//").append(*authority);
  uri.append(path);
  if (query) uri.append("?").append(*query);
  if (fragment) uri.append("#").append(*fragment);
  return uri;
}

}  // namespace

std::string resolve_uri(std::string_view base_text, std::string_view reference) {
  const Parts base = parts_of(base_text);
  const Parts parts = parts_of(reference);
  if (base_text.empty()) return std::string(reference);
  if (parts.scheme) {
    return composed(parts.scheme, parts.authority, without_dot_segments(parts.path), parts.query,
                    parts.fragment);
  }
  if (parts.authority) {
    return composed(base.scheme, parts.authority, without_dot_segments(parts.path), parts.query,
                    parts.fragment);
  }
  if (parts.path.empty()) {
    return composed(base.scheme, base.authority, base.path, parts.query ? parts.query : base.query,
                    parts.fragment);
  }
  const std::string path = without_dot_segments(
      parts.path.starts_with('/') ? std::string(parts.path) : merged_path(base, parts.path));
  return composed(base.scheme, base.authority, path, parts.query, parts.fragment);
}

SplitUri split_fragment(std::string_view uri) {
  const auto at = uri.find('#');
  if (at == uri.npos) return {uri, {}};
  return {uri.substr(0, at), uri.substr(at + 1)};
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                           hex_value(text[i + 2]) >= 0;
    if (!is_escape) {
      out.push_back(text[i]);
      continue;
    }
    out.push_back(static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
    i += 2;
  }
  return out;
}

bool is_uri_reference(std::string_view text) {
  constexpr std::string_view kAllowed = "-._~:/?#[]@!$&'()*+,;=%";
  if (std::ranges::count(text, '#') > 1) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_alpha(c) && !is_digit(c) && kAllowed.find(c) == kAllowed.npos) return false;
    if (c == '%' &&
        (i + 2 >= text.size() || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0)) {
      return false;
    }
  }
  const Parts parts = parts_of(text);
  // Square brackets belong to an address in the authority alone.
  const auto has_bracket = [](std::string_view part) {
    return part.find_first_of("[]") != part.npos;
  };
  if (has_bracket(parts.path) || has_bracket(parts.query.value_or("")) ||
      has_bracket(parts.fragment.value_or(""))) {
    return false;
  }
  if (parts.authority && !is_authority(*parts.authority)) return false;
  // A colon in the first segment of a relative path would read as a scheme.
  const std::string_view first = parts.path.substr(0, parts.path.find('/'));
  return parts.scheme || parts.authority || first.find(':') == first.npos;
}

bool is_absolute_uri(std::string_view text) {
  return is_uri_reference(text) && parts_of(text).scheme.has_value();
}

}  // namespace martgate
