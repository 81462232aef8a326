#pragma once
// Each component's command table, derived from its interface (actors/actors.hpp) and the list of messages: the build
// stops where the two disagree.

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
template <class F, std::size_t... I>
constexpr void each_listed(F& visit, std::index_sequence<I...>) {
  (visit(std::get<I>(message_list)), ...);
}

} // namespace command_table_detail

/// Calls `visit.operator()<Interface>()` for each component.
template <class F>
constexpr void for_each_interface(F visit) {
  command_table_detail::each_interface(visit, std::make_index_sequence<std::tuple_size_v<interfaces>>{});
}
/// Calls `visit(line)` for each message of the list.
template <class F>
constexpr void for_each_listed(F visit) {
  command_table_detail::each_listed(visit, std::make_index_sequence<std::tuple_size_v<decltype(message_list_detail::list)>>{});
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

/// `Message` may go from one component to the other.
template <class Message>
constexpr bool may_send(component from, component to) {
  for (const auto& way : line_of<Message>.ways)
    if (way && way->from == from && way->to.contains(to))
      return true;
  return false;
}

namespace command_table_detail {

/// Every command of an interface is listed as one that comes to it, with its answer.
consteval bool interfaces_are_listed() {
  bool good = true;
  for_each_interface([&]<class Interface>() {
    for_each_command<typename Interface::actor>([&]<class Message, class Answer>() {
      bool comes = false;
      for (const auto& way : line_of<Message>.ways)
        comes |= way && way->to.contains(Interface::part);
      good &= comes;
      if constexpr (std::is_void_v<Answer>)
        good = false; // EP-29: whoever sends it hears what became of it
      else
        good &= is_listed<Answer>;
    });
  });
  return good;
}

/// Every listed way leads to an interface that has the command, and no code stands twice.
consteval bool ways_lead_somewhere() {
  bool good = true;
  for_each_listed([&]<class Message>(const listed<Message>& line) {
    components takers;
    for_each_interface([&]<class Interface>() {
      for_each_command<typename Interface::actor>([&]<class Taken, class Answer>() {
        if (std::is_same_v<Taken, Message>)
          takers.bits |= components{Interface::part}.bits;
      });
    });
    for (const auto& way : line.ways)
      good &= !way || (way->to.bits & ~takers.bits) == 0;
    int same = 0;
    for_each_listed([&](const auto& other) { same += other.code == line.code; });
    good &= same == 1;
  });
  return good;
}

static_assert(interfaces_are_listed(), "a command in actors/actors.hpp that message_list.hpp does not send there");
static_assert(ways_lead_somewhere(), "a way in message_list.hpp to a component that does not take it, or a code twice");

} // namespace command_table_detail

} // namespace oaksteel
