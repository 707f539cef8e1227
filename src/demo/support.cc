#include "demo/support.h"

#include <fmt/format.h>

#include <array>

#include "demo/assortment.h"

namespace martgate::demo {

struct SupportExport::Ticket {
  Who who;
  std::int64_t index;
  std::string order;  // order number, may be empty
  std::string_view topic;
  std::string_view subject;
  int day;
  int mood;  // added to the satisfaction, in tenths
};

namespace {

constexpr int kDeskMovedIn = 6;  // month
constexpr int kMinutesOfDay = 24 * 60;

struct Question {
  std::string_view topic;
  std::string_view subject;
};
constexpr std::array kQuestions{
    Question{"product", "Does the Squall Shell run small?"},
    Question{"product", "Zip of my Plover 30 is stuck, what now?"},
    Question{"product", "Heron filter: how long does a cartridge last?"},
    Question{"membership", "How do I end my Kestrel Club membership?"},
    Question{"membership", "Club discount was not applied, why?"},
    Question{"billing", "Please send the invoice again, with our VAT number"},
};

// Winter rush: a team of four, twice the tickets.
bool is_busy(const World& world, int day) {
  const int month = world.calendar_month(day);
  return month == 11 || month == 0;
}

std::string minute_text(const World& world, int minute, bool is_new_desk) {
  const int day = minute / kMinutesOfDay;
  const std::string time = time_text(minute % kMinutesOfDay * 60);
  if (is_new_desk) return world.iso(day) + 'T' + time + 'Z';
  return world.iso(day) + ' ' + time.substr(0, 5);
}

}  // namespace

SupportExport::SupportExport(const World& world, const History& history, Output& output)
    : world_(world),
      history_(history),
      tickets_(output, world, "support/tickets", ".jsonl", ""),
      again_(world.stream(Subject::Resent, 4)) {}

void SupportExport::add(const Order& order) {
  if (order.is_test || order.cancelled_day != kNever) return;
  Random random = world_.stream(Subject::Ticket, std::uint64_t(order.id));
  const bool is_lost = order.delivered_day == kNever;
  const auto open = [&](std::string_view topic, std::string_view subject, int day, int mood) {
    if (!world_.is_over(day)) return;
    const bool names_order = !happens(random, 120);
    write({Who::Customer, order.customer, names_order ? order_no(order.id) : "", topic, subject,
           day, mood},
          random);
  };
  if (is_lost) return open("delivery", "My parcel never arrived", order.promised_day + 4, -20);
  if (order.is_late() && happens(random, 420)) {
    return open("delivery", "Where is my parcel? Promised, not here", order.promised_day + 1, -13);
  }
  if (order.refunded_day != kNever && happens(random, 350)) {
    return open("return", "I would like to send something back", order.delivered_day + 2, -2);
  }
  if (happens(random, 45)) {
    open("product", "Question about my order, washing and care", order.delivered_day + 6, 6);
  }
}

void SupportExport::write_questions() {
  const std::int64_t in_all = world_.scaled(190);
  const std::int64_t about_tent = world_.scaled(84);
  const int sold_out_from = world_.month_start(kSoldOutFrom);
  const int sold_out_days = world_.month_start(kSoldOutUntil) - sold_out_from;
  const auto& customers = history_.customers();
  const auto ask = [&](const Question& question, int day, int mood, Random& random) {
    // Accounts stand in order of sign-up to within three weeks.
    const auto known =
        customers.size() * std::uint64_t(day + 1) / std::uint64_t(world_.day_count());
    const std::uint64_t index = random.below(known + 1);
    const bool is_customer = happens(random, 550) && index < customers.size() &&
                             customers[index].staff < 0 && customers[index].signup_day <= day;
    const Who who = is_customer ? Who::Customer : Who::Prospect;
    const auto whom =
        is_customer
            ? static_cast<std::int64_t>(index)
            : static_cast<std::int64_t>(random.below(std::uint64_t(prospect_count(world_))));
    write({who, whom, "", question.topic, question.subject, day, mood}, random);
  };
  for (std::int64_t i = 0; i < in_all + about_tent; ++i) {
    Random random = world_.stream(Subject::Ticket, (std::uint64_t{1} << 40U) + std::uint64_t(i));
    if (i < in_all) {
      const Question& question = kQuestions[random.below(kQuestions.size())];
      ask(question, static_cast<int>(i * world_.day_count() / in_all), 3, random);
    } else {
      const int day = sold_out_from + static_cast<int>((i - in_all) * sold_out_days / about_tent);
      if (world_.is_over(day)) {
        ask({"availability", "When is the Wanderfalk 2 back in stock?"}, day, -5, random);
      }
    }
  }
}

void SupportExport::write(const Ticket& ticket, Random& random) {
  const bool busy = is_busy(world_, ticket.day);
  const int created = ticket.day * kMinutesOfDay +
                      static_cast<int>(random.between(std::int64_t{7} * 60, std::int64_t{22} * 60));
  const int first_minutes = static_cast<int>(random.between(12, busy ? 1500 : 420));
  const int solve_minutes =
      first_minutes + static_cast<int>(random.between(30, busy || ticket.mood < -10 ? 6500 : 2600));
  const int last_minute = world_.day_count() * kMinutesOfDay;
  const bool is_new_desk = world_.month_of(ticket.day) >= kDeskMovedIn;
  const auto time_or_null = [&](JsonWriter& json, std::string_view key, int minute) {
    json.key(key);
    if (minute < last_minute)
      json.string(minute_text(world_, minute, is_new_desk));
    else
      json.null();
  };
  const bool is_solved = created + solve_minutes < last_minute;
  constexpr std::array<std::string_view, 3> kChannels{"email", "chat", "phone"};
  constexpr std::array kChannelShares{58, 31, 11};
  const Person person =
      ticket.who == Who::Customer ? history_.person(ticket.index) : prospect(world_, ticket.index);
  std::string line;
  JsonWriter json(line);
  json.begin_object();
  json.field("ticket_id", next_ticket_++);
  json.field("requester_id", requester_id(world_, ticket.who, ticket.index));
  json.field("requester_email", typed_email(person.email, random));
  json.key("order_no");
  if (ticket.order.empty())
    json.null();
  else
    json.string(ticket.order);
  json.field("topic", ticket.topic).field("channel", kChannels[pick(random, kChannelShares)]);
  json.field("priority", ticket.mood < -10 ? "high" : "normal").field("subject", ticket.subject);
  json.field("status", is_solved ? "solved" : "open");
  time_or_null(json, "created_at", created);
  time_or_null(json, "first_response_at", created + first_minutes);
  time_or_null(json, "solved_at", created + solve_minutes);
  json.key("csat");
  // 4.3 on average for a quick answer in a good mood; every day of waiting costs.
  const std::int64_t tenths =
      46 + ticket.mood - solve_minutes / kMinutesOfDay * 3 + random.between(-12, 8);
  if (is_solved && happens(random, 460))
    json.integer(std::clamp<std::int64_t>((tenths + 5) / 10, 1, 5));
  else
    json.null();
  json.end_object();
  tickets_.at(world_.month_of(ticket.day)).row_maybe_twice(line, again_);
}

}  // namespace martgate::demo
