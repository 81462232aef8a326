#include "tests/actors/custodians.hpp"

#include "crypto/envelope.hpp"
#include "crypto/shares.hpp"
#include "storage/find_event.hpp"
#include "storage/share_file.hpp"

namespace oaksteel::testing {

secret share_on(const site_bench& bench, const label& custodian, std::string_view of) {
  const auto text = media{bench.written().directory() / "media" / custodian.text}.read(share_file_name(of));
  BOOST_REQUIRE(text);
  auto file = parse_share(*text);
  BOOST_REQUIRE(file);
  return std::move(file->share);
}

std::vector<secret> shares_of(const site_bench& bench, const site_box& box) {
  const auto id = bench.id_of(box.plan.slot.text).text();
  std::vector<secret> shares;
  for (unsigned i = 0; i < box.plan.threshold; ++i)
    shares.push_back(share_on(bench, box.plan.custodians[i], id));
  return shares;
}

secret combination_of(const site_bench& bench, const site_box& box) {
  const auto shares = shares_of(bench, box);
  std::vector<const secret*> entered;
  for (const auto& share : shares)
    entered.push_back(&share);
  auto whole = combine(entered);
  BOOST_REQUIRE(whole);
  return std::move(*whole);
}

key_bundle bundle_of(const site_bench& bench, const site_box& box, const std::string& purpose) {
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

std::vector<bundle_part> all_parts_of(const key_bundle& bundle) {
  std::vector<bundle_part> parts;
  for (unsigned number = 0; number < 256; ++number)
    if (bundle.find(static_cast<bundle_part>(number)))
      parts.push_back(static_cast<bundle_part>(number));
  return parts;
}

bool is_public(bundle_part part) {
  return (static_cast<unsigned>(part) & 0xc0) == 0x40;
}

std::span<const std::uint8_t> essence(const secret& stored) {
  const std::span<const std::uint8_t> all{reveal(stored)};
  return all.size() == 138 ? all.subspan(36, 32) : all;
}

key_bundle whole_domain(const site_bench& bench, const domain_id& domain) {
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
