#include "demo/marketing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/decimal.h"
#include "demo/assortment.h"
#include "demo/keys.h"

namespace martgate::demo {
namespace {

constexpr int kCorrectedDays = 3;

std::string upper_ascii(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return upper;
}

struct AdDay {
  std::size_t campaign;
  int day;
  std::int64_t impressions;
  std::int64_t clicks;
  std::int64_t spend_cents;
};

AdDay ad_day(const World& world, std::size_t campaign, int day) {
  const Campaign& what = campaigns()[campaign];
  Random random = world.stream(Subject::Ads, campaign * 4096 + std::uint64_t(day));
  const std::int64_t wanted = world.scaled(what.monthly_cents) / 30 * random.between(75, 125) / 100;
  const std::int64_t click_cents = what.click_cents * random.between(88, 114) / 100;
  const std::int64_t clicks = std::max<std::int64_t>(1, wanted / click_cents);
  return {campaign, day, clicks * random.between(38, 85), clicks, clicks * click_cents};
}

std::string ad_line(const World& world, const AdDay& ad, int exported_day) {
  const Campaign& campaign = campaigns()[ad.campaign];
  std::string line;
  JsonWriter json(line);
  json.begin_object();
  json.field("date", world.iso(ad.day)).field("platform", campaign.platform);
  json.field("campaign_id",
             campaign.platform == "meta" ? upper_ascii(campaign.id) : std::string(campaign.id));
  json.field("impressions", ad.impressions).field("clicks", ad.clicks);
  json.key("spend");
  if (campaign.platform == "google")
    json.null().key("cost_micros").integer(ad.spend_cents * 10'000);
  else
    json.string(decimal_text(ad.spend_cents, 2)).key("cost_micros").null();
  json.field("exported_at", world.iso(exported_day) + "T04:00:00Z");
  json.end_object();
  return line;
}

void write_subscriber(const World& world, OutputFile& file, Who who, std::int64_t index,
                      const Person& person, int since) {
  Random random = world.stream(
      Subject::Presence, (std::uint64_t{3} << 40U) + std::uint64_t(index) * 3 + std::uint64_t(who));
  if (!happens(random, who == Who::Prospect ? 650 : 520)) return;
  constexpr std::array<std::string_view, 3> kStatus{"subscribed", "unsubscribed", "bounced"};
  constexpr std::array kStatusShares{78, 18, 4};
  constexpr std::array<std::string_view, 3> kForms{"checkout", "footer", "raffle"};
  std::string line;
  JsonWriter json(line);
  json.begin_object();
  json.field("subscriber_id", subscriber_id(world, who, index));
  json.field("email", typed_email(person.email, random));
  json.field("status", kStatus[pick(random, kStatusShares)]);
  json.field("form", kForms[random.below(kForms.size())]);
  json.field("consent_at",
             world.iso(since) + 'T' + time_text(static_cast<int>(random.below(86'400))) + 'Z');
  json.end_object();
  file.row(line);
}

}  // namespace

void write_campaigns(const World& world, Output& output) {
  OutputFile& file =
      output.open("marketing/campaigns-" + world.iso(world.last_day()) + ".jsonl", "");
  constexpr std::array<std::string_view, 2> kManagers{"Ilse Brandt", "Yann Moreau"};
  for (const Campaign& campaign : campaigns()) {
    std::string line;
    JsonWriter json(line);
    json.begin_object();
    json.field("campaign_id", campaign.id).field("name", campaign.name);
    json.field("platform", campaign.platform).field("objective", campaign.objective);
    json.key("coupon");
    if (campaign.coupon.empty())
      json.null();
    else
      json.string(campaign.coupon);
    json.field("starts_on", world.iso(world.month_start(campaign.from)));
    json.field("ends_on", world.iso(world.month_start(campaign.until) - 1));
    json.field(
        "budget",
        decimal_text(world.scaled(campaign.monthly_cents) * (campaign.until - campaign.from), 2));
    json.field("manager", kManagers[campaign.platform == "google" ? 0 : 1]);
    json.end_object();
    file.row(line);
  }
}

void write_subscribers(const World& world, const History& history, Output& output) {
  OutputFile& file =
      output.open("marketing/subscribers-" + world.iso(world.last_day()) + ".jsonl", "");
  const auto& customers = history.customers();
  for (std::size_t i = 0; i < customers.size(); ++i) {
    if (customers[i].staff >= 0) continue;
    const auto index = static_cast<std::int64_t>(i);
    write_subscriber(world, file, Who::Customer, index, history.person(index),
                     customers[i].signup_day);
  }
  for (std::int64_t index = 0; index < prospect_count(world); ++index) {
    write_subscriber(world, file, Who::Prospect, index, prospect(world, index),
                     static_cast<int>(index * world.day_count() / prospect_count(world)));
  }
}

void write_ad_spend(const World& world, Output& output) {
  MonthlyFiles files(output, world, "ads/spend", ".jsonl", "");
  Random again = world.stream(Subject::Resent, 7);
  for (int day = 0; day < world.day_count(); ++day) {
    const int month = world.month_of(day);
    const bool is_corrected =
        day >= world.month_start(month + 1) - kCorrectedDays && month + 1 < world.month_count();
    for (std::size_t i = 0; i < campaigns().size(); ++i) {
      if (month < campaigns()[i].from || month >= campaigns()[i].until) continue;
      AdDay ad = ad_day(world, i, day);
      if (is_corrected) {
        files.at(month + 1).row(ad_line(world, ad, day + 5));
        // What was known on the first evening: nothing of the last hours.
        const std::int64_t click_cents = ad.spend_cents / ad.clicks;
        ad.clicks -= ad.clicks / 12;
        ad.spend_cents = ad.clicks * click_cents;
      }
      files.at(month).row_maybe_twice(ad_line(world, ad, day + 1), again);
    }
  }
}

void write_traffic(const World& world, const History& history, Output& output) {
  MonthlyFiles files(output, world, "web/traffic", ".csv",
                     "day,channel,device,sessions,product_views,carts,checkouts");
  struct Share {
    std::string_view channel;
    std::int64_t sessions_permille;
    std::int64_t checkouts_per_myriad;
  };
  constexpr std::array kShares{Share{"organic", 380, 240}, Share{"paid", 270, 190},
                               Share{"direct", 190, 330}, Share{"newsletter", 100, 420},
                               Share{"referral", 60, 160}};
  constexpr std::array<std::string_view, 3> kDevices{"mobile", "desktop", "bot"};
  constexpr std::array<std::int64_t, 3> kDevicePermille{620, 380, 90};
  for (int day = 0; day < world.day_count(); ++day) {
    const int month = world.month_of(day);
    const bool is_sold_out = month >= kSoldOutFrom && month < kSoldOutUntil;
    std::string compact = world.iso(day);
    std::erase(compact, '-');
    Random random = world.stream(Subject::Traffic, std::uint64_t(day));
    const std::int64_t in_all =
        world.scaled(190'000) * history.demand_on(day) / history.demand_in_all();
    for (const Share& share : kShares) {
      for (std::size_t device = 0; device < kDevices.size(); ++device) {
        const std::int64_t sessions = in_all * share.sessions_permille / 1000 *
                                      kDevicePermille[device] / 1000 * random.between(85, 115) /
                                      100;
        const bool is_bot = kDevices[device] == "bot";
        const std::int64_t ready = is_bot ? 0
                                          : share.checkouts_per_myriad * (device == 0 ? 52 : 97) /
                                                100 * (is_sold_out ? 78 : 100) / 100;
        const std::int64_t checkouts = (sessions * ready + random.between(0, 9'999)) / 10'000;
        CsvLine row;
        row.text(compact).text(share.channel).text(kDevices[device]).number(sessions);
        row.number(sessions * 3).number(checkouts * 3).number(checkouts);
        files.at(month).row(row.line());
      }
    }
  }
}

}  // namespace martgate::demo
