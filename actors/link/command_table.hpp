#pragma once
// Each component's command table, derived from its interface (actors/actors.hpp) and the list of messages: the build
// stops where the two disagree (any_message.cpp).

#include "actors/connections.hpp"
#include "actors/link/message_list.hpp"

#include <caf/atom.hpp>

namespace oaksteel {

/// A component and its interface.
template <component C, class Actor>
struct served_by {
  static constexpr component part = C;
  using actor = Actor;
};
using interfaces = std::tuple<
  served_by<component::kmc, kmc_actor>, served_by<component::kdc, kdc_actor>, served_by<component::psr, psr_actor>,
  served_by<component::archive, archive_actor>, served_by<component::manufacturing, manufacturing_actor>,
  served_by<component::oak, oak_actor>, served_by<component::steel, steel_actor>,
  served_by<component::brass, brass_actor>, served_by<component::tin, tin_actor>,
  served_by<component::meter, meter_actor>, served_by<component::data_capture, data_capture_actor>>;

namespace command_table_detail {

/// A handler of an interface. Messages without fields stay in their process: those between an actor and its own shell, and
/// those of the wiring.
template <class Signature>
struct handler;
template <class In, class Out>
struct handler<caf::typed_mpi<caf::detail::type_list<In>, caf::output_tuple<Out>>> {
  using message = In;
  using answer = Out;
  static constexpr bool travels = described<In>;
};

template <class Actor, class = typename Actor::signatures>
struct handlers;
template <class Actor, class... Signatures>
struct handlers<Actor, caf::detail::type_list<Signatures...>> {
  /// Calls `visit.operator()<Message, Answer>()` for each handler whose message travels.
  template <class F>
  static constexpr void each(F visit) {
    (one<handler<Signatures>>(visit), ...);
  }

private:
  template <class Handler, class F>
  static constexpr void one(F& visit) {
    if constexpr (Handler::travels)
      visit.template operator()<typename Handler::message, typename Handler::answer>();
  }
};

template <class F, std::size_t... I>
constexpr void each_interface(F& visit, std::index_sequence<I...>) {
  (visit.template operator()<std::tuple_element_t<I, interfaces>>(), ...);
}
} // namespace command_table_detail

/// Calls `visit.operator()<Interface>()` for each component.
template <class F>
constexpr void for_each_interface(F visit) {
  command_table_detail::each_interface(visit, std::make_index_sequence<std::tuple_size_v<interfaces>>{});
}
/// The commands of an interface and their answers: visit.operator()<Message, Answer>().
template <class Actor, class F>
constexpr void for_each_command(F visit) {
  command_table_detail::handlers<Actor>::each(visit);
}

template <class Actor>
consteval component component_of() {
  auto found = component::site;
  for_each_interface([&]<class Interface>() {
    if (std::is_same_v<typename Interface::actor, Actor>)
      found = Interface::part;
  });
  return found;
}

} // namespace oaksteel
