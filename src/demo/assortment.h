// What Kestrel Outdoor sells, advertises and ships with: fixed tables, the same for every seed.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace martgate::demo {

enum class Season : std::uint8_t { All, Summer, Winter };

struct Product {
  std::string_view sku;
  std::string_view name;
  std::string_view category;
  int price_cents;  // today's list price without VAT
  int cost_cents;
  int weight_grams;
  int demand;  // relative
  Season season;
  std::string_view supplier;
};
[[nodiscard]] std::span<const Product> products();
// Prices were raised by a twentieth at the beginning of the second year.
[[nodiscard]] int price_cents_in(const Product& product, int month);

// The best-selling tent could not be had for a quarter, in its season: the mill that weaves its
// floor was flooded.
inline constexpr std::size_t kSoldOutProduct = 0;
inline constexpr std::size_t kSubstituteProduct = 2;
inline constexpr int kSoldOutFrom = 17;   // month
inline constexpr int kSoldOutUntil = 20;  // month, not included

struct Campaign {
  std::string_view id;
  std::string_view name;
  std::string_view platform;
  std::string_view objective;
  std::string_view coupon;  // may be empty
  int from;                 // month
  int until;                // month, not included
  int monthly_cents;        // spend at scale 1
  int click_cents;
  int pull;  // relative share of attributed orders while it runs
};
[[nodiscard]] std::span<const Campaign> campaigns();
// How strongly a campaign brings orders in a month; the tent campaign kept running without tents.
[[nodiscard]] int pull_in(const Campaign& campaign, int month);
inline constexpr std::size_t kTentCampaign = 9;

struct Carrier {
  std::string_view name;
  std::string_view prefix;  // of tracking numbers
  int parcel_cents;
  int late_permille;
  int late_days_max;
  int lost_permille;
  bool writes_slashed_dates;
};
[[nodiscard]] std::span<const Carrier> carriers();
// Shares of parcels. The cheap third carrier was hired at the beginning of month 14.
[[nodiscard]] std::span<const int> carrier_shares(int month);

struct Plan {
  std::string_view name;
  int months;  // between invoices
  int price_cents;
  int lapse_permille;  // at each renewal
};
[[nodiscard]] std::span<const Plan> plans();

}  // namespace martgate::demo
