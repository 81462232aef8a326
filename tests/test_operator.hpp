#pragma once
// An operator with a key, and a certificate of an authority of his own.

#include "crypto/certificate.hpp"
#include "crypto/random.hpp"

#include <boost/test/unit_test.hpp>

namespace oaksteel::testing {

struct test_operator {
  /// Another seed is another key.
  explicit test_operator(const std::string& called, std::uint64_t seed = 7)
      : name{called}, random(seeded_randomness(seed, 1)->stream("operator", 0)) {
    const auto ca = private_key::generate(suite_id::p256, *random);
    const validity valid{{0}, {4'000'000'000'000'000}};
    const auto authority = read_authority(make_authority(ca, certificate_serial::draw(*random), valid, *random));
    BOOST_REQUIRE(authority);
    der = make_certificate({operator_named(name), {operator_role::operating}, certificate_serial::draw(*random), valid},
                           key.public_part(), *authority, ca, *random);
  }
  certificate shown() const {
    auto read = read_certificate(der);
    BOOST_REQUIRE(read);
    return std::move(*read);
  }

  label name;
  std::unique_ptr<generator> random;
  private_key key = private_key::generate(suite_id::p256, *random);
  bytes der;
};

} // namespace oaksteel::testing
