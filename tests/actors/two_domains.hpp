#pragma once
// Two domains with keys of their own, and a key's records in one of them: what separates them is shown on these.

#include "actors/boxes/brass_checks.hpp"
#include "actors/boxes/record_addresses.hpp"
#include "storage/signed_body.hpp"

#include <boost/test/unit_test.hpp>

namespace oaksteel::testing {

/// A domain as its boxes hold it.
struct test_domain {
  domain_id id;
  ring_handle oak, steel, brass, tin;

  static test_domain make(const std::string& name, generator& random) {
    key_bundle whole;
    for (auto role : {key_role::oak_authentication, key_role::steel_authentication, key_role::steel_confidentiality,
                      key_role::brass_authentication, key_role::brass_confidentiality}) {
      const auto key = private_key::generate(suite_id::p256, random);
      whole.add(private_part(role), key.stored());
      whole.add(public_part(role), secret{std::span<const std::uint8_t>{key.public_part().spki()}});
    }
    whole.add(bundle_part::brass_secret_confidentiality, secret{random.random_vec(32)});
    whole.add(bundle_part::brass_secret_authentication, secret{random.random_vec(32)});
    test_domain d{{name}, nullptr, nullptr, nullptr, nullptr};
    const auto ring = [&](box_type type) {
      auto made = make_ring(share_of_domain(whole, type), d.id, suite_id::p256, type);
      BOOST_REQUIRE(made);
      return made;
    };
    d.oak = ring(box_type::oak);
    d.steel = ring(box_type::steel);
    d.brass = ring(box_type::brass);
    d.tin = ring(box_type::tin);
    return d;
  }

  signed_record sign(const private_key& by, const bytes& body, generator& random) const {
    return {body, prove(by, {"record", id.text}, {byte_view{body}}, random).front()};
  }
};

inline const box_id oak_box_id{box_type::oak, 1}, steel_box_id{box_type::steel, 1}, brass_box_id{box_type::brass, 1};
inline const sequence_number test_meter{"M0000001"};
inline const product_code test_product{"DM400"};
inline const indicia_serial test_serial{"1000001"};
inline const country_code test_country{"US"};
inline const calendar_date test_date{20260302};
/// The morning of that day; times of a key's life are `n` microseconds after it.
inline instant test_time(std::int64_t n) {
  return {1'772'431'200'000'000 + n}; // 2026-03-02T06:00:00Z
}

/// The life of key number 1 of a domain: each record as its box makes it, and what was sealed.
struct test_life {
  key_id key;
  sealed_record mi3, mi4, mi9, mb2, mr3, mo2;
  signed_record mi7, mi10, mb3, mr4, mo3;
  bytes registration_token;

  static secret k() { return secret{bytes(32, 0x5a)}; }

  static test_life live(const test_domain& d, work_context& w) {
    test_life life;
    life.key = {d.id, 1};
    life.make_by_oak(d, w);
    auto& engine = w.tokens();
    const auto digits = engine.test_tokens(engine.derive(k(), key_use::test, d.id.text), test_token_position,
                                           test_token_number);
    const mi7_body seven{{}, oak_box_id, steel_box_id, life.key, test_meter, digits, test_time(3), test_time(4)};
    life.mi7 = d.sign(*d.steel->authentication, encode_body(seven), w.random);
    const auto installed = check_installation(life.as_mi8(), brass_box_id, {test_time(5)}, *d.brass, w);
    BOOST_REQUIRE(!installed.problem);
    const auto by_brass = [&](const signed_record& r) { return d.sign(*d.brass->authentication, r.body, w.random); };
    life.mi9 = {by_brass(installed.event.mi9), installed.sealed, {}};
    life.mi10 = by_brass(installed.event.mi10);
    const auto bad = check_condemnation(life.as_mb1(), brass_box_id, {test_time(6)}, *d.brass, w);
    BOOST_REQUIRE(!bad.problem);
    life.mb2 = {by_brass(bad.event.mb2), {}, {}};
    life.mb3 = by_brass(bad.event.mb3);
    const auto token = engine.registration_token(
      engine.derive(k(), key_use::registration, d.id.text),
      registration_data(d.id, test_meter, test_product, test_serial, test_country, test_date));
    life.registration_token = {token.begin(), token.end()};
    const auto active = check_registration(life.as_mr2(), brass_box_id, {test_time(7)}, time_zone{}, *d.brass, w);
    BOOST_REQUIRE(!active.problem);
    life.mr3 = {by_brass(active.event.mr3), active.sealed, active.event.mr3_tag};
    life.mr4 = by_brass(active.event.mr4);
    const auto retired = check_retirement(life.as_mo1(key_status::active), brass_box_id, {test_time(8)}, *d.brass, w);
    BOOST_REQUIRE(!retired.problem);
    life.mo2 = {by_brass(retired.event.mo2), retired.sealed, retired.event.mo2_tag};
    life.mo3 = by_brass(retired.event.mo3);
    return life;
  }

  mi8 as_mi8() const { return {{}, key, mi3, mi7, test_time(5)}; }
  mb1 as_mb1() const { return {{}, key, mi3, refusal::no_answer, {}}; }
  mr2 as_mr2() const {
    return {{},
            key,
            mi9,
            {order_kind::registration, test_meter, test_product, test_serial, test_country, test_date, {}, {}},
            registration_token,
            test_time(7)};
  }
  mo1 as_mo1(key_status s) const {
    return {{}, key, s == key_status::active ? mr3 : mi9, s, test_meter, "", test_date, test_time(8)};
  }

private:
  void make_by_oak(const test_domain& d, work_context& w) {
    auto with_tokens = reveal(k());
    with_tokens.insert(with_tokens.end(), test_token_number, '0');
    mi3.sealed = w.to(*d.oak->brass_confidentiality)
                   .seal(k(), sealed_address(body_type::mi3, key, oak_box_id, steel_box_id));
    mi4.sealed = w.to(*d.oak->steel_confidentiality)
                   .seal(secret{std::move(with_tokens)}, sealed_address(body_type::mi4, key, oak_box_id, steel_box_id));
    mi3.record =
        d.sign(*d.oak->authentication,
               encode_body(mi3_body{oak_box_id, steel_box_id, key, sha256(mi3.sealed), {}, test_time(1), test_time(2)}), w.random);
    mi4.record = d.sign(*d.oak->authentication,
                        encode_body(mi4_body{oak_box_id, steel_box_id, key, sha256(mi4.sealed), {}, test_time(2)}), w.random);
  }
};

} // namespace oaksteel::testing
