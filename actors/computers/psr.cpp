#include "actors/computers/computers.hpp"

#include <caf/typed_response_promise.hpp>

namespace oaksteel {
namespace {

using namespace std::chrono_literals;
using psr_pointer = psr_actor::stateful_pointer<psr_state>;

/// Steel may wait for its custodians and for a slow meter; the KMC's own time-out is longer.
constexpr auto steel_timeout = 5min;
constexpr auto kdc_timeout = 60s;
constexpr auto meter_timeout = 30s;

/// Whom a message is about.
template <class Message>
std::vector<participant> who(const Message& m) {
  std::vector<participant> all{{participant_kind::meter, m.meter.text}};
  if constexpr (requires { m.key; })
    all.push_back({participant_kind::key, m.key.text()});
  return all;
}

/// A message for a meter that is not on this line.
template <class Message>
void refuse_unknown(psr_pointer self, command_info info, const Message& m) {
  self->state.house->submit(std::move(info), [about = m.meter.text, all = who(m)](transaction& t) {
    t.refuse(refusal::meter_not_known, about, all);
  });
}

/// Relays a message to the meter that it names: opaque to this computer.
template <class Answer, class Message>
auto relay(psr_pointer self, const Message& m, std::string what) {
  auto rp = self->make_response_promise<Answer>();
  if (auto it = self->state.meters.find(m.meter); it != self->state.meters.end())
    rp.delegate(it->second, m);
  else
    refuse_unknown(self, {m.head, std::move(what), fails(rp)}, m);
  return rp;
}

/// MI5 brings a key to the meter that this computer has asked Steel for, and to no other: MI4' does not name it, so Steel
/// takes its word from a command that nobody signs.
auto bring_key(psr_pointer self, const mi5& m) {
  const auto asked = self->state.asked.find(m.key);
  if (asked == self->state.asked.end() || asked->second == m.meter)
    return relay<mi5s>(self, m, "MI5");
  auto rp = self->make_response_promise<mi5s>();
  self->state.house->submit({m.head, "MI5", fails(rp)}, [m](transaction& t) {
    t.refuse(refusal::records_disagree, m.key.text(), who(m));
  });
  return rp;
}

void report_up(psr_pointer self, const mi7& m) {
  self->state.asked.erase(m.key);
  self->request(self->state.kdc, told_within, m)
    .then([](const acknowledged&) {},
          on_record(*self->state.house, {m.head, "MI7", [](const caf::error&) {}}, m.key.text(),
                    {{participant_kind::key, m.key.text()}}));
}

/// EP Fig. 25, steps 330-334. Without an answer the KMC's time-out takes care of the key.
auto fetch_and_install(psr_pointer self, const record_ready& m) {
  auto rp = self->make_response_promise<acknowledged>();
  if (!self->state.meters.contains(m.meter)) {
    refuse_unknown(self, {m.head, "record ready", fails(rp)}, m);
    return rp;
  }
  rp.deliver(acknowledged{{self->state.house->next_head(m.head)}});
  self->request(self->state.kdc, kdc_timeout, mi4r{{self->state.house->next_head(m.head)}, m.key, m.meter})
    .then(
      [self, meter = m.meter](const mi4_prime& record) {
        const install_key install{{self->state.house->next_head(record.head)}, record.key, meter, self->state.time->now(), record.record};
        self->state.asked[record.key] = meter;
        self->request(self->state.steel, steel_timeout, install)
          .then([self](const mi7& outcome) { report_up(self, outcome); }, [](const caf::error&) {});
      },
      [](const caf::error&) {});
  return rp;
}

auto ask_steel(psr_pointer self, const ask_report& m) {
  auto rp = self->make_response_promise<acknowledged>();
  self->request(self->state.steel, steel_timeout, m)
    .then(
      [self, rp](const mi7& outcome) mutable {
        rp.deliver(acknowledged{{self->state.house->next_head(outcome.head)}});
        report_up(self, outcome);
      },
      fails(rp));
  return rp;
}

/// EP Fig. 26, steps 360-364: the meter's report goes up by way of the KDC.
auto registration(psr_pointer self, const register_meter& m) {
  auto rp = self->make_response_promise<order_result>();
  auto it = self->state.meters.find(m.meter);
  if (it == self->state.meters.end()) {
    refuse_unknown(self, {m.head, "register meter", fails(rp)}, m);
    return rp;
  }
  const auto failed = on_record(*self->state.house, {m.head, "register meter", fails(rp)}, m.meter.text, who(m));
  self->request(it->second, meter_timeout, m)
    .then(
      [self, rp, failed](const mr1& report) {
        self->request(self->state.kdc, caf::infinite, report)
          .then([rp](const order_result& r) mutable { rp.deliver(r); }, failed);
      },
      failed);
  return rp;
}

} // namespace

psr_actor::behavior_type psr_computer(psr_pointer self, label slot, kdc_actor kdc, surroundings around) {
  self->state.kdc = std::move(kdc);
  self->state.time = around.time;
  self->state.house = std::make_unique<shell>("psr/" + slot.text, shell_client{self}, around);
  return {
    [self](const work_done& m) { self->state.house->on(m); },
    [self](const append_done& m) { self->state.house->on(m); },
    [self](const command_refused& m) { return note_refusal(self, *self->state.house, m); },
    [self](const meter_connected& m) { self->state.meters[m.meter] = m.line; },
    [self](const steel_connected& m) { self->state.steel = m.steel; },
    [self](const load_label& m) { return relay<acknowledged>(self, m, "load_label"); },
    [self](const record_ready& m) { return fetch_and_install(self, m); },
    [self](const ask_report& m) { return ask_steel(self, m); },
    [self](const mi5q& m) { return relay<mi5i>(self, m, "MI5q"); },
    [self](const mi5& m) { return bring_key(self, m); },
    [self](const mi6r& m) { return relay<mi6>(self, m, "MI6r"); },
    [self](const mi6c& m) { return relay<mi6c_answer>(self, m, "MI6c"); },
    [self](const register_meter& m) { return registration(self, m); },
  };
}

} // namespace oaksteel
