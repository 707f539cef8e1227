#include "demo/crm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/decimal.h"
#include "demo/keys.h"

namespace martgate::demo {
namespace {

constexpr std::string_view kLeadHeader =
    "contact_id,email,first_name,last_name,company,country,lead_source,status,created_on,owner";
constexpr std::array<std::string_view, 3> kReps{"Nora Lindqvist", "Jana Vogel", "Tomas Rivas"};
constexpr std::array<std::string_view, 4> kLeadSources{"trade fair", "referral", "website form",
                                                       "store visit"};
constexpr std::array<std::string_view, 4> kLostReasons{"price", "went to competitor", "no budget",
                                                       "no answer"};
constexpr std::int64_t kConsumersKnownPermille = 90;

struct Lead {
  Who who;
  std::int64_t index;
  Person person;
  std::string company;
  std::string_view status;
  int created_day;
};

class LeadFile {
 public:
  LeadFile(const World& world, OutputFile& file, int as_of)
      : world_(world), file_(file), as_of_(as_of), again_(world.stream(Subject::Resent, 5)) {}

  void add(const Lead& lead) {
    if (lead.created_day > as_of_) return;
    Random random =
        world_.stream(Subject::Lead, (std::uint64_t{1} << 40U) + std::uint64_t(lead.index) * 3 +
                                         std::uint64_t(lead.who));
    const std::string_view source = kLeadSources[random.below(kLeadSources.size())];
    const std::string_view owner = kReps[random.below(kReps.size())];
    const bool is_entered_twice = happens(random, 30);
    for (int copy = 0; copy < (is_entered_twice ? 2 : 1); ++copy) {
      const int created = std::min(as_of_, lead.created_day + copy * 40);
      CsvLine row;
      row.text(contact_id(world_, lead.who, lead.index) + (copy == 0 ? "" : "-D"));
      row.text(typed_email(lead.person.email, random));
      row.text(lead.person.first).text(lead.person.last);
      row.text(lead.company).text(typed_country(lead.person.country, random));
      row.text(source).text(lead.status).text(world_.iso(created)).text(owner);
      file_.row_maybe_twice(row.line(), again_);
    }
  }

 private:
  const World& world_;
  OutputFile& file_;
  int as_of_;
  Random again_;
};

void write_leads(const World& world, const History& history, Output& output, int as_of) {
  LeadFile file(world, output.open("crm/leads-" + world.iso(as_of) + ".csv", kLeadHeader), as_of);
  std::vector<int> known_since(std::size_t(history.company_count()), 0);
  std::vector<bool> is_won(known_since.size(), false);
  for (const Deal& deal : history.deals()) {
    int& since = known_since[std::size_t(deal.company)];
    if (since == 0) since = std::max(1, deal.created_day);
    if (deal.is_won && deal.closed_day <= as_of) is_won[std::size_t(deal.company)] = true;
  }
  for (std::int64_t index = 0; index < history.company_count(); ++index) {
    const Company whole = company(world, index);
    file.add({Who::Company, index, whole.buyer, whole.name,
              is_won[std::size_t(index)] ? "customer" : "qualified",
              std::max(0, known_since[std::size_t(index)] - 5)});
  }
  const auto& customers = history.customers();
  for (std::size_t i = 0; i < customers.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    if (customers[i].staff >= 0 || customers[i].company >= 0) continue;
    Random random = world.stream(Subject::Lead, (std::uint64_t{2} << 40U) + i);
    if (!happens(random, kConsumersKnownPermille)) continue;
    file.add({Who::Customer, index, history.person(index), "",
              customers[i].has_ordered ? "customer" : "new", customers[i].signup_day});
  }
  for (std::int64_t index = 0; index < prospect_count(world); index += 2) {
    const bool is_hopeless = index % 3 == 0;
    file.add({Who::Prospect, index, prospect(world, index), "",
              is_hopeless ? "disqualified" : "new",
              static_cast<int>(index * world.day_count() / prospect_count(world))});
  }
}

void write_deals(const World& world, const History& history, Output& output, int as_of) {
  OutputFile& file = output.open("crm/deals-" + world.iso(as_of) + ".jsonl", "");
  Random again = world.stream(Subject::Resent, 6);
  for (const Deal& deal : history.deals()) {
    if (deal.created_day > as_of) continue;
    Random random = world.stream(Subject::Deal, (std::uint64_t{1} << 40U) + std::uint64_t(deal.id));
    const bool is_closed = deal.closed_day <= as_of;
    const int age = as_of - deal.created_day;
    const std::string_view stage = is_closed  ? (deal.is_won ? "won" : "lost")
                                   : age < 20 ? "prospecting"
                                   : age < 50 ? "proposal"
                                              : "negotiation";
    const std::string_view reason = kLostReasons[random.below(kLostReasons.size())];
    const bool is_unpriced = !is_closed && happens(random, 150);
    std::string name = company(world, deal.company).name;
    if (happens(random, 60)) name.push_back(' ');
    std::string line;
    JsonWriter json(line);
    json.begin_object();
    json.field("deal_id", fmt::format("D-{:05}", deal.id + 1));
    json.field("contact_id", contact_id(world, Who::Company, deal.company));
    json.field("company", name).field("stage", stage);
    json.key("amount");
    if (is_unpriced)
      json.null();
    else
      json.string(decimal_text(deal.amount_cents, 2));
    json.field("currency", "EUR").field("created_on", world.iso(deal.created_day));
    json.field("expected_close_on", world.iso(deal.created_day + 60));
    json.key("closed_on");
    if (is_closed)
      json.string(world.iso(deal.closed_day));
    else
      json.null();
    json.key("lost_reason");
    if (stage == "lost")
      json.string(reason);
    else
      json.null();
    json.field("owner", kReps[deal.rep]);
    json.end_object();
    file.row_maybe_twice(line, again);
  }
}

}  // namespace

void write_crm(const World& world, const History& history, Output& output) {
  const int month_before = world.month_start(world.month_count() - 1) - 1;
  for (const int as_of : {month_before, world.last_day()}) {
    write_leads(world, history, output, as_of);
    write_deals(world, history, output, as_of);
  }
}

}  // namespace martgate::demo
