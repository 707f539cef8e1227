#include "store/functions.h"

#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <new>
#include <vector>

namespace martgate::store {
namespace {

using Numbers = std::vector<double>;

void median_step(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  auto** slot = static_cast<Numbers**>(sqlite3_aggregate_context(context, sizeof(Numbers*)));
  if (slot == nullptr) return sqlite3_result_error_nomem(context);
  const int type = sqlite3_value_numeric_type(values[0]);
  if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) return;
  try {
    if (*slot == nullptr) *slot = new Numbers;  // freed in median_final, which SQLite always calls
    (*slot)->push_back(sqlite3_value_double(values[0]));
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(context);
  }
}

void median_final(sqlite3_context* context) {
  auto** slot = static_cast<Numbers**>(sqlite3_aggregate_context(context, 0));
  if (slot == nullptr || *slot == nullptr) return sqlite3_result_null(context);
  const std::unique_ptr<Numbers> numbers(*slot);
  const auto middle = numbers->begin() + static_cast<std::ptrdiff_t>(numbers->size() / 2);
  std::ranges::nth_element(*numbers, middle);
  double median = *middle;
  if (numbers->size() % 2 == 0) {
    median = (median + *std::max_element(numbers->begin(), middle)) / 2;
  }
  sqlite3_result_double(context, median);
}

}  // namespace

Status add_functions(sqlite3* database) {
  const int rc =
      sqlite3_create_function_v2(database, "median", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
                                 nullptr, median_step, median_final, nullptr);
  if (rc != SQLITE_OK) return fail(Code::Internal, "median() could not be registered");
  return {};
}

}  // namespace martgate::store
