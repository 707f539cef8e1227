// URI references (RFC 3986) as far as schema identifiers need them: splitting and resolving.
#pragma once

#include <string>
#include <string_view>

namespace martgate {

// `reference` as seen from `base`, by RFC 3986 section 5.2; the fragment stays on the end.
// An empty base leaves the reference as it is.
[[nodiscard]] std::string resolve_uri(std::string_view base, std::string_view reference);

struct SplitUri {
  std::string_view document;  // all before the '#'
  std::string_view fragment;  // all behind it
};
[[nodiscard]] SplitUri split_fragment(std::string_view uri);

// "%25" becomes "%"; a percent sign without two hex digits stays.
[[nodiscard]] std::string percent_decoded(std::string_view text);

// True for "https://x", "urn:a:b", "mailto:a@b": a scheme and only characters a URI may hold.
[[nodiscard]] bool is_absolute_uri(std::string_view text);
[[nodiscard]] bool is_uri_reference(std::string_view text);

}  // namespace martgate
