// Sources "marketing" (campaigns and newsletter addresses), "ads" (what three platforms charge a
// day) and "web" (visits a day).
//
// Dirt: a platform corrects the last three days of a month, and sends them again in the next file;
// one reports millionths of a euro, the others text; campaign keys in capitals; visits of robots;
// days as 20261031; newsletter addresses as typed.
#pragma once

#include "demo/history.h"
#include "demo/output.h"

namespace martgate::demo {

void write_campaigns(const World& world, Output& output);
void write_subscribers(const World& world, const History& history, Output& output);
void write_ad_spend(const World& world, Output& output);
void write_traffic(const World& world, const History& history, Output& output);

}  // namespace martgate::demo
