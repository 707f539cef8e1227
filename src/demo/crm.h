// Source "crm": people and deals of the wholesale team, each file the whole table of its day.
//
// Dirt: the month before the last is there too and must not count twice; some people were entered
// a second time under a new key; addresses as typed, three spellings of a country; early deals
// carry no amount; blanks behind company names.
#pragma once

#include "demo/history.h"
#include "demo/output.h"

namespace martgate::demo {

void write_crm(const World& world, const History& history, Output& output);

}  // namespace martgate::demo
