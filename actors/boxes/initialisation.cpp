#include "actors/boxes/initialisation.hpp"

#include "actors/boxes/share_file.hpp"
#include "crypto/shares.hpp"
#include "storage/find_event.hpp"

namespace oaksteel {
namespace {

constexpr box_type every_type[] = {box_type::manufacturing, box_type::oak, box_type::steel, box_type::brass,
                                   box_type::tin};

/// Splits a secret for the custodians and writes each share to its medium; what can be said of them in
/// public.
stored<std::vector<share_plan>> hand_out(const secret& whole, const std::string& of,
                                                const set_secure_box_id& order, const digest& salt,
                                                generator& random) {
  const auto shares = split(whole, order.threshold, static_cast<unsigned>(order.custodians.size()), random);
  std::vector<share_plan> plan;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const auto& custodian = order.custodians[i];
    if (auto failed = write_share(order.media, {of, custodian, static_cast<unsigned>(i + 1), order.threshold}, shares[i]))
      return unexpected{std::move(*failed)};
    plan.push_back({custodian, share_commitment(salt, shares[i])});
  }
  return plan;
}

secret random_key(generator& random) {
  return secret{random.random_vec(32)};
}

/// EP Fig. 22: the domain key set (a pair for confidentiality, a pair for authentication) and one start-up
/// authentication key for each type of box.
key_bundle first_box_keys(suite_id suite, generator& random, box_initialised& event) {
  auto keys = generate_keys(suite, 2 + std::size(every_type), random);
  key_bundle bundle;
  bundle.add(bundle_part::domain_set_confidentiality, keys[0].stored());
  bundle.add(bundle_part::domain_set_authentication, keys[1].stored());
  event.domain_key_set = keys[1].public_part().spki();
  for (std::size_t i = 0; i < std::size(every_type); ++i) {
    bundle.add(start_up_part(every_type[i]), keys[2 + i].stored());
    event.start_up_keys.push_back({every_type[i], keys[2 + i].public_part().spki()});
  }
  return bundle;
}

/// Both private keys of the domain key set, as one secret to be split.
secret domain_set_of(const key_bundle& bundle) {
  key_bundle set;
  for (auto part : {bundle_part::domain_set_confidentiality, bundle_part::domain_set_authentication})
    set.add(part, secret{std::span<const std::uint8_t>{reveal(*bundle.find(part))}});
  return set.packed();
}

} // namespace

bytes order_text(const box_id& id, const label& slot) {
  const auto text = "oaksteel/1/set-secure-box-id|" + id.text() + '|' + slot.text;
  return {text.begin(), text.end()};
}

bytes bundle_address(const box_id& box, std::string_view purpose) {
  const auto text = "oaksteel/1/bundle|" + box.text() + '|' + std::string{purpose};
  return {text.begin(), text.end()};
}

bytes package_address(const box_id& box, const domain_id& domain) {
  const auto text = "oaksteel/1/package|" + box.text() + '|' + domain.text;
  return {text.begin(), text.end()};
}

expected<initialisation_terms, refusal> initialisation_permitted(const log& site, const box_place& place,
                                                                 const set_secure_box_id& order) {
  if (order.id.type != place.type)
    return refuse(refusal::wrong_box_type);
  if (order.slot != place.slot || order.id.number == 0)
    return refuse(refusal::wrong_box);
  if (order.custodians.empty() || order.custodians.size() > 16 || order.threshold == 0
      || order.threshold > order.custodians.size())
    return refuse(refusal::command_malformed);
  const auto view = site.view();
  const box_id first{box_type::manufacturing, 1};
  const auto found = find_event<box_initialised>(view, lookup::box_keys, first.text());
  if (!found) {
    if (view.find(static_cast<std::uint8_t>(lookup::box_keys), first.text()))
      return refuse(refusal::storage_failed);
    if (order.id != first)
      return refuse(refusal::box_not_initialised);
    return initialisation_terms{true, order.suite};
  }
  const auto& initialised = found->event;
  for (const auto& key : initialised.start_up_keys) {
    if (key.type != place.type)
      continue;
    auto authority = public_key::parse(initialised.suite, key.spki);
    if (authority && authority->verify(order_text(order.id, order.slot), order.order_signature))
      return initialisation_terms{false, initialised.suite};
  }
  return refuse(refusal::signature_invalid);
}

initialisation initialise_box(const set_secure_box_id& order, const initialisation_terms& terms, generator& random) {
  initialisation made;
  auto& event = made.event;
  event.box = order.id;
  event.slot = order.slot;
  event.suite = terms.suite;
  event.threshold = order.threshold;
  random.randomize(event.salt.value.data(), event.salt.value.size());
  const auto combination = random_key(random);
  key_bundle bundle;
  if (terms.first) {
    bundle = first_box_keys(terms.suite, random, event);
    auto plan = hand_out(domain_set_of(bundle), "domain-key-set", order, event.salt, random);
    if (!plan) {
      made.medium = plan.error();
      return made;
    }
    event.domain_shares = std::move(*plan);
  }
  auto plan = hand_out(combination, order.id.text(), order, event.salt, random);
  if (!plan) {
    made.medium = plan.error();
    return made;
  }
  event.shares = std::move(*plan);
  made.sealed = seal_under(combination, bundle.packed(), bundle_address(order.id, "box"), random);
  made.problem.reset();
  return made;
}

} // namespace oaksteel
