// Source "planning": the sheet with next year's targets, saved by hand once a year.
//
// Dirt: semicolons, amounts as "12.345,67", months as 03.2026, an empty line, a total below, and a
// second version of the last months.
#pragma once

#include "demo/history.h"
#include "demo/output.h"

namespace martgate::demo {

void write_targets(const World& world, const History& history, Output& output);

}  // namespace martgate::demo
