// The orders of a scenario: installation, registration, retirement. An order for a meter that is done already is
// answered again by the KMC, so a step that was cut off is simply run again.

#include "node/carry_out.hpp"
#include "scenarios/stage.hpp"
#include "storage/archive.hpp"

#include <algorithm>
#include <set>

namespace oaksteel {
namespace {

/// Orders that the operator has open at once.
constexpr std::size_t window = 64;

} // namespace

std::vector<leg_plan> stage::legs_for(const std::vector<domain_id>& domains) {
  std::vector<leg_plan> legs;
  for (const auto& domain : domains) {
    const auto steels = site_->steels_for(domain);
    // By chance any of them, else the first.
    const auto* steel = steels.empty() ? nullptr : steels[chance_ && chance_->begun() ? chance_->below(steels.size()) : 0];
    const auto id = steel ? box_in_slot(opened_.written, steel->plan.slot) : std::nullopt;
    legs.push_back({domain, id.value_or(box_id{box_type::steel, 0})});
  }
  return legs;
}

meter stage::meter_state_of(const sequence_number& number) const {
  auto row = opened_.written.view().row({stream_kind::meter, number.text});
  auto state = row ? decode<meter>(row->state) : expected<meter, std::string>{meter{}};
  return state ? *state : meter{};
}

days_now stage::today(const meter& m) {
  std::vector<time_zone> zones;
  for (const auto& [domain, key] : m.keys)
    zones.push_back(site_->plan_of(domain).zone);
  return today_in(zones, world_.time().now());
}

calendar_date stage::registration_day(const meter& m) {
  const auto today = this->today(m);
  if (today.first != today.last)
    fail("it is not the same day now in the time zones of the domains of meter " + m.number.text
         + ", and a registration has one date; let it wait");
  return today.first;
}

void stage::complete(const pending_handle<order_result>& p, const std::string& what) {
  if (!wait_for(p, what).outcome.complete)
    fail(what + " is incomplete");
}

void stage::take(const install_step& s) {
  const auto& labels = scenario_.label_files.at(s.labels);
  for (const auto& domain : s.domains)
    if (site_->steels_for(domain).empty())
      fail("no Steel box has " + domain.text + " active; give one `active = \"" + domain.text + "\"`");
  const auto& line = *std::find_if(site_->boxes().begin(), site_->boxes().end(),
                                   [](const site_box& b) { return static_cast<bool>(b.line); });
  struct open {
    sequence_number meter;
    pending_handle<order_result> result;
  };
  std::deque<open> orders;
  std::size_t done = 0;
  auto finish_first = [&] {
    const auto& first = orders.front();
    unless_by_chance([&] { complete(first.result, "order for " + first.meter.text); });
    orders.pop_front();
    progress(++done, labels.size(), "meters installed");
  };
  for (const auto& label : labels) {
    unless_by_chance([&] {
      ask<acknowledged>(line.line, load_label{{}, label.meter, label.product}, "label of " + label.meter.text);
    });
    open_order order{{}, {order_kind::install, label.meter, label.product, {}, {}, {}, {}, {}}, legs_for(s.domains)};
    orders.push_back({label.meter, order_by(site_->kmc(), order)});
    if (orders.size() >= window)
      finish_first();
  }
  while (!orders.empty())
    finish_first();
}

void stage::take(const register_step& s) {
  std::set<sequence_number> scrapped;
  for (std::uint32_t before = 0; before + 1 < step_; ++before)
    if (auto scrap = std::get_if<scrap_step>(&scenario_.plan.steps[before]))
      scrapped.insert(scrap->meters.begin(), scrap->meters.end());
  const auto& line = *std::find_if(site_->boxes().begin(), site_->boxes().end(),
                                   [](const site_box& b) { return static_cast<bool>(b.line); });
  unsigned done = 0;
  for (const auto& label : scenario_.labels) {
    if (done == s.count)
      return;
    if (scrapped.contains(label.meter))
      continue;
    auto digits = std::to_string(s.first_serial + done);
    digits.insert(0, s.serial_digits > digits.size() ? s.serial_digits - digits.size() : 0, '0');
    const auto date = registration_day(meter_state_of(label.meter));
    const register_meter request{{}, label.meter, label.product, {digits}, s.country, date};
    unless_by_chance([&] { complete(order_by(line.line, request), "registration of " + label.meter.text); });
    progress(++done, s.count, "meters registered");
  }
  if (done < s.count)
    fail("only " + std::to_string(done) + " meters can be registered, " + std::to_string(s.count) + " are asked for");
}

void stage::retire(const std::vector<sequence_number>& meters, const std::string& reason) {
  for (std::size_t i = 0; i < meters.size(); ++i) {
    unless_by_chance([&] { retire(meters[i], reason); });
    progress(i + 1, meters.size(), "meters taken out of service");
  }
}

void stage::retire(const sequence_number& number, const std::string& reason) {
  const auto state = meter_state_of(number);
  if (state.number.empty())
    fail("meter " + number.text + " is not in a label file");
  std::vector<domain_id> domains;
  for (const auto& [domain, key] : state.keys)
    domains.push_back(domain);
  order_details details{order_kind::retirement, number, state.product, state.serial, state.country,
                        today(state).last, reason, {}};
  complete(order_by(site_->kmc(), open_order{{}, details, legs_for(domains)}),
           "retirement of " + number.text);
}

void stage::take(const scrap_step& s) {
  retire(s.meters, s.reason.empty() ? "scrapped before registration" : s.reason);
}

void stage::take(const retire_step& s) {
  retire(s.meters, s.reason.empty() ? "taken out of service" : s.reason);
}

} // namespace oaksteel
