#pragma once
// What all custodians of a site could do together: open what lies sealed in the log of a finished day.

#include "actors/boxes/initialisation.hpp"
#include "crypto/envelope.hpp"
#include "crypto/shares.hpp"
#include "storage/find_event.hpp"
#include "storage/share_file.hpp"
#include "tests/actors/site_bench.hpp"

namespace oaksteel::testing {

/// What lies on a custodian's medium: `of` is a box id or `domain-key-set`.
inline secret share_on(const site_bench& bench, const label& custodian, std::string_view of) {
  const auto text = media{bench.written().directory() / "media" / custodian.text}.read(share_file_name(of));
  BOOST_REQUIRE(text);
  auto file = parse_share(*text);
  BOOST_REQUIRE(file);
  return std::move(file->share);
}

/// The shares that enable a box, from the media of its custodians.
inline std::vector<secret> shares_of(const site_bench& bench, const site_box& box) {
  const auto id = bench.id_of(box.plan.slot.text).text();
  std::vector<secret> shares;
  for (unsigned i = 0; i < box.plan.threshold; ++i)
    shares.push_back(share_on(bench, box.plan.custodians[i], id));
  return shares;
}

inline secret combination_of(const site_bench& bench, const site_box& box) {
  const auto shares = shares_of(bench, box);
  std::vector<const secret*> entered;
  for (const auto& share : shares)
    entered.push_back(&share);
  auto whole = combine(entered);
  BOOST_REQUIRE(whole);
  return std::move(*whole);
}

/// A bundle of a box: "box", what it made for itself; "key set", what a further Manufacturing box received; or the name
/// of a domain, that domain's process.
inline key_bundle bundle_of(const site_bench& bench, const site_box& box, const std::string& purpose) {
  const auto id = bench.id_of(box.plan.slot.text);
  const auto view = bench.written().view();
  const auto index = purpose == "box"       ? lookup::box_keys
                     : purpose == "key set" ? lookup::key_set
                                            : lookup::domain_process;
  const auto position = view.find(static_cast<std::uint8_t>(index),
                                  index == lookup::domain_process ? id.text() + '|' + purpose : id.text());
  BOOST_REQUIRE(position);
  auto packed = open_under(combination_of(bench, box), *view.sealed(*position), bundle_address(id, purpose));
  BOOST_REQUIRE(packed);
  auto bundle = key_bundle::unpack(*packed);
  BOOST_REQUIRE(bundle);
  return std::move(*bundle);
}

/// Every part that a bundle may have.
inline std::vector<bundle_part> all_parts_of(const key_bundle& bundle) {
  std::vector<bundle_part> parts;
  for (unsigned number = 0; number < 256; ++number)
    if (bundle.find(static_cast<bundle_part>(number)))
      parts.push_back(static_cast<bundle_part>(number));
  return parts;
}

/// Public halves are no secret.
inline bool is_public(bundle_part part) {
  return (static_cast<unsigned>(part) & 0xc0) == 0x40;
}

/// The part of a stored key that tells the rest: the scalar of a P-256 key (crypto/p256.cpp), else all of it.
inline std::span<const std::uint8_t> essence(const secret& stored) {
  const std::span<const std::uint8_t> all{reveal(stored)};
  return all.size() == 138 ? all.subspan(36, 32) : all;
}

/// The whole of a domain, which a Manufacturing box opens with the domain key set.
inline key_bundle whole_domain(const site_bench& bench, const domain_id& domain) {
  const auto own = bundle_of(bench, bench.box("manufacturing-1"), "box");
  const auto view = bench.written().view();
  const auto created = find_event<domain_created>(view, lookup::domain_keys, domain.text);
  BOOST_REQUIRE(created);
  const auto set = own.key(bundle_part::domain_set_confidentiality, created->event.suite);
  BOOST_REQUIRE(set);
  const auto text = "oaksteel/1/domain|" + domain.text;
  auto packed =
    opener{*set, blinding_generator()}.open(*view.sealed(created->position), bytes{text.begin(), text.end()});
  BOOST_REQUIRE(packed);
  auto bundle = key_bundle::unpack(*packed);
  BOOST_REQUIRE(bundle);
  return std::move(*bundle);
}

} // namespace oaksteel::testing
