#include "actors/boxes/initialisation.hpp"

#include "crypto/shares.hpp"
#include "storage/find_event.hpp"
#include "storage/share_file.hpp"

namespace oaksteel {
namespace {

constexpr box_type every_type[] = {box_type::manufacturing, box_type::oak, box_type::steel, box_type::brass,
                                   box_type::tin};

refusal refusal_for(const storage_error& e) {
  switch (e.code) {
    case storage_code::missing: return refusal::medium_missing;
    case storage_code::not_writable: return refusal::medium_not_writable;
    case storage_code::full: return refusal::medium_full;
    default: return refusal::medium_failed;
  }
}

/// Writes the shares of one initialisation. Unless kept, they are taken away again: nobody shall carry shares of
/// sets that never came to be.
class handing_out {
public:
  handing_out(const set_secure_box_id& order, const initialisation_terms& terms, initialisation& made,
              generator& random)
    : order_(order), terms_(terms), made_(made), random_(random) {}
  handing_out(const handing_out&) = delete;
  handing_out& operator=(const handing_out&) = delete;
  ~handing_out() {
    for (const auto& [medium, file] : written_)
      (void)medium.remove(file); // there is no more to do about a medium that fails now
  }

  /// False when a medium is not there, or a file lies where a share would go that this site did not write.
  bool ready_for(std::string_view of) {
    for (const auto& custodian : order_.custodians) {
      const auto medium = medium_of(custodian);
      if (!medium.present())
        return failed(custodian, refusal::medium_missing);
      const auto there = medium.read(share_file_name(of));
      if (!there && there.error().code == storage_code::missing)
        continue;
      const auto share = there ? parse_share(*there) : expected<share_file, std::string>{unexpected{std::string{}}};
      if (!share || share->terms.log != terms_.log)
        return failed(custodian, refusal::medium_taken);
    }
    return true;
  }

  /// Splits a secret and writes a share for each custodian; what can be said of them in public.
  bool hand_out(const secret& whole, std::string_view of, std::vector<share_plan>& plan,
                std::optional<share_set>& set) {
    const auto key = private_key::generate(suite_id::p256, random_);
    set.emplace(share_set{{}, key.public_part().spki()});
    random_.randomize(set->id.value.data(), set->id.value.size());
    const auto count = static_cast<unsigned>(order_.custodians.size());
    const auto shares = split(whole, order_.threshold, count, random_);
    share_terms terms{terms_.log, set->id, std::string{of}, order_.id, {}, 0, count, order_.threshold, {}};
    for (std::size_t i = 0; i < shares.size(); ++i) {
      terms.custodian = order_.custodians[i];
      terms.index = static_cast<unsigned>(i + 1);
      const auto medium = medium_of(terms.custodian);
      if (auto done = medium.write(share_file_name(of), share_text(terms, shares[i], key, random_)); !done) {
        made_.medium = done.error();
        return failed(terms.custodian, refusal_for(done.error()));
      }
      written_.emplace_back(medium, share_file_name(of));
      plan.push_back({terms.custodian, share_commitment(made_.event.salt, shares[i])});
    }
    return true;
  }

  void keep() { written_.clear(); }

private:
  media medium_of(const label& custodian) const { return media{order_.media / custodian.text}; }
  bool failed(const label& custodian, refusal why) {
    made_.problem = why;
    made_.custodian = custodian;
    return false;
  }

  const set_secure_box_id& order_;
  const initialisation_terms& terms_;
  initialisation& made_;
  generator& random_;
  std::vector<std::pair<media, std::string>> written_;
};

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
  if (auto why = wrong_set(order.threshold, order.custodians))
    return refuse(*why);
  const auto view = site.view();
  if (view.find(static_cast<std::uint8_t>(lookup::box_in_slot), place.slot.text))
    return refuse(refusal::box_already_initialised);
  const box_id first{box_type::manufacturing, 1};
  const auto found = find_event<box_initialised>(view, lookup::box_keys, first.text());
  if (!found) {
    if (view.find(static_cast<std::uint8_t>(lookup::box_keys), first.text()))
      return refuse(refusal::storage_failed);
    if (order.id != first)
      return refuse(refusal::box_not_initialised);
    return initialisation_terms{true, order.suite, site.id()};
  }
  const auto& initialised = found->event;
  for (const auto& key : initialised.start_up_keys) {
    if (key.type != place.type)
      continue;
    auto authority = public_key::parse(initialised.suite, key.spki);
    if (authority && authority->verify(order_text(order.id, order.slot), order.order_signature))
      return initialisation_terms{false, initialised.suite, site.id()};
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
  handing_out shares{order, terms, made, random};
  if (!shares.ready_for(order.id.text()) || (terms.first && !shares.ready_for(domain_share_purpose)))
    return made;
  const auto combination = random_key(random);
  key_bundle bundle;
  if (terms.first) {
    bundle = first_box_keys(terms.suite, random, event);
    if (!shares.hand_out(domain_set_of(bundle), domain_share_purpose, event.domain_shares, event.domain_set))
      return made;
  }
  if (!shares.hand_out(combination, order.id.text(), event.shares, event.set))
    return made;
  made.sealed = seal_under(combination, bundle.packed(), bundle_address(order.id, "box"), random);
  shares.keep();
  made.problem.reset();
  return made;
}

} // namespace oaksteel
