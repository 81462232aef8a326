#include "actors/boxes/initialisation.hpp"
#include "actors/boxes/manufacturing.hpp"
#include "events/domain.hpp"
#include "events/signed_bodies.hpp"
#include "storage/signed_body.hpp"
#include "storage/find_event.hpp"

namespace oaksteel {
namespace {

bytes domain_address(const domain_id& domain) {
  const auto text = "oaksteel/1/domain|" + domain.text;
  return {text.begin(), text.end()};
}

struct domain_made {
  domain_created event;
  bytes sealed; ///< all keys of the domain, to the domain key set
  check_value key_data{};
};

/// Long: five key pairs.
domain_made make_domain(const create_domain& m, const box_id& creator, suite_id suite, const key_bundle& own,
                        work_context& w) {
  domain_made made;
  auto set_secrecy = own.key(bundle_part::domain_set_confidentiality, suite);
  auto set_signature = own.key(bundle_part::domain_set_authentication, suite);
  if (!set_secrecy || !set_signature)
    return made;
  constexpr key_role roles[] = {key_role::oak_authentication, key_role::steel_authentication,
                                key_role::steel_confidentiality, key_role::brass_authentication,
                                key_role::brass_confidentiality};
  auto keys = generate_keys(suite, std::size(roles), w.random);
  key_bundle whole;
  domain_keys_body body{m.domain, m.kind, m.sub_domain, suite, {}, m.zone};
  for (std::size_t i = 0; i < std::size(roles); ++i) {
    const auto& spki = keys[i].public_part().spki();
    whole.add(private_part(roles[i]), keys[i].stored());
    whole.add(public_part(roles[i]), secret{std::span<const std::uint8_t>{spki}});
    body.keys.push_back({roles[i], spki});
  }
  whole.add(bundle_part::brass_secret_confidentiality, secret{w.random.random_vec(32)});
  whole.add(bundle_part::brass_secret_authentication, secret{w.random.random_vec(32)});
  auto& e = made.event;
  e = {m.domain, m.kind, m.sub_domain, suite, creator, {encode_body(body), {}}};
  e.signed_keys.proof =
    prove(*set_signature, {"domain keys", m.domain.text}, {byte_view{e.signed_keys.body}}, w.random).front();
  made.sealed = w.to(set_secrecy->public_part()).seal(whole.packed(), domain_address(m.domain));
  made.key_data = check_of(own, m.domain.text, whole);
  return made;
}

/// Two events: the domain is created, and this box holds its keys (EP-7, EP-12).
void create_in(transaction& t, manufacturing_pointer self, const create_domain& m, domain_made& made,
               caf::typed_response_promise<acknowledged> rp) {
  auto& core = *self->state.core;
  const stream_id stream{stream_kind::domain, m.domain.text};
  const auto& box = t.state<secure_box>(core.stream());
  if (auto why = not_ready_to_make(box))
    return t.refuse(*why, m.domain.text);
  if (!valid(m.zone))
    return t.refuse(refusal::command_malformed, m.domain.text);
  auto created = decide(t.state<domain>(stream), made.event, !made.sealed.empty());
  if (!created)
    return t.refuse(created.error(), m.domain.text);
  auto held = decide(box, domain_process_made{core.id(), m.domain, made.event.suite, {}, {}, {}, made.key_data});
  if (!held)
    return t.refuse(held.error(), m.domain.text);
  t.apply<domain>(stream, std::move(*created), made.sealed);
  t.apply<secure_box>(core.stream(), std::move(*held), std::move(made.sealed));
  t.when_durable([rp](const message_head& next) mutable { rp.deliver(acknowledged{{next}}); });
}

auto create(manufacturing_pointer self, const create_domain& m) {
  auto rp = self->make_response_promise<acknowledged>();
  auto& core = *self->state.core;
  auto answer = [m, open = own_keys(core), suite = suite_of(core), id = core.id()](work_context& w) {
    const auto own = open();
    return own ? make_domain(m, id, suite, *own, w) : domain_made{};
  };
  core.house().submit<domain_made>(
    {m.head, "create domain", fails(rp)}, std::move(answer),
    [self, rp, m](transaction& t, domain_made& made) { create_in(t, self, m, made, rp); });
  return rp;
}

/// All keys of a domain, as they lie in this box.
std::optional<key_bundle> open_domain(const key_bundle& own, const domain_id& domain, const bytes& sealed,
                                      suite_id suite, work_context& w) {
  const auto set_secrecy = own.key(bundle_part::domain_set_confidentiality, suite);
  const auto packed =
    set_secrecy ? opener{*set_secrecy, w.random}.open(sealed, domain_address(domain)) : std::nullopt;
  return packed ? key_bundle::unpack(*packed) : std::nullopt;
}

/// EP-7: a domain that another Manufacturing box made, kept under the domain key set.
kept_keys keep_domain(const key_bundle& own, const key_bundle& whole, const domain_id& domain, suite_id suite,
                      work_context& w) {
  const auto set_secrecy = own.key(bundle_part::domain_set_confidentiality, suite);
  if (!set_secrecy)
    return {};
  return {nullptr, sealer{set_secrecy->public_part(), w.random}.seal(whole.packed(), domain_address(domain)),
          check_of(own, domain.text, whole)};
}

/// What is to be given to which box. EP Fig. 23: "The required Domain Key components are delivered to the Box using the
/// Startup Confidentiality Key."
struct issue {
  box_id target;
  domain_id domain; ///< empty: domain key set and start-up keys (EP-7)
  std::vector<box_id> steels;
};

struct package_made {
  package keys;
  std::optional<refusal> problem;
};

/// What a worker needs to make a package, taken from the log.
struct package_sources {
  std::optional<bytes> start_up_key; ///< the target's
  suite_id suite = suite_id::rsa3072;
  bytes sealed_domain;
  std::function<std::optional<key_bundle>()> own;
};

package_made make_package(const issue& to, const box_id& source, const package_sources& from, work_context& w) {
  if (!from.start_up_key)
    return {{}, refusal::box_not_admitted};
  const auto own = from.own();
  if (!own)
    return {{}, refusal::box_disabled};
  const auto recipient = public_key::parse(from.suite, *from.start_up_key);
  const auto authority = own->key(start_up_part(to.target.type), from.suite);
  auto part = shared_part(*own);
  if (!to.domain.empty()) {
    const auto whole = open_domain(*own, to.domain, from.sealed_domain, from.suite, w);
    if (!whole)
      return {{}, refusal::domain_not_known};
    part = share_of_domain(*whole, to.target.type);
  }
  if (!recipient || !authority)
    return {{}, refusal::sealed_material_invalid};
  package made{source, to.steels, {}, {}};
  made.sealed = sealer{*recipient, w.random}.seal(part.packed(), package_address(to.target, to.domain));
  made.signature = authority->sign(package_text(source, to.target, to.domain, to.steels, made.sealed), w.random);
  return {std::move(made), {}};
}

/// The start-up key to which keys for a box are encrypted: as it was admitted, or, for the first Manufacturing box, as
/// it made it. Nothing for any other box.
std::optional<bytes> start_up_key_of(const log_view& view, const box_id& box) {
  if (auto found = find_event<box_admitted>(view, lookup::admitted_box, box.text()))
    return std::move(found->event.start_up_key);
  const auto made = find_event<box_initialised>(view, lookup::box_keys, box.text());
  if (made && !made->event.source && !made->event.start_up_confidentiality.empty())
    return made->event.start_up_confidentiality;
  return std::nullopt;
}

void issue_in(transaction& t, manufacturing_pointer self, const issue& to, package_made& made,
              caf::typed_response_promise<package_of_keys> rp) {
  auto& core = *self->state.core;
  const auto view = core.house().around().journal_log->view();
  const auto admitted = [&](const box_id& box) { return start_up_key_of(view, box).has_value(); };
  const auto about = to.target.text() + (to.domain.empty() ? "" : "|" + to.domain.text);
  keys_issued proposed{core.id(), to.target, {}, to.steels, sha256(made.keys.sealed)};
  if (!to.domain.empty())
    proposed.domain = to.domain;
  auto events = decide(t.state<secure_box>(core.stream()), proposed, admitted(to.target));
  if (!events)
    return t.refuse(events.error(), about, {{participant_kind::box, to.target.text()}});
  if (!std::all_of(to.steels.begin(), to.steels.end(), admitted))
    return t.refuse(refusal::steel_not_valid_for_domain, about);
  if (made.problem)
    return t.refuse(*made.problem, about, {{participant_kind::box, to.target.text()}});
  t.apply<secure_box>(core.stream(), std::move(*events));
  t.when_durable([rp, keys = std::move(made.keys)](const message_head& next) mutable {
    rp.deliver(package_of_keys{{next}, std::move(keys)});
  });
}

caf::typed_response_promise<package_of_keys> issue_keys(manufacturing_pointer self, const message_head& head,
                                                        const char* what, issue to) {
  auto rp = self->make_response_promise<package_of_keys>();
  auto& core = *self->state.core;
  const auto view = core.house().around().journal_log->view();
  package_sources from{start_up_key_of(view, to.target), suite_of(core), {}, own_keys(core)};
  const auto held =
    view.find(static_cast<std::uint8_t>(lookup::domain_process), core.id().text() + '|' + to.domain.text);
  if (held)
    from.sealed_domain = view.sealed(*held).value_or(bytes{});
  core.house().submit<package_made>(
    {head, what, fails(rp)},
    [to, from = std::move(from), id = core.id()](work_context& w) { return make_package(to, id, from, w); },
    [self, rp, to](transaction& t, package_made& made) { issue_in(t, self, to, made, rp); });
  return rp;
}

/// EP-7: domain key set and start-up keys from the source.
auto take_set(manufacturing_pointer self, const take_key_set& m) {
  struct taken {
    bytes sealed;
    check_value key_set{};
  };
  auto rp = self->make_response_promise<acknowledged>();
  auto& core = *self->state.core;
  auto answer = [id = core.id(), open = core.package_opener(m.keys, {}), seal = core.bundle_sealer("key set"),
                 suite = suite_of(core)](work_context& w) {
    const auto keys = open(w);
    if (!keys || !keys->key(bundle_part::domain_set_confidentiality, suite)
        || !keys->key(bundle_part::domain_set_authentication, suite))
      return taken{};
    return taken{seal(*keys, w), check_of(*keys, "key set", *keys)};
  };
  core.house().submit<taken>(
    {m.head, "take key set", fails(rp)}, std::move(answer), [self, rp, m](transaction& t, taken& facts) mutable {
      auto& box = *self->state.core;
      auto events = decide(t.state<secure_box>(box.stream()),
                           key_set_received{box.id(), m.keys.source, sha256(m.keys.sealed), facts.key_set});
      if (!events)
        return t.refuse(events.error(), box.id().text());
      if (facts.sealed.empty())
        return t.refuse(refusal::sealed_material_invalid, box.id().text());
      t.apply<secure_box>(box.stream(), std::move(*events), std::move(facts.sealed));
      t.when_durable([rp](const message_head& next) mutable { rp.deliver(acknowledged{{next}}); });
    });
  return rp;
}

/// What the first Manufacturing box made public; nothing where that box is another node's, and was not introduced.
std::optional<authority_introduced> own_authority(const log& site) {
  const box_id first{box_type::manufacturing, 1};
  const auto view = site.view();
  if (auto made = find_event<box_initialised>(view, lookup::box_keys, first.text())) {
    auto& e = made->event;
    return authority_introduced{{}, site.origin(), first, e.suite, std::move(e.domain_key_set), std::move(e.start_up_keys)};
  }
  if (auto told = find_event<authority_introduced>(view, lookup::authority, "authority"))
    return std::move(told->event);
  return std::nullopt;
}

std::optional<domain_introduced> domain_in(const log_view& view, const domain_id& domain) {
  if (auto made = find_event<domain_created>(view, lookup::domain_keys, domain.text)) {
    auto& e = made->event;
    return domain_introduced{e.domain, e.kind, e.sub_domain, e.suite, e.creator, std::move(e.signed_keys), {}};
  }
  if (auto told = find_event<domain_introduced>(view, lookup::domain_keys, domain.text))
    return std::move(told->event);
  return std::nullopt;
}

/// A question of another node; that there is no answer yet is none to be noted.
template <class Answer, class Found>
auto tell(manufacturing_pointer self, const message_head& head, const char* what, std::optional<Found> found,
          refusal otherwise) {
  auto rp = self->make_response_promise<Answer>();
  self->state.core->house().submit({head, what, fails(rp)}, [rp, found, otherwise](transaction& t) {
    t.when_durable([rp, found, otherwise](const message_head& next) mutable {
      if (found)
        rp.deliver(Answer{{next}, std::move(*found)});
      else
        rp.deliver(make_error(otherwise));
    });
  });
  return rp;
}

auto set_first(manufacturing_pointer self, const set_first_secure_box_id& m) {
  auto rp = self->make_response_promise<box_id_set>();
  auto& core = *self->state.core;
  const auto& site = *core.house().around().journal_log;
  const command_info info{m.head, "Set First Secure Box ID", fails(rp)};
  if (auto why = first_not_permitted(site, core.place(), m)) {
    core.house().submit(info, [why = *why, slot = m.slot](transaction& t) { t.refuse(why, slot.text); });
    return rp;
  }
  return core.initialise(rp, info, {m.id, m.slot, m.suite, m.shares, site.origin(), {}, nullptr});
}

} // namespace

std::function<std::optional<key_bundle>()> own_keys(box_core& core) {
  const auto view = core.house().around().journal_log->view();
  const auto find = [&](lookup index) { return view.find(static_cast<std::uint8_t>(index), core.id().text()); };
  // Position 0 has nothing sealed beside it.
  const auto at = find(lookup::key_set).value_or(0);
  return core.bundle_opener(at, at == find(lookup::box_keys) ? "box" : "key set");
}

suite_id suite_of(box_core& core) {
  const auto authority = find_start_up_authority(*core.house().around().journal_log, box_type::manufacturing);
  return authority ? authority->suite : suite_id::rsa3072;
}

manufacturing_actor::behavior_type manufacturing_box(manufacturing_pointer self, box_place place,
                                                     surroundings around) {
  auto& core = found_box(self, place, around);
  core.when_wiped = [self] { self->state.open.clear(); };
  core.keep = [&core] {
    return keeper{[open = own_keys(core)](const key_bundle& whole, const domain_id& domain, suite_id suite,
                                          work_context& w) {
      const auto own = open();
      return own ? keep_domain(*own, whole, domain, suite, w) : kept_keys{};
    }};
  };
  return box_behaviour<manufacturing_actor>(
    self, [self](const set_first_secure_box_id& m) { return set_first(self, m); },
    [self](const allocate_box_id& m) { return allocate(self, m); },
    [self](const admit_box& m) { return admit(self, m); },
    [self](const create_domain& m) { return create(self, m); },
    [self](const make_domain_process& m) {
      return issue_keys(self, m.head, "make domain process", {m.target, m.domain, m.steels});
    },
    [self](const hand_over_key_set& m) { return issue_keys(self, m.head, "hand over key set", {m.target, {}, {}}); },
    [self](const take_key_set& m) { return take_set(self, m); },
    [self](const ask_authority& m) {
      const auto& site = *self->state.core->house().around().journal_log;
      return tell<authority_told>(self, m.head, "ask authority", own_authority(site), refusal::box_not_initialised);
    },
    [self](const ask_domain& m) {
      const auto view = self->state.core->house().around().journal_log->view();
      return tell<domain_told>(self, m.head, "ask domain", domain_in(view, m.domain), refusal::domain_not_known);
    });
}

} // namespace oaksteel
