#include "demo/assortment.h"

#include <array>

namespace martgate::demo {
namespace {

constexpr std::string_view kMill = "Weberei Aare";
constexpr std::string_view kSewing = "Costura Minho";
constexpr std::string_view kMetal = "Vysočina Metal";
constexpr std::string_view kOwn = "Kestrel workshop";

constexpr std::array kProducts{
    Product{"TN-WF2", "Wanderfalk 2", "Tents", 39900, 17800, 2350, 60, Season::Summer, kMill},
    Product{"TN-WF3", "Wanderfalk 3", "Tents", 46900, 21400, 2900, 22, Season::Summer, kMill},
    Product{"TN-MS1", "Merlin Solo", "Tents", 32900, 14900, 1480, 20, Season::Summer, kSewing},
    Product{"TN-PD4", "Peregrine Dome 4", "Tents", 62900, 31200, 5200, 8, Season::Summer, kSewing},
    Product{"TN-HT0", "Hobby Tarp", "Tents", 11900, 4300, 780, 24, Season::Summer, kOwn},
    Product{"SL-E40", "Eider 400", "Sleep", 24900, 11900, 980, 26, Season::Winter, kSewing},
    Product{"SL-E70", "Eider 700", "Sleep", 34900, 17100, 1390, 14, Season::Winter, kSewing},
    Product{"SL-WQ1", "Wren Quilt", "Sleep", 18900, 8100, 640, 22, Season::Summer, kOwn},
    Product{"SL-NK1", "Nestling Kids", "Sleep", 9900, 4600, 820, 18, Season::All, kSewing},
    Product{"SL-RM1", "Roost Mat", "Sleep", 8900, 3500, 520, 40, Season::All, kMill},
    Product{"JK-HD1", "Harrier Down Jacket", "Jackets", 28900, 13100, 540, 46, Season::Winter,
            kSewing},
    Product{"JK-HV1", "Harrier Vest", "Jackets", 16900, 7300, 330, 24, Season::Winter, kSewing},
    Product{"JK-SQ1", "Squall Shell", "Jackets", 21900, 9900, 470, 34, Season::All, kSewing},
    Product{"JK-DA1", "Drizzle Anorak", "Jackets", 12900, 5400, 390, 30, Season::All, kSewing},
    Product{"JK-FL1", "Lark Fleece", "Jackets", 8900, 3400, 360, 44, Season::Winter, kSewing},
    Product{"PK-PL3", "Plover 30", "Packs", 11900, 4700, 890, 48, Season::All, kOwn},
    Product{"PK-CU4", "Curlew 45", "Packs", 16900, 7000, 1240, 30, Season::Summer, kOwn},
    Product{"PK-CR6", "Crane 65", "Packs", 22900, 10300, 1890, 14, Season::Summer, kOwn},
    Product{"PK-SS1", "Swift Sling", "Packs", 5900, 2000, 240, 40, Season::All, kOwn},
    Product{"PK-DD2", "Dipper Drybag 20", "Packs", 3400, 1100, 160, 46, Season::Summer, kMill},
    Product{"KT-EM1", "Ember Stove", "Kitchen", 6400, 2500, 210, 40, Season::Summer, kMetal},
    Product{"KT-TP2", "Tern Pot Set", "Kitchen", 5400, 2100, 430, 36, Season::Summer, kMetal},
    Product{"KT-SM1", "Sandpiper Mug", "Kitchen", 1900, 600, 120, 60, Season::All, kMetal},
    Product{"KT-SP1", "Spoonbill Cutlery", "Kitchen", 1400, 400, 60, 56, Season::All, kMetal},
    Product{"KT-HF1", "Heron Water Filter", "Kitchen", 7900, 3300, 190, 34, Season::Summer, kMetal},
    Product{"LT-OH1", "Owl Headlamp", "Lights", 4900, 1800, 95, 62, Season::Winter, kMetal},
    Product{"LT-NL1", "Nightjar Lantern", "Lights", 3900, 1400, 180, 40, Season::All, kMetal},
    Product{"LT-SK1", "Shrike Knife", "Lights", 3600, 1300, 110, 30, Season::All, kMetal},
    Product{"AC-KC1", "Kestrel Cap", "Accessories", 2500, 700, 70, 70, Season::Summer, kSewing},
    Product{"AC-FB1", "Finch Merino Buff", "Accessories", 2200, 700, 45, 76, Season::Winter,
            kSewing},
    Product{"AC-ST1", "Stilt Poles", "Accessories", 8900, 3600, 480, 34, Season::All, kMetal},
    Product{"AC-GG1", "Grouse Gaiters", "Accessories", 4500, 1600, 230, 22, Season::Winter, kOwn},
    Product{"AC-RK1", "Mend & Go Repair Kit", "Accessories", 1600, 500, 90, 50, Season::All, kOwn},
};

constexpr std::array kCampaigns{
    Campaign{"cmp-01", "Kestrel Brand Search", "google", "sales", "", 0, 24, 42000, 38, 30},
    Campaign{"cmp-02", "Autumn Layers", "meta", "sales", "LAYERS15", 0, 2, 90000, 62, 20},
    Campaign{"cmp-03", "Winter Nights", "google", "sales", "", 1, 4, 75000, 55, 18},
    Campaign{"cmp-04", "First Light", "meta", "awareness", "", 4, 8, 65000, 58, 16},
    Campaign{"cmp-05", "Long Weekend Tents", "google", "sales", "", 5, 9, 80000, 66, 24},
    Campaign{"cmp-06", "Summit Stories", "tiktok", "awareness", "SUMMIT10", 10, 15, 135000, 29, 2},
    Campaign{"cmp-07", "Autumn Layers Again", "meta", "sales", "LAYERS15", 11, 14, 85000, 60, 20},
    Campaign{"cmp-08", "Black Friday Nest", "google", "sales", "NEST20", 12, 13, 160000, 71, 40},
    Campaign{"cmp-09", "Club for Everyone", "meta", "membership", "", 14, 24, 45000, 52, 11},
    Campaign{"cmp-10", "Wanderfalk Summer", "google", "sales", "", 16, 21, 110000, 74, 26},
    Campaign{"cmp-11", "Back on the Trail", "meta", "sales", "TRAIL10", 20, 24, 70000, 57, 20},
};
static_assert(kCampaigns[kTentCampaign].name == "Wanderfalk Summer");
static_assert(kProducts[kSoldOutProduct].name == "Wanderfalk 2");
static_assert(kProducts[kSubstituteProduct].name == "Merlin Solo");

constexpr std::array kCarriers{
    Carrier{"Nordpost", "NP", 540, 45, 4, 2, true},
    Carrier{"Alpenbote", "AB", 610, 65, 5, 2, false},
    Carrier{"Swiftline", "SW", 390, 310, 9, 12, true},
};
constexpr std::array kSharesBefore{65, 35, 0};
constexpr std::array kSharesSince{38, 24, 38};
constexpr int kThirdCarrierFrom = 14;

constexpr std::array kPlans{
    Plan{"club_monthly", 1, 990, 48},
    Plan{"club_yearly", 12, 9480, 270},
    Plan{"family_yearly", 12, 14280, 190},
};

}  // namespace

std::span<const Product> products() {
  return kProducts;
}

int price_cents_in(const Product& product, int month) {
  if (month >= 12) return product.price_cents;
  return (product.price_cents * 95 / 100 + 25) / 50 * 50;
}

std::span<const Campaign> campaigns() {
  return kCampaigns;
}

int pull_in(const Campaign& campaign, int month) {
  if (month < campaign.from || month >= campaign.until) return 0;
  const bool sells_nothing =
      &campaign == &kCampaigns[kTentCampaign] && month >= kSoldOutFrom && month < kSoldOutUntil;
  return sells_nothing ? 2 : campaign.pull;
}

std::span<const Carrier> carriers() {
  return kCarriers;
}

std::span<const int> carrier_shares(int month) {
  return month < kThirdCarrierFrom ? kSharesBefore : kSharesSince;
}

std::span<const Plan> plans() {
  return kPlans;
}

}  // namespace martgate::demo
