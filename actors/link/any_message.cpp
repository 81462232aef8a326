#include "actors/link/any_message.hpp"

#include "actors/errors.hpp"
#include "actors/link/command_table.hpp"
#include "actors/link/named.hpp"
#include "events/field_names.hpp"

#include <caf/event_based_actor.hpp>

#include <algorithm>

namespace oaksteel {
namespace {

template <class Message>
std::vector<bytes> parameters_of(const caf::type_erased_tuple& m) {
  return parameters_in(m.get_as<Message>(0));
}

template <class Message>
bool is_a(const caf::type_erased_tuple& m) {
  return m.size() == 1 && m.match_element<Message>(0);
}

template <class Message>
expected<caf::message, refusal> read_as_a(const command& c, const configuration_table& known) {
  auto m = unpack<Message>(c);
  if (!m)
    return refuse(m.error());
  if (auto why = unfit_content(*m, known))
    return refuse(*why);
  return caf::make_message(std::move(*m));
}

template <class Message, class Answer>
void ask_for(caf::event_based_actor* self, const caf::actor& whom, const caf::message& m, const answer_taker& taken) {
  self->request(whom, caf::infinite, m.get_as<Message>(0))
    .then(
      [taken](const Answer& a) {
        taken(command{command_kind::response, line_of<Answer>.code, 0, {}, {}, parameters_in(a)});
      },
      [taken](const caf::error& e) { taken(refuse(refusal_in(e))); });
}

const std::vector<any_command>& commands() {
  static const auto all = [] {
    std::vector<any_command> lines;
    for_each_interface([&]<class Interface>() {
      for_each_command<typename Interface::actor>([&]<class Message, class Answer>() {
        lines.push_back({Interface::part, line_of<Message>.code, line_of<Answer>.code, ask_for<Message, Answer>});
      });
    });
    return lines;
  }();
  return all;
}

template <class Line, class Fits>
const Line* find_in(const std::vector<Line>& lines, Fits fits) {
  const auto found = std::ranges::find_if(lines, fits);
  return found == lines.end() ? nullptr : &*found;
}

} // namespace

const std::vector<any_message>& all_messages() {
  static const auto all = [] {
    std::vector<any_message> lines;
    for_each_listed([&]<class Message>(const listed<Message>& line) {
      lines.push_back({line.code, line.name, line.ways, field_names<Message>, parameters_of<Message>,
                       read_as_a<Message>, named_in<Message>, is_a<Message>});
    });
    return lines;
  }();
  return all;
}

bool any_message::may_go(component from, component to) const {
  return std::ranges::any_of(ways, [&](const auto& way) { return way && way->from == from && way->to.contains(to); });
}

const any_message* message_with(std::uint16_t code) {
  return find_in(all_messages(), [&](const any_message& one) { return one.code == code; });
}

const any_command* command_for(component to, std::uint16_t code) {
  return find_in(commands(), [&](const any_command& one) { return one.to == to && one.code == code; });
}

const any_message* message_of(const caf::type_erased_tuple& m) {
  return find_in(all_messages(), [&](const any_message& one) { return one.is(m); });
}

std::string name_of_message(std::uint16_t code) {
  const auto* known = message_with(code);
  return known ? std::string{known->name} : "command " + std::to_string(code);
}

} // namespace oaksteel
