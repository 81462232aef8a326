// The command decoder (EP-27, EP-28): any bytes are a command, or have a code; and any command is a message for each
// component whose table has it, or has a code.

#include "actors/link/any_message.hpp"
#include "actors/link/command_table.hpp"
#include "tests/actors/random_value.hpp"
#include "tests/fuzz/target.hpp"

namespace oaksteel::fuzz {
namespace {

const configuration_table known{{{"VE"}, {"USPS"}}};

} // namespace

std::vector<bytes> samples() {
  std::vector<bytes> all;
  random_values random{1};
  for_each_listed([&]<class Message>(const listed<Message>& line) {
    for (int i = 0; i < 3; ++i) {
      Message m;
      random.fill(m);
      all.push_back(encode(command{line.ways[0] ? command_kind::command : command_kind::response,
                                   line.code,
                                   1,
                                   {component::kmc, ""},
                                   {component::steel, "steel-1"},
                                   parameters_in(m)}));
    }
  });
  all.push_back(encode(refusal_of({command_kind::command, 1, 1, {}, {}, {}}, refusal::busy)));
  return all;
}

void take(std::span<const std::uint8_t> input) {
  const auto c = decode_command(input);
  if (!c) {
    expect(c.error() == refusal::command_malformed, "what is no command has its code");
    return;
  }
  expect(encode(*c) == bytes(input.begin(), input.end()), "a command is written in one way only");
  expect(valid(refusal_in(*c)), "an error has a code");
  if (const auto* message = message_with(c->code)) {
    const auto m = message->read(*c, known);
    if (!m)
      return expect(valid(m.error()), "a rejection has its code");
    expect(message->is(m->content()) && message->parameters(m->content()) == c->parameters,
           "a message is what its command says");
  }
}

} // namespace oaksteel::fuzz
