// Runs one cell of a matrix: a meter of its own, one fault, and what comes of it. A cell in which the process ended is
// begun again with another meter; but a cell whose fault ends the process goes on where it was.

#include "node/carry_out.hpp"
#include "scenarios/matrix_report.hpp"
#include "scenarios/stage.hpp"
#include "storage/archive.hpp"
#include "storage/find_event.hpp"

#include <algorithm>

namespace oaksteel {
namespace {

const product_code matrix_product{"MATRIX"};

/// `0000123`
std::string digits_of(std::uint32_t step) {
  auto digits = std::to_string(step);
  return digits.insert(0, 7 - std::min<std::size_t>(7, digits.size()), '0');
}

/// `C0000123R`: the second meter of the cell that is step 123. One altered bit makes it the name of no other.
sequence_number meter_of(std::uint32_t step, unsigned attempt) {
  return {'C' + digits_of(step) + "PRTV"[attempt]};
}
/// As that, of no other meter.
indicia_serial serial_of(const sequence_number& meter) {
  return {meter.text.substr(1, 7) + static_cast<char>('0' + meter.text.back() - 'P') + '0'};
}

/// The status of each key that was assigned since `begin`, and the errors noted; in the order of the log.
struct cell_history {
  std::vector<key_id> keys;
  std::vector<fault_recorded> faults;
  unsigned restarts = 0;
};
cell_history history_since(const log_view& view, std::uint64_t begin) {
  cell_history all;
  for (auto position = begin; position <= view.size(); ++position) {
    const auto record = view.at(position);
    if (!record)
      continue;
    if (auto assigned = read_as<key_id_assigned>(*record))
      all.keys.push_back(assigned->key);
    if (auto fault = read_as<fault_recorded>(*record))
      all.faults.push_back(*fault);
    all.restarts += read_as<node_restarted>(*record) ? 1 : 0;
  }
  std::ranges::sort(all.keys);
  return all;
}

std::string status_of(const log_view& view, const key_id& key) {
  const auto row = view.row({stream_kind::key, key.text()});
  const auto state = row ? decode<master_key>(row->state) : expected<master_key, std::string>{master_key{}};
  return !state || state->status == key_status::none ? "gap" : std::string{name(state->status)};
}

} // namespace

struct stage::cell_run {
  stage& play;
  const cell_step& cell;
  const domain_plan& plan = play.scenario_.plan.domains.front();
  domain_id domain = plan.id;
  psr_actor line = std::find_if(play.site_->boxes().begin(), play.site_->boxes().end(), [](const site_box& b) {
                     return static_cast<bool>(b.line);
                   })->line;
  sequence_number meter;
  std::uint64_t begin = 0; ///< where its life begins in the log

  log_view view() const { return play.opened_.written.view(); }
  /// 0 when it is not.
  std::uint64_t labelled_at(const sequence_number& m) const {
    const auto found =
      newest_event<meter_labelled>(view(), {stream_kind::meter, m.text}, [](const auto&) { return true; });
    return found ? found->position : 0;
  }
  /// Runs everything that is left to run, time-outs too.
  void rest() const {
    play.world_.run_until([] { return false; });
  }

  void put_label(const sequence_number& m) const {
    play.ask<acknowledged>(line, load_label{{}, m, matrix_product}, "label of " + m.text);
  }

  /// Finds the meter; true when its fault is still to come.
  bool choose_meter() {
    unsigned attempt = 0;
    while (attempt + 1 < cell_attempts && labelled_at(meter_of(play.step_, attempt + 1)))
      ++attempt;
    meter = meter_of(play.step_, attempt);
    begin = labelled_at(meter);
    if (begin == 0)
      return true;
    if (kind_of_fault(cell.fault.what).ends_process && history_since(view(), begin).restarts == 1)
      return false;
    // What the ended process left comes to its end first.
    rest();
    if (++attempt == cell_attempts)
      play.fail("the process ended in each attempt at " + std::string{cell.message.name} + ' ' + cell.fault_text());
    meter = meter_of(play.step_, attempt);
    begin = 0;
    return true;
  }

  // --- the parts of a life --------------------------------------------------------------------------------------

