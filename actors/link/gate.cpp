#include "actors/link/gate.hpp"

#include "actors/errors.hpp"
#include "actors/link/any_message.hpp"
#include "events/participants.hpp"

#include <caf/event_based_actor.hpp>

#include <numeric>

namespace oaksteel {
namespace {

carried on_wire(const command& c) {
  constexpr std::size_t beside_parameters = 128; // parties and counts, about
  carried m;
  m.data.reserve(std::accumulate(c.parameters.begin(), c.parameters.end(), beside_parameters,
                                 [](std::size_t sum, const bytes& p) { return sum + p.size() + sizeof(std::uint32_t); }));
  encode_into(m.data, c);
  return m;
}

/// What an answer to it has to know, without its content.
command head_of(const command& c) {
  return {c.kind, c.code, c.request, c.from, c.to, {}};
}

/// What a command or an answer says of who takes part (EP-30): who is at its ends, and whom it names.
command_refused refused(const command& c, const party& source, refusal why, std::string what) {
  command_refused m{{{source.text(), c.request}, {}, {}}, why, std::move(what),
                    "from " + c.from.text() + " to " + c.to.text(), {}, {}};
  participant_list all;
  for (const auto* p : {&c.from, &c.to}) {
    if (p->part == component::archive && domain_id::parse(p->of))
      all.add({participant_kind::domain, p->of});
    else if (p->part == component::meter && sequence_number::parse(p->of))
      all.add({participant_kind::meter, p->of});
    else if (const auto slot = label::parse(p->of))
      m.slots.push_back(*slot);
  }
  const auto* known = message_with(c.code);
  const bool says_why = c.kind != command_kind::command && c.kind != command_kind::response;
  if (known && !says_why)
    for (auto& one : known->named(c))
      all.add(std::move(one));
  m.involved = std::move(all.found);
  return m;
}

/// Has `log_of` write an error into its log; then calls `then` with it.
void note(caf::event_based_actor* self, const fault_keeper& log_of, const command_refused& fault,
          const std::function<void(refusal)>& then) {
  self->request(log_of, caf::infinite, fault)
    .then([](const acknowledged&) {}, [then](const caf::error& e) { then(refusal_in(e)); });
}

/// A reference on its way to a node with another log: it says whose it is.
reference told(const reference& r, const log& own) {
  return r && !r.log ? reference{r.position, own.id()} : r;
}

/// A reference from there: one to this log is a local one. One that names no log, or a record that this log does not
/// have, names nothing.
reference heard(const reference& r, const log& own) {
  if (!r || !r.log)
    return {};
  if (*r.log != own.id())
    return r;
  return r.position <= own.view().size() ? reference{r.position, {}} : reference{};
}

/// Cause and correlation of a command, or an answer, that comes from another log or goes there.
void change_references(command& c, const log* own, reference change(const reference&, const log&)) {
  if (!own || c.parameters.empty())
    return;
  if (auto head = decode<message_head>(c.parameters.front())) {
    head->cause = change(head->cause, *own);
    head->correlation = change(head->correlation, *own);
    c.parameters.front() = encode(*head);
  }
}

// --- the near end ----------------------------------------------------------------------------------------------

struct near_side {
  caf::actor component;
  wire ends;
  configuration_table known;
  refused_to keeper;

  /// Of what `carrier` brings.
  fault_keeper log(const caf::actor& carrier) const {
    return caf::actor_cast<fault_keeper>(keeper == refused_to::carrier ? carrier : component);
  }

