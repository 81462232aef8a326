#include "scenarios/faulty_wires.hpp"

#include "actors/errors.hpp"

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
/// Who a message names that comes from, or goes to, a component which there is not.
constexpr std::string_view nobody = "another";

/// What a wire does later.
struct deferred {
  message_head head;
  std::function<void()> act;
};
using wire_actor = carrier_actor::extend<caf::reacts_to<deferred>>;
using faults_handle = std::shared_ptr<wire_faults>;

struct wire_state {
  static inline const char* name = "wire";
  std::deque<std::function<void()>> held; ///< to go after the next
};
using wire_pointer = wire_actor::stateful_pointer<wire_state>;
using answer_promise = caf::typed_response_promise<carried>;

class faulty_wire {
public:
  faulty_wire(wire_pointer self, wire ends, carrier_actor near, faults_handle faults)
    : self_(self), ends_(std::move(ends)), near_(std::move(near)), faults_(std::move(faults)) {}

  /// `far` is whoever sends: the other end of the wire.
  void carry(const carried& m, answer_promise rp, caf::actor far) const {
    const way back{rp, std::move(far)};
    const auto c = decode_command(m.data);
    if (c)
      faults_->passes(*c);
    const auto* fault = c && c->kind == command_kind::command ? faults_->meets(*c) : nullptr;
    if (fault && fault->what == "lost")
      return never_answered(rp);
    if (fault && fault->what == "sender_restarted")
      return faults_->end_process();
    if (fault && fault->what == "delayed")
      return hold([*this, data = m.data, back] { forward(data, back); });
    if (fault && (fault->what == "wrong_box" || goes_astray(*c, *fault)))
      misdirect(*c, back);
    else if (fault && fault->what == "receiver_restarted")
      last_words(m.data);
    else
      forward(fault ? faults_->changed(*c, *fault) : m.data, back);
    if (fault && fault->what == "doubled")
      forward(m.data, {});
    if (fault && fault->what == "replayed")
      later(replayed_after, [*this, data = m.data] { forward(data, {}); });
    release(self_);
  }

private:
  /// Where an answer goes. Without a promise nobody hears it.
  struct way {
    std::optional<answer_promise> promise;
    caf::actor far;
  };

  void later(std::chrono::minutes when, std::function<void()> act) const {
    self_->delayed_send(self_, when, deferred{{}, std::move(act)});
  }
  void never_answered(answer_promise rp) const {
    later(given_up_after, [rp]() mutable { rp.deliver(make_error(refusal::no_answer)); });
  }
  static void release(wire_pointer self) {
    for (const auto& one : std::exchange(self->state.held, {}))
      one();
  }
  void hold(std::function<void()> act) const {
    self_->state.held.push_back(std::move(act));
    self_->delayed_send(self_, longest_delay, deferred{{}, [self = self_] { release(self); }});
  }

  void forward(const bytes& data, const way& back) const {
    self_->request(near_, caf::infinite, carried{{}, data})
      .then([*this, back](const carried& answer) { bring_back(answer.data, back); },
            [back](const caf::error& e) {
              if (auto rp = back.promise)
                rp->deliver(e);
            });
  }

  /// A record is for one Steel box: where the command names none, it comes to another with its record.
  static bool goes_astray(const command& c, const message_fault& f) {
    return f.what == "wrong_steel" && c.to.part == component::steel && !holds_what(*message_with(c.code), f.what);
  }
  /// To another component of that kind, as if it were for that one; where there is none, in the name of one.
  void misdirect(command c, const way& back) const {
    const auto asked = c;
    const auto* other = faults_->another(ends_);
    if (other) {
      c.from = other->ends.from;
      c.to = other->ends.to;
    } else
      c.to.of = nobody;
    self_->request(other ? other->near : near_, caf::infinite, carried{{}, encode(c)})
      .then(
        [*this, back, asked](const carried& got) {
          // Who led it astray leads the answer back.
          auto answer = decode_command(got.data);
          answer->from = asked.to;
          answer->to = asked.from;
          bring_back(encode(*answer), back);
        },
        [](const caf::error&) {});
  }