  bool completed(const pending_handle<order_result>& order) const {
    play.world_.run_until([&] { return order->ready(); });
    return order->answer && order->answer->outcome.complete;
  }
  template <class Handle, class Message>
  bool order(const Handle& whom, Message m) const {
    m.head = play.head();
    return completed(play.world_.ask<order_result>(whom, std::move(m)));
  }
  bool install() const {
    return order(play.site_->kmc(), open_order{{}, {order_kind::install, meter, matrix_product, {}, {}, {}, {}, {}},
                                               play.legs_for({domain})});
  }
  bool register_it() const {
    const auto date = play.registration_day(play.meter_state_of(meter));
    return order(line, register_meter{{}, meter, matrix_product, serial_of(meter), plan.sub_domain, date});
  }
  bool retire() const {
    const auto state = play.meter_state_of(meter);
    return order(play.site_->kmc(),
                 open_order{{}, {order_kind::retirement, meter, state.product, state.serial, state.country,
                                 play.today(state).last, "matrix", {}},
                            play.legs_for({domain})});
  }
  /// The part of the life that the message belongs to; false when its order was not completed.
  bool last_part() const {
    switch (cell.message.life) {
      case meter_life::installation:
      case meter_life::failed_installation:
      case meter_life::unreported_installation: return install();
      case meter_life::registration: return register_it();
      case meter_life::retirement: return retire();
    }
    return false;
  }
  void first_parts() const {
    put_label(spare_meter);
    put_label(meter);
    const auto life = cell.message.life;
    // Taken out of service before the process ended: nothing of before is done again.
    if (begin != 0 && statuses().find(name(key_status::obsolete)) != std::string::npos)
      return;
    const bool done = (life != meter_life::registration && life != meter_life::retirement) || install();
    if (!done || (life == meter_life::retirement && !register_it()))
      play.fail("meter " + meter.text + " did not come to " + std::string{cell.message.name});
  }

  /// The cell's own, after what makes its life the one that it is.
  std::vector<message_fault> faults() const {
    std::vector<message_fault> all;
    if (cell.message.life == meter_life::unreported_installation)
      all.push_back({"MI4", std::string{name(component::kdc)}, 1, "altered", "meter"});
    all.push_back(cell.fault);
    return all;
  }

  // --- what came of it ------------------------------------------------------------------------------------------

  std::string statuses() const {
    std::string all;
    for (const auto& key : history_since(view(), begin).keys)
      all += (all.empty() ? "" : " ") + (key.domain == domain ? "" : key.domain.text + '/') + status_of(view(), key);
    return all.empty() ? "none" : all;
  }
  /// Lets the process end that was to end when there was nothing more to do.
  void rest_or_end() const {
    rest();
    if (play.faults_->end_is_due()) {
      play.faults_->end_process();
      throw simulation_stopped{};
    }
  }

  cell_outcome run() {
    const bool fault_to_come = choose_meter();
    first_parts();
    begin = labelled_at(meter);
    play.faults_->only(fault_to_come ? faults() : std::vector<message_fault>{});
    cell_outcome found;
    const bool complete = last_part();
    rest_or_end();
    if (fault_to_come && !play.faults_->happened())
      play.fail(name_of_cell(cell) + ": no such message has passed");
    found.keys = statuses();
    if (!complete) {
      const bool at_last = last_part();
      rest_or_end();
      found.again = statuses() + (at_last ? "" : " open");
    }
    for (const auto& fault : history_since(view(), begin).faults)
      ++found.codes[std::string{name(fault.reason)}].in[fault.where.substr(0, fault.where.find('/'))];
    for (const auto& told : play.faults_->told())
      ++found.codes[std::string{name(told.code)}].to[std::string{name(told.whom)}];
    play.faults_->only({});
    return found;
  }
};

void stage::connect_meters_of(std::uint32_t step) {
  const auto& steps = scenario_.plan.steps;
  const auto* cell = step <= steps.size() ? std::get_if<cell_step>(&steps[step - 1]) : nullptr;
  if (!cell)
    return;
  std::vector<meter_defect> defects;
  if (cell->message.life == meter_life::failed_installation)
    defects.push_back({scenario_.plan.domains.front().id, false, 1});
  // Those of the attempts so far, and the next.
  bool begun = true;
  for (unsigned attempt = 0; begun && attempt < cell_attempts; ++attempt) {
    const auto number = meter_of(step, attempt);
    const auto slot = slot_of_spare(scenario_) + (step * cell_attempts) + attempt;
    if (!meters_.contains(number))
      meters_[number] = site_->connect_meter({number, slot, &*slots_, defects});
    begun = !meter_state_of(number).number.empty();
  }
}

void stage::take(const cell_step& s) {
  connect_meters_of(step_);
  cell_run cell{*this, s};
  found_ = cell.run().text();
  progress(step_, scenario_.plan.steps.size(), "steps, the last: " + name_of_cell(s));
}

} // namespace oaksteel
