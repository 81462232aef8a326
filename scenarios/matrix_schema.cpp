#include "scenarios/matrix_schema.hpp"

#include "scenarios/message_changes.hpp"

#include <algorithm>

namespace oaksteel {
namespace {

/// What stands for a fault that a message cannot have.
constexpr std::string_view cannot = "-";

/// A command to Steel that does not name it comes to another Steel box with its record.
bool can_have(const matrix_message& m, std::string_view fault) {
  const auto& message = listed_message(m);
  return holds_what(message, fault) || (fault == "wrong_steel" && m.to == component::steel && message.ways.front());
}

std::string_view what_it_lacks(std::string_view fault) {
  if (fault == "wrong_domain")
    return "domain";
  if (fault == "wrong_steel")
    return "Steel id";
  return fault == "earlier_time" ? "time" : "record";
}

struct row_reader {
  reader& r;
  const matrix_message& message;
  std::vector<cell_step> cells;

  /// One cell; `at` is where its key is missing.
  void read(const setting* value, place at, std::string_view what, std::string_view field) {
    const auto key = std::string{what} + (field.empty() ? "" : '.' + std::string{field});
    const bool possible = can_have(message, what);
    if (!value)
      return r.fail(at, std::string{message.name} + " lacks the cell `" + key + "`; add it, for example " + key
                          + (possible ? " = \"Installed\"" : " = \"-\""));
    r.key = value->key;
    if (!value->is(setting_type::text))
      return r.must_be(*value, "an outcome in quotes, such as \"Bad Installed\"");
    if (!possible) {
      if (value->text != cannot)
        r.fail(value->at, std::string{message.name} + " holds no " + std::string{what_it_lacks(what)}
                            + ", so it cannot be `" + key + "`; write \"-\"");
      return;
    }
    if (value->text == cannot)
      return r.fail(value->at,
                    std::string{message.name} + " can be `" + key + "`; write what must come of it instead of \"-\"");
    auto outcome = cell_outcome::parse(value->text);
    if (!outcome)
      return r.fail(value->at, "`" + key + "`: " + outcome.error());
    message_fault fault{std::string{message.message}, std::string{name(message.to)}, message.nth, std::string{what},
                        std::string{field}};
    cells.push_back({message, std::move(fault), outcome->text()});
  }

  void read_fields(const setting* altered, place at) {
    const auto& fields = listed_message(message).fields;
    if (altered && !altered->is(setting_type::table)) {
      r.key = altered->key;
      return r.must_be(*altered, "a key for each field, such as altered.head = \"Installed\"");
    }
    if (altered)
      for (const auto& child : altered->children)
        if (std::ranges::find(fields, child.key) == fields.end())
          return r.fail(child.key_at, unknown_word("field of " + std::string{message.name}, child.key, fields));
    for (const auto& field : fields)
      read(altered ? altered->find(field) : nullptr, at, "altered", field);
  }
};

std::vector<cell_step> read_row(reader& r, const setting& table, const matrix_message& message) {
  words known{"message"};
  for (const auto& fault : message_faults)
    known.push_back(fault.name);
  check_keys(r, table, "[[matrix]] " + std::string{message.name}, known);
  row_reader row{r, message, {}};
  for (const auto& fault : message_faults) {
    if (r.failed())
      break;
    const auto* value = table.find(fault.name);
    if (fault.name == "altered")
      row.read_fields(value, table.at);
    else
      row.read(value, table.at, fault.name, {});
  }
  return row.cells;
}

constexpr known_key<reader, message_fault> message_fault_keys[] = {
  {"message", "",
   [](reader& r, const setting& n, message_fault& f) {
     words names;
     for (const auto& one : all_messages())
       names.push_back(one.name);
     f.message = names[read_word(r, n, "message", names)];
   }},
  {"to", "",
   [](reader& r, const setting& n, message_fault& f) {
     words names;
     for (std::uint8_t c = 1; valid(static_cast<component>(c)); ++c)
       names.push_back(name(static_cast<component>(c)));
     f.to = std::string{names[read_word(r, n, "component", names)]};
   }},
  {"nth", "", whole<&message_fault::nth, 1, 1'000'000>},
  {"what", "what = \"lost\"",
   [](reader& r, const setting& n, message_fault& f) {
     words kinds;
     for (const auto& kind : message_faults)
       if (!kind.ends_process) // it would come again at each start
         kinds.push_back(kind.name);
     f.what = kinds[read_word(r, n, "fault of a message", kinds)];
   }},
  {"field", "",
   [](reader& r, const setting& n, message_fault& f) {
     const auto message = std::ranges::find(all_messages(), f.message, &any_message::name);
     if (message != all_messages().end())
       f.field = message->fields[read_word(r, n, "field of " + f.message, message->fields)];
   }},
};

} // namespace


message_fault read_message_fault(reader& r, const setting& table) {
  message_fault f;
  read_keys(r, table, "[[fault]] of a message", message_fault_keys, f);
  if (r.failed())
    return f;
  const bool of_field = f.what == "altered" || f.what == "record_type";
  if (of_field == f.field.empty())
    r.fail(table.at, of_field ? "`field` is missing; it names what is " + f.what + " in " + f.message
                              : "only what is \"altered\" and a \"record_type\" have a `field`; leave it out");
  else if (!holds_what(*std::ranges::find(all_messages(), f.message, &any_message::name), f.what))
    r.fail(table.at, f.message + " holds nothing that can be " + f.what + "; name another message");
  return f;
}

std::vector<cell_step> read_matrix(reader& r, const setting& tables) {
  const auto key = r.key;
  if (!is_array_of_tables(r, tables))
    return {};
  words names;
  for (const auto& m : matrix_messages())
    names.push_back(m.name);
  std::map<std::string_view, std::vector<cell_step>> rows;
  for (std::size_t i = 0; i < tables.children.size() && !r.failed(); ++i) {
    const auto& table = tables.children[i];
    r.key = key;
    if (!is_table_within(r, table, i, names.size()))
      break;
    const auto* which = table.find("message");
    if (!which) {
      r.fail(table.at, "no `message` in [[matrix]]; add one, for example message = \"MI0\"");
      break;
    }
    r.key = "message";
    const auto& message = matrix_messages()[read_word(r, *which, "message of a matrix", names)];
    if (!r.failed() && rows.contains(message.name))
      r.fail(which->at, std::string{message.name} + " has a [[matrix]] already; each has one");
    if (!r.failed())
      rows[message.name] = read_row(r, table, message);
  }
  std::vector<cell_step> cells;
  for (const auto& name : names) {
    if (!r.failed() && !rows.contains(name))
      r.fail(tables.at,
             "the matrix lacks " + std::string{name} + "; add a [[matrix]] with message = " + in_quotes(name));
    cells.insert(cells.end(), rows[name].begin(), rows[name].end());
  }
  return cells;
}

} // namespace oaksteel
