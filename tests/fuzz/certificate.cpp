// Certificates and lists of revoked ones (RFC 5280): whatever a peer shows, it is read or refused, and let in only when
// the authority signed it.

#include "crypto/certificate.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>

namespace oaksteel::fuzz {

namespace {

constexpr instant noon{1'772'452'800'000'000};
constexpr validity valid{{noon.us - 300'000'000}, {noon.us + 86'400'000'000}};

struct sound_ones {
  std::unique_ptr<generator> random = seeded_randomness(1, 1)->stream("fuzz", 0);
  private_key key = private_key::generate(suite_id::p256, *random);
  authority_certificate authority =
      read_authority(make_authority(key, certificate_serial::draw(*random), valid, *random)).value();
  bytes list = make_revocation_list(1, {{certificate_serial::draw(*random), noon}}, valid, authority, key, *random);
  revocation_list read_list = read_revocation_list(list, authority).value();
  std::vector<bytes> all{holder("node:factory", {}),
                         holder("operator:Ada", {operator_role::officer, operator_role::auditor}), authority.der, list};

  bytes holder(std::string_view who, std::vector<operator_role> roles) {
    const auto own = private_key::generate(suite_id::p256, *random);
    return make_certificate(
        {holder_name::parse(who).value(), std::move(roles), certificate_serial::draw(*random), valid},
        own.public_part(), authority, key, *random);
  }
};

const sound_ones& sound() {
  static const sound_ones made;
  return made;
}

} // namespace

std::vector<bytes> samples() { return sound().all; }

void take(std::span<const std::uint8_t> input) {
  const auto& [random, key, authority, list, read_list, all] = sound();
  const bool changed = std::ranges::find(all, bytes{input.begin(), input.end()}) == all.end();
  const auto one = admit(input, authority, read_list, noon);
  expect(!changed || !one, "what the authority did not sign is not let in");
  expect(!changed || !read_authority(input), "what is not signed by itself is no authority");
  expect(!changed || !read_revocation_list(input, authority), "a list that the authority did not sign is none");
  if (const auto read = read_certificate(input)) {
    expect(holder_name::parse(read->holder.text()) == read->holder, "a holder has one spelling");
    expect(read->roles.empty() == (read->holder.kind == holder_kind::node), "an operator has roles, a node none");
  }
}

} // namespace oaksteel::fuzz
