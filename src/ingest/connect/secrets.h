// Secrets by name: the catalog knows the name, the environment the value, nothing else either.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace martgate::ingest {

using Secrets = std::function<std::optional<std::string>(const std::string& name)>;

// The environment variable of that name; one that is set to nothing is not there.
[[nodiscard]] std::optional<std::string> environment_secret(const std::string& name);

// `text`, safe to show, without the secret: what a library says of a failed connection goes through
// here before anyone reads it.
[[nodiscard]] std::string scrubbed(std::string_view text, std::string_view secret,
                                   std::size_t bytes_max = 300);

}  // namespace martgate::ingest
