#include "demo/keys.h"

#include <fmt/format.h>

namespace martgate::demo {
namespace {

// Distinct for every pair, because the three kinds interleave.
std::uint32_t mixed(const World& world, Who who, std::int64_t index) {
  return world.scrambled(Subject::Presence, index * 3 + static_cast<std::int64_t>(who));
}

}  // namespace

std::string shop_customer_id(std::int64_t customer) {
  return fmt::format("{}", 100001 + customer);
}
std::string shop_order_id(std::int64_t order) {
  return fmt::format("{}", 500001 + order);
}
std::string order_no(std::int64_t order) {
  return "KO-" + shop_order_id(order);
}

std::string billing_customer_id(const World& world, std::int64_t customer) {
  return fmt::format("cus_{:08x}", world.scrambled(Subject::Payment, customer));
}

std::string membership_id(std::int64_t membership) {
  return fmt::format("sub_{:06}", membership + 1);
}

std::string contact_id(const World& world, Who who, std::int64_t index) {
  return fmt::format("003{:08X}", mixed(world, who, index));
}

std::string requester_id(const World& world, Who who, std::int64_t index) {
  return fmt::format("{}", 10'000'000'000 + mixed(world, who, index));
}

std::string subscriber_id(const World& world, Who who, std::int64_t index) {
  return fmt::format("s-{:08x}", mixed(world, who, index) ^ 0x5a5a5a5aU);
}

std::int64_t prospect_count(const World& world) {
  return world.scaled(420);
}

}  // namespace martgate::demo
