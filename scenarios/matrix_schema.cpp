#include "scenarios/matrix_schema.hpp"

#include "scenarios/message_changes.hpp"

#include <algorithm>

namespace oaksteel {
namespace {

/// What stands for a fault that a message cannot have.
constexpr std::string_view cannot = "-";

std::string_view what_it_lacks(std::string_view fault) {
  if (fault == "wrong_domain")
    return "domain";
  if (fault == "wrong_steel")
    return "Steel id";
  return fault == "earlier_time" ? "time" : "record";
}

struct matrix_row_reader {
  reader& r;
  const matrix_message& message;
  std::vector<cell_step> cells;

  /// One cell; `at` is where its key is missing.
  void read(const setting* value, place at, const message_fault_kind& kind, std::string_view field) {
    const auto what = kind.name;
    const auto key = std::string{what} + (field.empty() ? "" : '.' + std::string{field});
    const bool absent = kind.each == fault_scope::record && !field.empty() && field == message.lacks;
    const bool possible = !absent && can_meet(listed_message(message), message.to, what);
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
    // Of what says only what a message follows from, the file says it once.
    const bool unseen = kind.changes && outcome->codes.empty() && field != "head";
    if (unseen == outcome->unseen.empty())
      return r.fail(value->at, unseen ? "nobody notices `" + key + "`; say why, in brackets at the end: \"" + value->text
                                          + " (nobody acts on it)\""
                                      : "`" + key + "` has a reason in brackets, which is for what is changed and that nobody "
                                                    "notices; leave it out");
    message_fault fault{std::string{message.message}, std::string{name(message.to)}, message.nth, std::string{what},
                        std::string{field}};
    cells.push_back({message, std::move(fault), outcome->text()});
  }

  /// A cell for each of these fields.
  void read_fields(const setting* cells_of_fault, place at, const message_fault_kind& kind,
                   std::span<const std::string_view> fields) {
    if (cells_of_fault && !cells_of_fault->is(setting_type::table)) {
      r.key = cells_of_fault->key;
      return r.must_be(*cells_of_fault, "a key for each field, such as " + std::string{kind.name} + '.'
                                          + std::string{fields.front()} + " = \"Installed\"");
    }
    if (cells_of_fault)
      for (const auto& child : cells_of_fault->children)
        if (std::ranges::find(fields, child.key) == fields.end())
          return r.fail(child.key_at, unknown_word("field of " + std::string{message.name}, child.key, fields));
    for (const auto& field : fields)
      read(cells_of_fault ? cells_of_fault->find(field) : nullptr, at, kind, field);
  }

  /// A kind of fault: one cell, or one for each field that it can be of.
  void read_kind(const setting& table, const message_fault_kind& kind) {
    const auto* value = table.find(kind.name);
    const auto& listed = listed_message(message);
    if (kind.each == fault_scope::field)
      return read_fields(value, table.at, kind, listed.fields);
    const auto records = record_fields(listed);
    if (kind.each == fault_scope::record && records.size() > 1)
      return read_fields(value, table.at, kind, records);
    read(value, table.at, kind, {});
  }
};

std::vector<cell_step> read_row(reader& r, const setting& table, const matrix_message& message) {
  words known{"message"};
  for (const auto& fault : message_faults)
    known.push_back(fault.name);
  check_keys(r, table, "[[matrix]] " + std::string{message.name}, known);
  matrix_row_reader row{r, message, {}};
  for (const auto& fault : message_faults)
    if (!r.failed())
      row.read_kind(table, fault);
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
  const auto& message = *std::ranges::find(all_messages(), f.message, &any_message::name);
  const auto& kind = kind_of_fault(f.what);
  const auto records = record_fields(message);
  if (kind.each == fault_scope::field && f.field.empty())
    r.fail(table.at, "`field` is missing; it names what is " + f.what + " in " + f.message);
  else if (kind.each == fault_scope::message && !f.field.empty())
    r.fail(table.at, "a message is " + f.what + " as a whole; leave its `field` out");
  else if (kind.each == fault_scope::record && !f.field.empty() && std::ranges::find(records, f.field) == records.end())
    r.fail(table.at, unknown_word("record of " + f.message, f.field, records));
  else if (!holds_what(message, f.what))
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
