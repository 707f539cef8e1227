#include "demo/demo_data.h"

#include <fmt/format.h>

#include <array>
#include <system_error>

#include "base/files.h"
#include "demo/billing.h"
#include "demo/carrier_files.h"
#include "demo/crm.h"
#include "demo/history.h"
#include "demo/marketing.h"
#include "demo/output.h"
#include "demo/planning.h"
#include "demo/shop.h"
#include "demo/support.h"
#include "demo/world.h"

namespace martgate {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = "demo-data.txt";
constexpr std::array<std::string_view, 9> kFolders{
    "ads", "billing", "carriers", "crm", "marketing", "planning", "shop", "support", "web"};

// Who sees what: the order in which a day reaches the systems is the order of their rows.
class Systems final : public demo::Witness {
 public:
  Systems(const demo::World& world, const demo::History& history, demo::Output& output)
      : shop(world, history, output),
        billing(world, history, output),
        support(world, history, output),
        carriers(world, output) {}

  void ordered(const demo::Order& order) override {
    shop.add(order);
    billing.add(order);
    carriers.add(order);
    support.add(order);
  }
  void joined(const demo::Membership& membership) override { billing.add(membership); }

  demo::ShopExport shop;
  demo::BillingExport billing;
  demo::SupportExport support;
  demo::CarrierExport carriers;
};

Status check(const DemoOptions& options) {
  if (!(options.scale > 0 && options.scale <= kDemoScaleMax)) {
    return fail(Code::InvalidArgument, fmt::format("scale {} is out of range", options.scale),
                {fmt::format("accepted: above 0, at most {}", kDemoScaleMax)}, "bad_scale");
  }
  const int year = int(std::chrono::year_month_day{options.until}.year());
  if (year < 2000 || year > 2100) {
    return fail(Code::InvalidArgument, "the last day is out of range",
                {"accepted: a day in the years 2000 to 2100"}, "bad_until");
  }
  return {};
}

tl::unexpected<Error> cannot(std::string_view act, const fs::path& path, std::error_code why) {
  return fail(Code::Unavailable,
              fmt::format("cannot {} {}: {}", act, path.string(), why.message()));
}

// Makes room for a run; touches only files of the nine folders, and only when the mark is there.
Status clear(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) return cannot("make", folder, failed);
  const bool is_empty = fs::is_empty(folder, failed);
  if (failed) return cannot("read", folder, failed);
  if (is_empty) return {};
  if (!fs::is_regular_file(folder / kMark, failed)) {
    return fail(Code::FailedPrecondition,
                fmt::format("{} holds files that are not demo data", folder.string()),
                {"name an empty or a new folder"}, "folder_not_empty");
  }
  for (const std::string_view name : kFolders) {
    const fs::path below = folder / name;
    if (!fs::is_directory(below, failed)) continue;
    fs::directory_iterator entries(below, failed);
    if (failed) return cannot("read", below, failed);
    for (const fs::directory_entry& entry : entries) {
      const fs::path ending = entry.path().extension();
      if (ending != ".csv" && ending != ".jsonl") continue;
      fs::remove(entry.path(), failed);
      if (failed) return cannot("remove", entry.path(), failed);
    }
  }
  return {};
}

}  // namespace

Result<DemoSummary> write_demo_data(const fs::path& folder, const DemoOptions& options) {
  if (const Status fine = check(options); !fine) return tl::unexpected(fine.error());
  if (const Status cleared = clear(folder); !cleared) return tl::unexpected(cleared.error());
  const Status marked = replace_file(
      folder / kMark,
      fmt::format(
          "Extracts of Kestrel Outdoor, an invented company. Everything here is made up and\n"
          "is written anew by `martgate demo-data`.\nseed {}, scale {:.3f}, until {}\n",
          options.seed, options.scale, to_iso(options.until)));
  if (!marked) return tl::unexpected(marked.error());

  const demo::World world(options);
  demo::History history(world);
  demo::Output output(folder);
  Systems systems(world, history, output);
  history.run(systems);
  systems.shop.write_customers();
  systems.shop.write_products();
  systems.billing.write_customers();
  systems.support.write_questions();
  demo::write_crm(world, history, output);
  demo::write_campaigns(world, output);
  demo::write_subscribers(world, history, output);
  demo::write_ad_spend(world, output);
  demo::write_traffic(world, history, output);
  demo::write_targets(world, history, output);
  return output.finish();
}

}  // namespace martgate
