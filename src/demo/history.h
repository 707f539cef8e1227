// What happened at Kestrel Outdoor, day by day. The files of the nine systems are views of it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "demo/people.h"
#include "demo/world.h"

namespace martgate::demo {

enum class Channel : std::uint8_t { Web, Marketplace, Wholesale };
[[nodiscard]] std::string_view name_of(Channel channel);

inline constexpr int kNever = -1;

struct Customer {
  int signup_day = 0;
  int active_until = 0;       // no order behind this day, which is how customers are lost
  int member_until = kNever;  // kNever: no member of the club; else may lie behind the last day
  std::int32_t company = -1;
  std::int8_t staff = -1;
  bool has_ordered = false;
};

struct Line {
  std::uint8_t product = 0;
  std::uint8_t quantity = 0;
  int unit_cents = 0;
};

// Amounts are cents without VAT: total = sum of the lines - discount. Days may lie behind the last
// one; what has not happened yet is not written.
struct Order {
  std::int64_t id = 0;
  std::int64_t customer = 0;  // index of the customer
  Channel channel = Channel::Web;
  Country country = Country::De;
  int placed_day = 0;
  int placed_second = 0;
  int cancelled_day = kNever;
  int paid_day = kNever;
  int shipped_day = kNever;
  int promised_day = kNever;
  int delivered_day = kNever;  // kNever with a shipped_day: lost
  int refunded_day = kNever;
  std::int64_t subtotal_cents = 0;
  std::int64_t discount_cents = 0;
  std::int64_t refund_cents = 0;
  int carrier = -1;
  int campaign = -1;
  bool is_test = false;
  bool is_logged_out = false;  // the shop knows the address, not the account
  int line_count = 0;
  std::array<Line, 7> lines{};

  [[nodiscard]] std::int64_t total_cents() const { return subtotal_cents - discount_cents; }
  [[nodiscard]] bool is_late() const { return delivered_day > promised_day; }
};

struct Membership {
  std::int64_t id = 0;
  std::int64_t customer = 0;
  std::size_t plan = 0;
  int from_day = 0;
  int until_day = kNever;  // may lie behind the last day
};

struct Deal {
  std::int64_t id = 0;
  std::int32_t company = 0;
  int created_day = 0;
  int closed_day = 0;  // may lie behind the last day: still open
  bool is_won = false;
  std::int64_t amount_cents = 0;
  std::size_t rep = 0;
};

// What is told of each event, in order of time.
class Witness {
 public:
  virtual ~Witness() = default;
  virtual void ordered(const Order& order) = 0;
  virtual void joined(const Membership& membership) = 0;
};

class History {
 public:
  explicit History(const World& world);
  void run(Witness& witness);

  [[nodiscard]] const std::vector<Customer>& customers() const { return customers_; }
  [[nodiscard]] const std::vector<Deal>& deals() const { return deals_; }
  [[nodiscard]] std::int64_t company_count() const { return company_count_; }
  [[nodiscard]] Person person(std::int64_t customer) const;
  // Relative demand on a day, about 1,000; what planning expected, so without the stock-out.
  [[nodiscard]] std::int64_t demand_on(int day) const { return demand_.at(std::size_t(day)); }
  [[nodiscard]] std::int64_t demand_in_all() const { return demand_sum_; }

 private:
  void sell_to_consumer(int day, Witness& witness);
  void sell_to_company(int day, std::int32_t company, Witness& witness);
  void try_checkout(int day, Witness& witness);
  [[nodiscard]] std::int64_t some_customer(int day, Random& random);
  [[nodiscard]] std::int64_t add_customer(Customer customer);
  [[nodiscard]] std::int64_t account_of(std::int32_t company, int day);
  [[nodiscard]] Order begin_order(int day, std::int64_t customer, Channel channel, Random& random);
  void maybe_join(const Order& order, bool is_first, Witness& witness);

  const World& world_;
  std::vector<std::int64_t> demand_;
  std::int64_t demand_sum_ = 0;
  std::int64_t company_count_;
  std::int64_t next_order_ = 0;
  std::int64_t next_membership_ = 0;
  std::vector<Customer> customers_;
  std::vector<std::int64_t> account_of_company_;
  std::vector<std::vector<std::int32_t>> company_orders_due_;  // by day
  std::vector<Deal> deals_;
};

}  // namespace martgate::demo
