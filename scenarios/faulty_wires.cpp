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

/// The faults of all wires, with how often each message has passed.
class fault_book {
public:
  explicit fault_book(std::vector<message_fault> faults) {
    for (auto& f : faults)
      entries_.push_back({std::move(f), 0});
  }

  /// The fault that happens to this command or answer; null when none does. Counts it.
  const message_fault* meets(const command& c) {
    const auto name = name_of_message(c.code);
    const message_fault* found = nullptr;
    for (auto& e : entries_) {
      if (e.fault.message != name || (e.fault.to && *e.fault.to != oaksteel::name(c.to.part)))
        continue;
      if (++e.passed == e.fault.nth)
        found = &e.fault;
    }
    return found;
  }

private:
  struct entry {
    message_fault fault;
    unsigned passed;
  };
  std::vector<entry> entries_;
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
  faulty_wire(wire_pointer self, carrier_actor near, std::shared_ptr<fault_book> faults)
    : self_(self), near_(std::move(near)), faults_(std::move(faults)) {}

  void carry(const carried& m, answer_promise rp) const {
    const auto c = decode_command(m.data);
    const auto* fault = c ? faults_->meets(*c) : nullptr;
    const auto go_on = [*this, data = fault ? changed(*c, *fault) : m.data, rp] { forward(data, rp); };
    const auto once_more = [*this, data = m.data] { forward(data, {}); };
    if (!fault)
      go_on();
    else if (fault->what == "lost")
      return never_answered(rp);
    else if (fault->what == "delayed")
      return hold(go_on);
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
  void bring_back(const carried& answer, answer_promise rp) const {
    const auto c = decode_command(answer.data);
    const auto* fault = c && c->kind == command_kind::response ? faults_->meets(*c) : nullptr;
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
  std::shared_ptr<fault_book> faults_;
};

wire_actor::behavior_type wire_behaviour(wire_pointer self, carrier_actor near, std::shared_ptr<fault_book> faults) {
  const faulty_wire way{self, std::move(near), std::move(faults)};
  return {[self, way](const carried& m) {
            auto rp = self->make_response_promise<carried>();
            way.carry(m, rp);
            return rp;
          },
          [](const deferred& m) { m.act(); }};
}

} // namespace

carrying faulty_wires(caf::actor_system& system, std::vector<message_fault> faults) {
  return [&system, book = std::make_shared<fault_book>(std::move(faults))](const wire&, carrier_actor near) {
    return carrier_actor{system.spawn(wire_behaviour, std::move(near), book)};
  };
}

} // namespace oaksteel