  /// The process ends with the first that the receiver has durable, or when it answers: the answer goes nowhere.
  void last_words(const bytes& data) const {
    faults_->has_arrived();
    self_->request(near_, caf::infinite, carried{{}, data})
      .then([*this](const carried&) { faults_->end_process(); }, [](const caf::error&) {});
  }

  void bring_back(const bytes& data, const way& back) const {
    const auto c = decode_command(data);
    if (c)
      faults_->passes(*c);
    if (!back.promise)
      return;
    const auto* fault = c && c->kind == command_kind::response ? faults_->meets(*c) : nullptr;
    auto deliver = [rp = *back.promise](const bytes& what) mutable { rp.deliver(carried{{}, what}); };
    const auto once_more = [far = back.far, data] { caf::anon_send(far, carried{{}, data}); };
    if (!fault)
      return deliver(data);
    if (fault->what == "lost")
      return never_answered(*back.promise);
    if (fault->what == "sender_restarted")
      return faults_->end_process();
    if (fault->what == "delayed")
      return hold([deliver, data]() mutable { deliver(data); });
    if (fault->what == "receiver_restarted")
      faults_->has_arrived();
    if (fault->what == "wrong_box") {
      auto other = *c;
      other.from.of = nobody;
      return deliver(encode(other));
    }
    deliver(faults_->changed(*c, *fault));
    if (fault->what == "doubled")
      once_more();
    if (fault->what == "replayed")
      later(replayed_after, once_more);
  }

  wire_pointer self_;
  wire ends_;
  carrier_actor near_;
  faults_handle faults_;
};

wire_actor::behavior_type wire_behaviour(wire_pointer self, wire ends, carrier_actor near, faults_handle faults) {
  const faulty_wire way{self, std::move(ends), std::move(near), std::move(faults)};
  return {[self, way](const carried& m) {
            auto far = caf::actor_cast<caf::actor>(self->current_sender());
            auto rp = self->make_response_promise<carried>();
            way.carry(m, rp, std::move(far));
            return rp;
          },
          [](const deferred& m) { m.act(); }};
}

} // namespace

wire_faults::wire_faults(std::vector<message_fault> faults) {
  only(std::move(faults));
}

void wire_faults::only(std::vector<message_fault> faults) {
  entries_.clear();
  told_.clear();
  for (auto& fault : faults)
    entries_.push_back({std::move(fault)});
}

bool wire_faults::happened() const {
  return std::ranges::all_of(entries_, [](const entry& e) { return e.passed >= e.fault.nth; });
}

bool wire_faults::ends_process(std::uint64_t records) {
  if (arrived_ && !records_)
    records_ = records;
  return ends_ || (records_ && records > *records_);
}

const wire_faults::near_side* wire_faults::another(const wire& ends) const {
  const auto fits = [&](const near_side& s) {
    return s.ends.from.part == ends.from.part && s.ends.to.part == ends.to.part && s.ends.to.of != ends.to.of;
  };
  const auto found = std::ranges::find_if(sides_, fits);
  return found == sides_.end() ? nullptr : &*found;
}

const message_fault* wire_faults::meets(const command& c) {
  const auto name = name_of_message(c.code);
  const message_fault* found = nullptr;
  for (auto& e : entries_) {
    if (e.fault.message != name || (e.fault.to && *e.fault.to != oaksteel::name(c.to.part)))
      continue;
    if (++e.passed == e.fault.nth)
      found = &e.fault;
  }
  if (!found && by_chance_) {
    drawn_ = by_chance_(c);
    found = drawn_ ? &*drawn_ : nullptr;
  }
  return found;
}

void wire_faults::passes(const command& c) {
  const bool of_answer = c.kind == command_kind::response_error;
  if (!of_answer && c.kind != command_kind::command_error && c.kind != command_kind::response_code)
    return;
  told_.push_back({c.to.part, refusal_in(c)});
}

carrying faulty_wires(caf::actor_system& system, const std::shared_ptr<wire_faults>& faults) {
  return [&system, faults](const wire& ends, carrier_actor near) {
    faults->add({ends, near});
    return carrier_actor{system.spawn(wire_behaviour, ends, std::move(near), faults)};
  };
}

} // namespace oaksteel
