#pragma once
// The handlers that every box has, for the front of a box's behaviour.

#include "actors/boxes/box_core.hpp"

#include <tuple>

namespace oaksteel {

/// A box actor's state: the core, made when the actor starts.
struct box_state {
  static inline const char* name = "box";
  std::unique_ptr<box_core> core;
};

/// The common handlers of a box followed by its own, as the behaviour of `Actor`.
template <class Actor, class Pointer, class... Own>
typename Actor::behavior_type box_behaviour(Pointer self, Own... own) {
  auto* core = self->state.core.get();
  return {
      [core](const work_done& m) { core->house().on(m); },
      [core](const append_done& m) { core->house().on(m); },
      [self, core](const command_refused& m) { return note_refusal(self, core->house(), m); },
      [self, core](const set_secure_box_id& m) {
        return core->begin(self->template make_response_promise<start_up_key_offered>(), m);
      },
      [self, core](const take_box_id& m) { return core->finish(self->template make_response_promise<box_id_set>(), m); },
      [self, core](const put_share& m) { return core->enter(self->template make_response_promise<box_report>(), m); },
      [self, core](const take_share& m) { return core->remove(self->template make_response_promise<box_report>(), m); },
      [self, core](const take_domain_process& m) {
        return core->take(self->template make_response_promise<acknowledged>(), m);
      },
      [self, core](const activate_domain& m) {
        return core->activate(self->template make_response_promise<acknowledged>(), m);
      },
      [self, core](const ask_box& m) { return core->report(self->template make_response_promise<box_report>(), m); },
      [self, core](const test_box& m) { return core->test(self->template make_response_promise<box_tested>(), m); },
      std::move(own)...,
  };
}

/// Makes the core of an actor that is being spawned.
template <class Pointer>
box_core& found_box(Pointer self, const box_place& place, const surroundings& around) {
  self->state.core = std::make_unique<box_core>(place, shell_client{self}, around);
  return *self->state.core;
}

} // namespace oaksteel
