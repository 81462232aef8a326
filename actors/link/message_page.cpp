#include "actors/link/message_page.hpp"

#include "actors/link/command_table.hpp"
#include "actors/link/frame.hpp"
#include "events/field_names.hpp"

#include <cstdio>

namespace oaksteel {
namespace {

std::string hex(std::uint16_t code) {
  char text[8];
  std::snprintf(text, sizeof text, "%04x", code);
  return text;
}

/// All but the head, which every message has.
template <class Message>
std::string fields_of_message() {
  std::string list;
  for (const auto field : field_names<Message>)
    if (field != "head")
      list += (list.empty() ? "`" : ", `") + std::string{field} + '`';
  return list;
}

template <class Message>
std::string senders_to(component to) {
  std::string list;
  for (const auto& way : line_of<Message>.ways)
    if (way && way->to.contains(to))
      list += (list.empty() ? "" : ", ") + std::string{name(way->from)};
  return list;
}

template <class Message>
std::string records_of() {
  std::string list;
  for (const auto* types : {&line_of<Message>.records.first, &line_of<Message>.records.second}) {
    std::string one;
    for (std::uint8_t t = 1; valid(static_cast<body_type>(t)); ++t)
      if (types->contains(t))
        one += (one.empty() ? "" : " or ") + std::string{name(static_cast<body_type>(t))};
    if (!one.empty())
      list += (list.empty() ? "" : ", ") + one;
  }
  return list;
}

template <class Interface>
void command_table_of(std::string& page) {
  page += "\n## To " + std::string{name(Interface::part)} + "\n\n"
          "| code | command | from | fields | records | answer |\n| --- | --- | --- | --- | --- | --- |\n";
  for_each_command<typename Interface::actor>([&]<class Message, class Answer>() {
    const auto& line = line_of<Message>;
    page += "| " + hex(line.code) + " | **" + std::string{line.name} + "**: " + std::string{line.text} + " | "
            + senders_to<Message>(Interface::part) + " | " + fields_of_message<Message>() + " | " + records_of<Message>()
            + " | " + std::string{line_of<Answer>.name} + " |\n";
  });
}

void answers(std::string& page) {
  page += "\n## Answers\n\n| code | answer | fields | records |\n| --- | --- | --- | --- |\n";
  for_each_listed([&]<class Message>(const listed<Message>& line) {
    if (!line.ways[0])
      page += "| " + hex(line.code) + " | **" + std::string{line.name} + "**: " + std::string{line.text} + " | "
              + fields_of_message<Message>() + " | " + records_of<Message>() + " |\n";
  });
}

void refusals_of_level(std::string& page, unsigned level) {
  page += "\n| code | name | meaning |\n| --- | --- | --- |\n";
  for (const auto r : all_refusals())
    if (level_of(r) == level)
      page += "| " + std::to_string(static_cast<unsigned>(r)) + " | `" + std::string{name(r)} + "` | "
              + std::string{text(r)} + " |\n";
}

} // namespace

std::string message_page() {
  std::string page =
    "# Messages\n\n"
    "Who may send what to whom, and the codes of the three levels of errors (EP-26 to EP-28; EP Fig. 21). `oaksteel\n"
    "messages` prints this page from the program's own tables (`actors/actors.hpp`, `actors/link/message_list.hpp`).\n\n"
    "A component takes the commands of its table and no others. Every message begins with a `head`: its sender and count,\n"
    "the event that caused it and the one that opened the order, each by its position and, where that is another one, its\n"
    "log. How a message is written as bytes stands in `actors/link/command.hpp`, how bytes go over a line in\n"
    "`actors/link/frame.hpp`. A message that holds records takes them in the order named, each of a type named.\n";
  for_each_interface([&]<class Interface>() { command_table_of<Interface>(page); });
  answers(page);
  page += "\n## Errors of Level 1: the line\n\nAnswered with a frame of class `N`; the sender sends its frame again.\n\n"
          "| code | name |\n| --- | --- |\n";
  for (std::uint8_t e = 1; valid(static_cast<frame_error>(e)); ++e)
    page += "| " + std::to_string(e) + " | `" + std::string{name(static_cast<frame_error>(e))} + "` |\n";
  page += "\n## Errors of Level 2: the command\n\nAnswered with Command Error; nothing else changes.\n";
  refusals_of_level(page, 2);
  page += "\n## Errors of Level 3: the content\n\n"
          "Answered with a response code; nothing else changes. `no_answer` is what a sender concludes itself.\n";
  refusals_of_level(page, 3);
  return page;
}

} // namespace oaksteel