  /// The message in a command; or why it must not reach the component.
  expected<caf::message, refusal> admitted(const command& c) const {
    if (c.kind != command_kind::command)
      return refuse(refusal::command_malformed);
    if (!ends.comes_from(c.from))
      return refuse(refusal::sender_not_permitted);
    if (c.to != ends.to)
      return refuse(c.to.part == component::meter ? refusal::meter_not_known : refusal::wrong_box);
    if (!command_for(c.to.part, c.code))
      return refuse(refusal::command_unknown);
    const auto& message = *message_with(c.code);
    if (!message.may_go(c.from.part, c.to.part))
      return refuse(refusal::sender_not_permitted);
    return message.read(c, known);
  }
};

void take(caf::event_based_actor* self, const near_side& near, expected<command, refusal> read,
          const fault_keeper& log_of, caf::response_promise rp) {
  // Nothing to be answered: whoever got an answer from here found it faulty.
  if (read && read->kind == command_kind::response_error && near.ends.comes_from(read->from))
    return note(self, log_of,
                refused(*read, read->from, refusal_in(*read), name_of_message(read->code) + ", answer"),
                [rp](refusal) mutable { rp.deliver(carried{}); });
  auto c = read ? std::move(*read) : command{{}, 0, 0, near.ends.from, near.ends.to, {}};
  if (c.kind == command_kind::command)
    change_references(c, near.ends.own_log, heard);
  auto m = read ? near.admitted(c) : expected<caf::message, refusal>{refuse(read.error())};
  // Shared: it is copied with the functions that it goes through.
  const auto asked = std::make_shared<const command>(head_of(c));
  if (!m)
    return note(self, log_of, refused(c, c.from, m.error(), name_of_message(c.code)),
                [rp, asked](refusal why) mutable { rp.deliver(on_wire(refusal_of(*asked, why))); });
  auto answer_with = [rp, asked, own = near.ends.own_log](expected<command, refusal> a) mutable {
    if (!a)
      return rp.deliver(on_wire(refusal_of(*asked, a.error())));
    a->request = asked->request;
    a->from = asked->to;
    a->to = asked->from;
    change_references(*a, own, told);
    rp.deliver(on_wire(*a));
  };
  command_for(c.to.part, c.code)->ask(self, near.component, *m, answer_with);
}

caf::behavior near_behaviour(caf::event_based_actor* self, near_side near) {
  return {[self, near](const carried& m) {
    const auto log_of = near.log(caf::actor_cast<caf::actor>(self->current_sender()));
    auto rp = self->make_response_promise(); // which has the sender from now on
    take(self, near, decode_command(m.data), log_of, rp);
    return rp;
  }};
}

// --- the far end -----------------------------------------------------------------------------------------------

struct far_side {
  carrier_actor carrier;
  wire ends;
  configuration_table known;
  component_client sender;
  std::uint32_t requests = 0;
  std::size_t outstanding = 0;
};
using far_handle = std::shared_ptr<far_side>;

/// What came back for `asked`.
struct far_answer {
  expected<caf::message, refusal> content;
  std::optional<command> faulty; ///< the answer, where it is none to this command, or not of its form
};
far_answer read_answer(const bytes& data, const command& asked, const far_side& far) {
  auto read = decode_command(data);
  if (!read)
    return {refuse(read.error()), command{}};
  auto& c = *read;
  const auto faulty = [&](refusal why) { return far_answer{refuse(why), c}; };
  if (c.request != asked.request || c.from != asked.to || c.to != asked.from)
    return faulty(refusal::sender_not_permitted);
  // Of what code it speaks is no matter: the other end may have read another.
  if (c.kind == command_kind::command_error || c.kind == command_kind::response_code)
    return {refuse(refusal_in(c)), {}};
  if (c.kind != command_kind::response)
    return faulty(refusal::command_malformed);
  if (c.code != command_for(asked.to.part, asked.code)->answer)
    return faulty(refusal::command_unknown);
  change_references(c, far.ends.own_log, heard);
  auto content = message_with(c.code)->read(c, far.known);
  return content ? far_answer{std::move(content), {}} : faulty(content.error());
}

/// Into the sender's error log, and back to whoever answered: Command Response Error (EP-28).
void complain(caf::event_based_actor* self, const far_side& far, const command& asked, refusal why) {
  const command back{command_kind::response_error, asked.code, asked.request, asked.from, asked.to, {encode(why)}};
  self->request(far.carrier, caf::infinite, on_wire(back)).then([](const carried&) {}, [](const caf::error&) {});
}

caf::result<caf::message> pass(caf::event_based_actor* self, const far_handle& far, const caf::type_erased_tuple& m) {
  const auto* known = message_of(m);
  const auto* line = known ? command_for(far->ends.to.part, known->code) : nullptr;
  if (!line || !known->may_go(far->ends.from.part, far->ends.to.part))
    return make_error(refusal::command_unknown);
  if (far->outstanding >= outstanding_limit)
    return make_error(refusal::busy);
  auto rp = self->make_response_promise();
  ++far->outstanding;
  const auto asked = std::make_shared<command>(
    command{command_kind::command, known->code, ++far->requests, far->ends.from, far->ends.to, known->parameters(m)});
  change_references(*asked, far->ends.own_log, told);
  self->request(far->carrier, caf::infinite, on_wire(*asked))
    .then(
      [self, far, asked, rp](const carried& back) mutable {
        --far->outstanding;
        const auto& c = *asked;
        auto got = read_answer(back.data, c, *far);
        if (got.content)
          return rp.deliver(std::move(*got.content));
        const auto why = got.content.error();
        auto fail = [rp, why](refusal) mutable { rp.deliver(make_error(why)); };
        if (got.faulty)
          complain(self, *far, c, why);
        if (far->sender && got.faulty)
          note(self, far->sender, refused(c, c.to, why, name_of_message(c.code) + ", answer"), fail);
        else
          fail(why);
      },
      [far, rp](const caf::error& e) mutable {
        --far->outstanding;
        rp.deliver(make_error(refusal_in(e)));
      });
  return rp;
}

/// An answer that nobody waits for: one that came before, or to nothing that was asked here. It is faulty, and said to
/// be so to both ends (EP-28); nothing else changes.
void take_late(caf::event_based_actor* self, const far_handle& far, const carried& m) {
  const auto c = decode_command(m.data);
  if (!c || c->kind != command_kind::response)
    return; // nothing that a component said
  const command asked{command_kind::command, c->code, c->request, far->ends.from, far->ends.to, {}};
  complain(self, *far, asked, refusal::sender_not_permitted);
  if (far->sender)
    note(self, far->sender,
         refused(*c, c->from, refusal::sender_not_permitted, name_of_message(c->code) + ", answer"), [](refusal) {});
}

caf::behavior far_behaviour(caf::event_based_actor* self, const far_handle& far) {
  self->set_default_handler([self, far](caf::scheduled_actor*, caf::message_view& m) {
    return pass(self, far, m.content());
  });
  return {[far](const sender_named& m) { far->sender = m.sender; },
          [self, far](const carried& m) { take_late(self, far, m); },
          [self, far](const command_refused& m) {
            complain(self, *far, {command_kind::command, m.code, 0, far->ends.from, far->ends.to, {}}, m.why);
            return acknowledged{};
          }};
}

} // namespace

carrier_actor near_end(caf::actor_system& system, const caf::actor& component, wire ends, configuration_table known,
                       refused_to keeper) {
  return caf::actor_cast<carrier_actor>(
    system.spawn(near_behaviour, near_side{component, std::move(ends), std::move(known), keeper}));
}

caf::actor far_end(caf::actor_system& system, carrier_actor carrier, wire ends, configuration_table known) {
  return system.spawn(far_behaviour, std::make_shared<far_side>(
                                       far_side{std::move(carrier), std::move(ends), std::move(known), {}}));
}

} // namespace oaksteel
