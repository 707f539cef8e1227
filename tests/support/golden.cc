#include "support/golden.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "base/files.h"
#include "base/text.h"

namespace martgate {

void check_golden(const std::filesystem::path& file, const std::string& text) {
  if (std::getenv("MARTGATE_UPDATE_GOLDENS") != nullptr) {
    REQUIRE(replace_file(file, text));
    return;
  }
  const auto golden = read_file(file);
  REQUIRE_MESSAGE(golden, "there is no ", file.string(), "; MARTGATE_UPDATE_GOLDENS=1 writes it");
  if (*golden == text) return;
  const auto wanted = split(*golden, '\n');
  const auto found = split(text, '\n');
  for (std::size_t i = 0; i < std::max(wanted.size(), found.size()); ++i) {
    const std::string_view left = i < wanted.size() ? wanted[i] : "(end)";
    const std::string_view right = i < found.size() ? found[i] : "(end)";
    if (left == right) continue;
    FAIL_CHECK(file.filename().string(), " line ", i + 1, "\n  golden: ", std::string(left),
               "\n  found:  ", std::string(right));
    return;
  }
}

}  // namespace martgate
