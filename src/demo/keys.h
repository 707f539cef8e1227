// The same customer and the same order under the key of each system.
#pragma once

#include <cstdint>
#include <string>

#include "demo/history.h"

namespace martgate::demo {

[[nodiscard]] std::string shop_customer_id(std::int64_t customer);  // "100042"
[[nodiscard]] std::string shop_order_id(std::int64_t order);        // "500042"
[[nodiscard]] std::string order_no(std::int64_t order);  // "KO-500042", known outside too
[[nodiscard]] std::string billing_customer_id(const World& world, std::int64_t customer);
[[nodiscard]] std::string membership_id(std::int64_t membership);

// Who a contact, a requester or a subscriber is: a customer, a retailer, or nobody's customer yet.
enum class Who : std::uint8_t { Customer, Company, Prospect };
[[nodiscard]] std::string contact_id(const World& world, Who who, std::int64_t index);
[[nodiscard]] std::string requester_id(const World& world, Who who, std::int64_t index);
[[nodiscard]] std::string subscriber_id(const World& world, Who who, std::int64_t index);

// Prospects of the whole run: `prospect(world, index)` for indexes below.
[[nodiscard]] std::int64_t prospect_count(const World& world);

}  // namespace martgate::demo
