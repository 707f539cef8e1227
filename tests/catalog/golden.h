// Text files a person reviews: compared, or written anew with MARTGATE_UPDATE_GOLDENS=1.
#pragma once

#include <string>

namespace martgate::catalog {

// tests/catalog/goldens/<name> says `actual`; checks it with doctest.
void check_golden(const std::string& name, const std::string& actual);

}  // namespace martgate::catalog
