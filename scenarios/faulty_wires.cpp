#include "scenarios/faulty_wires.hpp"

#include "actors/errors.hpp"
#include "actors/link/any_message.hpp"

#include <caf/event_based_actor.hpp>

#include <algorithm>
#include <deque>

namespace oaksteel {
namespace {

using namespace std::chrono_literals;

/// Longer than any component waits for an answer, but for those who wait for ever.
constexpr auto given_up_after = 10min;
/// One that is to come after the next on its wire goes on alone when there is no next.
constexpr auto longest_delay = 10s;
/// How long a stranger keeps what he sends again.
constexpr auto replayed_after = 30min;

/// What a wire does later.
struct deferred {
  message_head head;
  std::function<void()> act;
};
using wire_actor = carrier_actor::extend<caf::reacts_to<deferred>>;

/// Everybody's wires, and what happens on them.
struct all_wires {
  fate meets;
  std::vector<std::pair<wire, carrier_actor>> nears;
};

/// The bytes of a command after what a fault does to its content.
bytes changed(command c, const message_fault& f) {
  const auto* message = message_with(c.code);
  const auto field = std::ranges::find(message->fields, f.field) - message->fields.begin();
  if (f.what == "altered") {
    // In the middle of what is long, a record say; the last byte of what is short is of its value and not of a length.
    auto& p = c.parameters[static_cast<std::size_t>(field)];
    p[p.size() > 64 ? p.size() / 2 : p.size() - 1] ^= 1;
  }
  if (f.what == "record_type") // a record begins with the length and the bytes of its body, those with their type
    c.parameters[static_cast<std::size_t>(field)].at(4) = 0xee;
  else if (f.what == "unknown_command")
    c.code = 0xffff;
  else if (f.what == "parameter_missing")
    c.parameters.pop_back();
  return encode(c);
}

struct wire_state {
  static inline const char* name = "wire";
  std::deque<std::function<void()>> held; ///< to go after the next
};
using wire_pointer = wire_actor::stateful_pointer<wire_state>;
using answer_promise = caf::typed_response_promise<carried>;

class faulty_wire {
public:
  faulty_wire(wire_pointer self, carrier_actor near, std::shared_ptr<const all_wires> all)
    : self_(self), near_(std::move(near)), all_(std::move(all)) {}

  void carry(const carried& m, answer_promise rp) const {
    const auto c = decode_command(m.data);
    const auto fault = c ? all_->meets(*c) : std::nullopt;
    const auto go_on = [*this, data = fault ? changed(*c, *fault) : m.data, rp] { forward(data, rp); };
    const auto once_more = [*this, data = m.data] { forward(data, {}); };
    if (!fault)
      go_on();
    else if (fault->what == "lost")
      return never_answered(rp);
    else if (fault->what == "delayed")
      return hold(go_on);
    else if (fault->what == "misdirected")
      forward_elsewhere(*c, rp);
    else {
      go_on();
      if (fault->what == "doubled")
        once_more();
      if (fault->what == "replayed")
        later(replayed_after, once_more);
    }
    for (const auto& one : std::exchange(self_->state.held, {}))
      one();
  }

private:
  void later(std::chrono::minutes when, std::function<void()> act) const {
    self_->delayed_send(self_, when, deferred{{}, std::move(act)});
  }
  void never_answered(answer_promise rp) const {
    later(given_up_after, [rp]() mutable { rp.deliver(make_error(refusal::no_answer)); });
  }
  void hold(std::function<void()> act) const {
    self_->state.held.push_back(std::move(act));
    self_->delayed_send(self_, longest_delay, deferred{{}, [self = self_] {
                                                         for (const auto& one : std::exchange(self->state.held, {}))
                                                           one();
                                                       }});
  }

  /// Without a promise nobody hears the answer.
  void forward(const bytes& data, std::optional<answer_promise> rp) const {
    self_->request(near_, caf::infinite, carried{{}, data})
      .then(
        [*this, rp](const carried& answer) mutable {
          if (rp)
            bring_back(answer, *rp);
        },
        [rp](const caf::error& e) mutable {
          if (rp)
            rp->deliver(e);
        });
  }
  /// A stranger takes the command to another component of the same kind, and brings that one's answer.
  void forward_elsewhere(command c, answer_promise rp) const {
    for (const auto& [ends, near] : all_->nears) {
      if (ends.to.part != c.to.part || ends.to == c.to || ends.from.part != c.from.part)
        continue;
      const auto from = std::exchange(c.from, ends.from);
      const auto to = std::exchange(c.to, ends.to);
      self_->request(near, caf::infinite, carried{{}, encode(c)})
        .then(
          [rp, from, to](const carried& answer) {
            auto back = decode_command(answer.data);
            if (back) {
              back->from = to;
              back->to = from;
            }
            deliver(rp, back ? encode(*back) : answer.data);
          },
          [rp](const caf::error& e) mutable { rp.deliver(e); });
      return;
    }
    forward(encode(c), rp);
  }
  void bring_back(const carried& answer, answer_promise rp) const {
    const auto c = decode_command(answer.data);
    const auto fault = c && c->kind == command_kind::response ? all_->meets(*c) : std::nullopt;
    if (!fault)
      return deliver(rp, answer.data);
    if (fault->what == "lost")
      return never_answered(rp);
    if (fault->what == "delayed")
      return hold([*this, rp, data = answer.data] { deliver(rp, data); });
    deliver(rp, changed(*c, *fault));
  }
  static void deliver(answer_promise rp, bytes data) { rp.deliver(carried{{}, std::move(data)}); }

  wire_pointer self_;
  carrier_actor near_;
  std::shared_ptr<const all_wires> all_;
};

wire_actor::behavior_type wire_behaviour(wire_pointer self, carrier_actor near, std::shared_ptr<const all_wires> all) {
  const faulty_wire way{self, std::move(near), std::move(all)};
  return {[self, way](const carried& m) {
            auto rp = self->make_response_promise<carried>();
            way.carry(m, rp);
            return rp;
          },
          [](const deferred& m) { m.act(); }};
}

} // namespace

fate fates_of(std::vector<message_fault> faults) {
  struct counted {
    message_fault fault;
    unsigned passed;
  };
  std::vector<counted> all;
  for (auto& f : faults)
    all.push_back({std::move(f), 0});
  return [all](const command& c) mutable {
    const auto name = name_of_message(c.code);
    std::optional<message_fault> found;
    for (auto& one : all) {
      if (one.fault.message != name || (one.fault.to && *one.fault.to != oaksteel::name(c.to.part)))
        continue;
      if (++one.passed == one.fault.nth)
        found = one.fault;
    }
    return found;
  };
}

carrying faulty_wires(caf::actor_system& system, fate meets) {
  auto all = std::make_shared<all_wires>();
  all->meets = std::move(meets);
  return [&system, all](const wire& ends, carrier_actor near) {
    all->nears.push_back({ends, near});
    return carrier_actor{system.spawn(wire_behaviour, std::move(near), all)};
  };
}

} // namespace oaksteel
