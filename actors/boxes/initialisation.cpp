#include "actors/boxes/initialisation.hpp"

#include "crypto/merkle.hpp"
#include "crypto/shares.hpp"
#include "storage/find_event.hpp"
#include "storage/share_file.hpp"

#include <algorithm>

namespace oaksteel {
namespace {

constexpr box_type every_type[] = {box_type::manufacturing, box_type::oak, box_type::steel, box_type::brass,
                                   box_type::tin};

refusal refusal_for(const storage_error& e) {
  switch (e.code) {
    case storage_code::missing: return refusal::medium_missing;
    case storage_code::not_writable: return refusal::medium_not_writable;
    case storage_code::full: return refusal::medium_full;
    case storage_code::exists: return refusal::medium_taken;
    default: return refusal::medium_failed;
  }
}

/// Writes the shares of one initialisation. Unless kept, they are taken away again: nobody shall carry shares of
/// sets that never came to be.
class handing_out {
public:
  handing_out(const initialisation_terms& terms, initialisation& made, generator& random)
    : terms_(terms), made_(made), random_(random) {}
  handing_out(const handing_out&) = delete;
  handing_out& operator=(const handing_out&) = delete;
  ~handing_out() {
    for (const auto& one : written_)
      (void)one.medium.remove(one.file); // there is no more to do about a medium that fails now
  }

  /// False when two media are one.
  bool has_a_medium_for_each() {
    const auto& all = terms_.shares.custodians;
    for (auto one = all.begin(); one != all.end(); ++one)
      for (auto other = all.begin(); other != one; ++other)
        if (medium_of(*one).same_as(medium_of(*other)))
          return failed(*one, refusal::medium_shared,
                        {storage_code::exists, medium_of(*one).directory().string() + ": is also the medium of "
                                                 + other->text + "; each custodian needs one of his own"});
    return true;
  }

  /// False when a medium is not there, or a file lies where a share would go that this site did not write.
  bool ready_for(std::string_view of) {
    for (const auto& custodian : terms_.shares.custodians) {
      const auto medium = medium_of(custodian);
      const auto there = medium.read(share_file_name(of));
      if (!there && !medium.present())
        return failed(custodian, refusal::medium_missing, there.error());
      if (!there && there.error().code == storage_code::missing)
        continue;
      const auto share = there ? parse_share(*there) : expected<share_file, std::string>{unexpected{std::string{}}};
      if (!share || share->terms.log != terms_.log || share->terms.of != of)
        return failed(custodian, refusal::medium_taken,
                      {storage_code::exists, (medium.directory() / share_file_name(of)).string()
                                               + ": lies where the share would go; put it elsewhere"});
    }
    return true;
  }

  /// Splits a secret and writes a share for each custodian; what can be said of them in public.
  bool hand_out(const secret& whole, std::string_view of, std::vector<share_plan>& plan,
                std::optional<share_set>& set) {
    const auto key = private_key::generate(suite_id::p256, random_);
    set.emplace(share_set{{}, key.public_part().spki()});
    random_.randomize(set->id.value.data(), set->id.value.size());
    const auto count = static_cast<unsigned>(terms_.shares.custodians.size());
    const auto shares = split(whole, terms_.shares.threshold, count, random_);
    share_terms terms{terms_.log, set->id, std::string{of}, terms_.id, {}, 0, count, terms_.shares.threshold, {}};
    for (std::size_t i = 0; i < shares.size(); ++i) {
      terms.custodian = terms_.shares.custodians[i];
      terms.index = static_cast<unsigned>(i + 1);
      const auto medium = medium_of(terms.custodian);
      const auto file = share_file_name(of);
      const auto text = share_text(terms, shares[i], key, random_);
      (void)medium.remove(file); // an unfinished set's; what cannot be removed is not written over either
      if (auto done = medium.write(file, text); !done)
        return failed(terms.custodian, refusal_for(done.error()), done.error());
      written_.push_back({terms.custodian, medium, file, sha256(reveal(text))});
      plan.push_back({terms.custodian, share_commitment(made_.event.salt, shares[i])});
    }
    return true;
  }

