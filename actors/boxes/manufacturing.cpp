#include "actors/boxes/boxes.hpp"
#include "actors/boxes/initialisation.hpp"
#include "events/domain.hpp"
#include "events/signed_bodies.hpp"
#include "storage/signed_body.hpp"
#include "storage/find_event.hpp"

namespace oaksteel {
namespace {

using self_pointer = manufacturing_actor::stateful_pointer<box_state>;

const stream_id allocator_stream{stream_kind::allocator, "boxes"};

bytes domain_address(const domain_id& domain) {
  const auto text = "oaksteel/1/domain|" + domain.text;
  return {text.begin(), text.end()};
}

/// Opens the box's own keys; gives nothing while it is disabled.
std::function<std::optional<key_bundle>()> own_keys(const box_core& core, const log& site) {
  // Position 0 has nothing sealed beside it.
  const auto position = site.view().find(static_cast<std::uint8_t>(lookup::box_keys), core.id().text());
  return core.bundle_opener(position.value_or(0), "box");
}

/// EP Fig. 23: "allocates the next Secure Box ID, signs the message with the Private Startup Authentication Key".
auto allocate(self_pointer self, const allocate_box_id& m) {
  auto rp = self->make_response_promise<box_id_allocated>();
  auto& core = *self->state.core;
  core.house().submit({m.head, "allocate_box_id", fails(rp)}, [self, rp, m](transaction& t) mutable {
    auto& box = *self->state.core;
    const auto& state = t.state<secure_box>(box.stream());
    if (!state.enabled)
      return t.refuse(refusal::box_disabled, m.slot.text);
    auto keys = own_keys(box, *box.house().around().journal_log)();
    auto start_up = keys ? keys->key(start_up_part(m.type), state.suite) : std::nullopt;
    if (!start_up)
      return t.refuse(refusal::sealed_material_invalid, m.slot.text);
    auto events = decide(t.state<box_allocator>(allocator_stream), reserve_box_id{m.slot, m.type});
    if (!events)
      return t.refuse(events.error(), m.slot.text);
    t.apply<box_allocator>(allocator_stream, std::move(*events));
    const auto id = *reserved_for(t.state<box_allocator>(allocator_stream), m.slot);
    auto random = box.house().around().random->stream("allocate", id.number * 256 + static_cast<unsigned>(id.type));
    auto signature = start_up->sign(order_text(id, m.slot), *random);
    t.when_durable([rp, id, signature](const message_head& next) mutable {
      rp.deliver(box_id_allocated{{next}, id, signature});
    });
  });
  return rp;
}

struct domain_made {
  domain_created event;
  bytes sealed;
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
  domain_keys_body body{m.domain, m.kind, m.sub_domain, suite, {}};
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
  return made;
}

auto create(self_pointer self, const create_domain& m) {
  auto rp = self->make_response_promise<acknowledged>();
  auto& core = *self->state.core;
  const auto& site = *core.house().around().journal_log;
  auto suite = suite_id::rsa3072;
  if (auto row = site.view().row(core.stream()))
    if (auto box = decode<secure_box>(row->state))
      suite = box->suite;
  auto answer = [m, open = own_keys(core, site), suite, id = core.id()](work_context& w) {
    const auto own = open();
    return own ? make_domain(m, id, suite, *own, w) : domain_made{};
  };
  core.house().submit<domain_made>(
    {m.head, "create_domain", fails(rp)}, std::move(answer), [self, rp, m](transaction& t, domain_made& made) mutable {
      const stream_id stream{stream_kind::domain, m.domain.text};
      const bool enabled = t.state<secure_box>(self->state.core->stream()).enabled && !made.sealed.empty();
      auto events = decide(t.state<domain>(stream), made.event, enabled);
      if (!events)
        return t.refuse(events.error(), m.domain.text);
      t.apply<domain>(stream, std::move(*events), std::move(made.sealed));
      t.when_durable([rp](const message_head& next) mutable { rp.deliver(acknowledged{{next}}); });
    });
  return rp;
}

/// EP Fig. 23: "The required Domain Key components are delivered to the Box using the Startup Confidentiality Key."
struct package_made {
  bytes sealed;
  refusal problem = refusal::sealed_material_invalid;
};

package_made make_package(const make_domain_process& m, const key_bundle& own, const domain_created& created,
                          const bytes& sealed_domain, work_context& w) {
  auto set_secrecy = own.key(bundle_part::domain_set_confidentiality, created.suite);
  auto target = public_key::parse(created.suite, m.start_up_key);
  if (!set_secrecy || !target)
    return {};
  auto packed = w.with(*set_secrecy).open(sealed_domain, domain_address(m.domain));
  auto whole = packed ? key_bundle::unpack(*packed) : std::nullopt;
  if (!whole)
    return {};
  const auto part = share_of_domain(*whole, m.target.type);
  return {w.to(*target).seal(part.packed(), package_address(m.target, m.domain)), {}};
}

auto make_process(self_pointer self, const make_domain_process& m) {
  auto rp = self->make_response_promise<domain_process_package>();
  auto& core = *self->state.core;
  const auto& site = *core.house().around().journal_log;
  const auto view = site.view();
  auto created = find_event<domain_created>(view, lookup::domain_keys, m.domain.text);
  auto sealed = created ? view.sealed(created->position) : std::nullopt;
  auto answer = [m, open = own_keys(core, site), created, sealed](work_context& w) {
    if (!created || !sealed)
      return package_made{{}, refusal::domain_not_known};
    const auto own = open();
    if (!own)
      return package_made{{}, refusal::box_disabled};
    return make_package(m, *own, created->event, *sealed, w);
  };
  core.house().submit<package_made>({m.head, "make_domain_process", fails(rp)}, std::move(answer),
                                    [self, rp, m](transaction& t, package_made& made) mutable {
                                      const auto& box = t.state<secure_box>(self->state.core->stream());
                                      if (!made.sealed.empty() && !box.enabled)
                                        return t.refuse(refusal::box_disabled, m.domain.text);
                                      if (made.sealed.empty())
                                        return t.refuse(made.problem, m.domain.text);
                                      t.when_durable([rp, sealed = made.sealed](const message_head& next) mutable {
                                        rp.deliver(domain_process_package{{next}, sealed});
                                      });
                                    });
  return rp;
}

} // namespace

manufacturing_actor::behavior_type manufacturing_box(self_pointer self, box_place place, surroundings around) {
  found_box(self, place, around);
  return box_behaviour<manufacturing_actor>(
    self, [self](const allocate_box_id& m) { return allocate(self, m); },
    [self](const create_domain& m) { return create(self, m); },
    [self](const make_domain_process& m) { return make_process(self, m); });
}

} // namespace oaksteel
