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

template <class Answer>
caf::behavior awaits(const answer_taker& taken) {
  return {[taken](const Answer& a) {
            taken(command{command_kind::response, line_of<Answer>.code, 0, {}, {}, parameters_in(a)});
          },
          [taken](const caf::error& e) { taken(refuse(refusal_in(e))); }};
}

const std::vector<any_command>& commands() {
  static const auto all = [] {
    std::vector<any_command> lines;
    for_each_interface([&]<class Interface>() {
      for_each_command<typename Interface::actor>([&]<class Message, class Answer>() {
        lines.push_back({Interface::part, line_of<Message>.code, line_of<Answer>.code, awaits<Answer>});
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

/// A command of an interface, as a value.
struct taken_command {
  std::uint16_t code = 0;
  component by = component::site;
};

/// All commands of all interfaces. Each is listed as one that comes to it, with its answer (EP-29: whoever sends it hears
/// what became of it).
constexpr auto all_taken = [] {
  struct {
    std::array<taken_command, 256> commands;
    std::size_t count = 0;
    bool listed = true;
  } all;
  for_each_interface([&]<class Interface>() {
    for_each_command<typename Interface::actor>([&]<class Message, class Answer>() {
      all.commands[all.count++] = {line_of<Message>.code, Interface::part};
      all.listed &= is_listed<Answer> && std::ranges::any_of(line_of<Message>.ways, [](const auto& way) {
        return way && way->to.contains(Interface::part);
      });
    });
  });
  return all;
}();
static_assert(all_taken.listed, "a command in actors/actors.hpp that message_list.hpp does not send there");

/// Every listed way leads to an interface that has the command.
consteval bool ways_lead_somewhere() {
  bool good = true;
  for_each_listed([&](const auto& line) {
    components takers;
    for (std::size_t i = 0; i < all_taken.count; ++i)
      if (all_taken.commands[i].code == line.code)
        takers.bits |= components{all_taken.commands[i].by}.bits;
    for (const auto& way : line.ways)
      good &= !way || (way->to.bits & ~takers.bits) == 0;
  });
  return good;
}
static_assert(ways_lead_somewhere(), "a way in message_list.hpp to a component that does not take it");

consteval bool codes_differ() {
  std::array<std::uint16_t, 256> codes{};
  std::size_t count = 0;
  for_each_listed([&](const auto& line) { codes[count++] = line.code; });
  std::sort(codes.begin(), codes.begin() + count);
  return std::adjacent_find(codes.begin(), codes.begin() + count) == codes.begin() + count;
}
static_assert(codes_differ(), "a code stands twice in message_list.hpp");

} // namespace

void any_command::ask(caf::event_based_actor* self, const caf::actor& whom, const caf::message& m,
                      const answer_taker& taken) const {
  const auto id = self->new_request_id(caf::message_priority::normal);
  caf::actor_cast<caf::strong_actor_ptr>(whom)->enqueue(self->ctrl(), id, m, self->context());
  self->add_multiplexed_response_handler(id.response_id(), awaits(taken));
}

const std::vector<any_message>& all_messages() {
  static const auto all = [] {
    std::vector<any_message> lines;
    for_each_listed([&]<class Message>(const listed<Message>& line) {
      static_assert(lists_every_field<Message>, "a member is missing from fields()");
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