  /// False when a medium does not give back what was written to it: without its shares the box would be lost.
  bool all_can_be_read() {
    for (const auto& one : written_) {
      const auto text = one.medium.read(one.file);
      if (!text)
        return failed(one.custodian, refusal::medium_failed, text.error());
      if (sha256(reveal(*text)) != one.text)
        return failed(one.custodian, refusal::medium_failed,
                      {storage_code::io, (one.medium.directory() / one.file).string() + ": is not what was written"});
    }
    return true;
  }

  void keep() { written_.clear(); }

private:
  media medium_of(const label& custodian) const { return media{terms_.shares.media / custodian.text}; }
  bool failed(const label& custodian, refusal why, storage_error medium) {
    made_.problem = why;
    made_.medium = std::move(medium);
    made_.custodian = custodian;
    return false;
  }

  struct written_share {
    label custodian;
    media medium;
    std::string file;
    digest text;
  };

  const initialisation_terms& terms_;
  initialisation& made_;
  generator& random_;
  std::vector<written_share> written_;
};

secret random_key(generator& random) {
  return secret{random.random_vec(32)};
}

/// EP Fig. 22: the domain key set (a pair for confidentiality, a pair for authentication) and one start-up
/// authentication key for each type of box; and, as every box has one, a start-up confidentiality key.
key_bundle first_box_keys(suite_id suite, generator& random, box_initialised& event) {
  auto keys = generate_keys(suite, 3 + std::size(every_type), random);
  key_bundle bundle;
  bundle.add(bundle_part::domain_set_confidentiality, keys[0].stored());
  bundle.add(bundle_part::domain_set_authentication, keys[1].stored());
  event.domain_key_set = keys[1].public_part().spki();
  for (std::size_t i = 0; i < std::size(every_type); ++i) {
    bundle.add(start_up_part(every_type[i]), keys[2 + i].stored());
    event.start_up_keys.push_back({every_type[i], keys[2 + i].public_part().spki()});
  }
  const auto& start_up = keys.back();
  bundle.add(bundle_part::start_up_confidentiality, start_up.stored());
  event.start_up_confidentiality = start_up.public_part().spki();
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

bytes bundle_address(const box_id& box, std::string_view purpose) {
  const auto text = "oaksteel/1/bundle|" + box.text() + '|' + std::string{purpose};
  return {text.begin(), text.end()};
}

bytes package_address(const box_id& box, const domain_id& domain) {
  const auto text = "oaksteel/1/package|" + box.text() + '|' + domain.text;
  return {text.begin(), text.end()};
}

std::optional<refusal> first_not_permitted(const log& site, const box_place& place,
                                           const set_first_secure_box_id& m) {
  const box_id first{box_type::manufacturing, 1};
  if (place.type != box_type::manufacturing || m.id.type != place.type)
    return refusal::wrong_box_type;
  if (m.slot != place.slot || m.id != first)
    return refusal::wrong_box;
  if (auto why = wrong_set(m.shares.threshold, m.shares.custodians))
    return why;
  if (site.view().find(static_cast<std::uint8_t>(lookup::box_keys), first.text()))
    return refusal::box_already_initialised;
  return std::nullopt;
}

std::optional<start_up_authority> find_start_up_authority(const log& site, box_type type) {
  const box_id first{box_type::manufacturing, 1};
  const auto key_in = [type](const auto& said, const digest& of) -> std::optional<start_up_authority> {
    for (const auto& key : said.start_up_keys)
      if (key.type == type)
        if (auto parsed = public_key::parse(said.suite, key.spki))
          return start_up_authority{said.suite, std::move(*parsed), of};
    return std::nullopt;
  };
  const auto view = site.view();
  if (const auto own = find_event<box_initialised>(view, lookup::box_keys, first.text()))
    return key_in(own->event, site.origin());
  if (const auto told = find_event<authority_introduced>(view, lookup::authority, "authority"))
    return key_in(told->event, told->event.log);
  return std::nullopt;
}

enrolment seen_in(const start_up_authority& authority, const set_secure_box_id& m) {
  return {authority.log, m.id, m.slot, m.source, m.challenge, {}, {}};
}

std::optional<refusal> order_not_permitted(const log& site, const box_place& place, const set_secure_box_id& m) {
  if (m.id.type != place.type)
    return refusal::wrong_box_type;
  if (m.slot != place.slot || m.id.number == 0)
    return refusal::wrong_box;
  if (site.view().find(static_cast<std::uint8_t>(lookup::box_in_slot), place.slot.text))
    return refusal::box_already_initialised;
  const auto authority = find_start_up_authority(site, place.type);
  if (!authority)
    return refusal::box_not_initialised;
  if (!authority->key.verify(order_text(seen_in(*authority, m)), m.signature))
    return refusal::signature_invalid;
  return std::nullopt;
}

expected<secret, unfit_file> read_enrolment_secret(const label& officer, const std::filesystem::path& where,
                                                   const label& slot) {
  // A name is checked before it becomes a part of a path.
  if (!label::parse(officer.text) || !label::parse(slot.text))
    return unexpected{unfit_file{refusal::command_malformed, {}}};
  const media medium{where / officer.text};
  if (!medium.present())
    return unexpected{unfit_file{refusal::medium_missing, medium.directory().string()}};
  const auto name = enrolment_file_name(slot);
  const auto file = medium.read(name);
  if (!file)
    return unexpected{unfit_file{refusal::enrolment_secret_unfit, file.error().text}};
  auto typed = read_enrolment_secret(*file);
  if (!typed)
    return unexpected{unfit_file{refusal::enrolment_secret_unfit, (medium.directory() / name).string()}};
  return std::move(*typed);
}

check_value check_of(const key_bundle& key_set, std::string_view what, const key_bundle& keys) {
  const auto* key = key_set.find(bundle_part::domain_set_confidentiality);
  const auto tag = check_under(*key, "oaksteel/1/key-data|" + std::string{what} + '|', keys.packed());
  check_value check{};
  std::copy_n(tag.begin(), check.size(), check.begin());
  return check;
}

key_bundle shared_part(const key_bundle& own) {
  key_bundle shared;
  const auto take = [&](bundle_part part) {
    if (const auto* content = own.find(part))
      shared.add(part, secret{std::span<const std::uint8_t>{reveal(*content)}});
  };
  take(bundle_part::domain_set_confidentiality);
  take(bundle_part::domain_set_authentication);
  for (const auto type : every_type)
    take(start_up_part(type));
  return shared;
}

initialisation initialise_box(const initialisation_terms& terms, generator& random) {
  initialisation made;
  const bool first = !terms.source;
  auto& event = made.event;
  event.box = terms.id;
  event.slot = terms.slot;
  event.suite = terms.suite;
  event.threshold = terms.shares.threshold;
  event.source = terms.source;
  random.randomize(event.salt.value.data(), event.salt.value.size());
  handing_out shares{terms, made, random};
  if (!shares.has_a_medium_for_each() || !shares.ready_for(terms.id.text())
      || (first && !shares.ready_for(domain_share_purpose)))
    return made;
  const auto combination = random_key(random);
  key_bundle bundle;
  if (first) {
    bundle = first_box_keys(terms.suite, random, event);
    event.key_set = check_of(bundle, "key set", shared_part(bundle));
    if (!shares.hand_out(domain_set_of(bundle), domain_share_purpose, event.domain_shares, event.domain_set))
      return made;
  } else {
    bundle.add(bundle_part::start_up_confidentiality, terms.start_up->stored());
    event.start_up_confidentiality = terms.start_up->public_part().spki();
  }
  if (!shares.hand_out(combination, terms.id.text(), event.shares, event.set) || !shares.all_can_be_read())
    return made;
  made.sealed = seal_under(combination, bundle.packed(), bundle_address(terms.id, "box"), random);
  shares.keep();
  made.problem.reset();
  return made;
}

} // namespace oaksteel
