#pragma once
// X.509 certificates of nodes and operators (RFC 5280): made, read, judged. P-256 and ECDSA with SHA-256 alone.
//
//   authority   self-signed; CA with pathlen 0; keyCertSign and cRLSign
//   node        digitalSignature; serverAuth and clientAuth; subjectAltName URI:oaksteel:node:NAME
//   operator    digitalSignature; clientAuth alone; subjectAltName URI:oaksteel:operator:NAME; Subject OU: his roles,
//               one entry for each
//   list        of what the authority revoked (CRL), version 2, with a number
//
// There is one authority above a holder and nothing between them. Everything here is a function of its arguments:
// clock and generator are passed in. What is read may come from anybody: it is bounded, and nothing throws.

#include "crypto/suite.hpp"
#include "events/expected.hpp"
#include "events/operator_role.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace oaksteel {

/// Larger ones are not looked at.
inline constexpr std::size_t certificate_limit = 4 * 1024;
inline constexpr std::size_t revocation_list_limit = 1024 * 1024;

enum class holder_kind : std::uint8_t {
  node = 1,
  person = 2, ///< "operator"
};
std::string_view name(holder_kind kind);

/// Who holds a certificate: `node:factory`, `operator:Ada`.
struct holder_name {
  holder_kind kind = holder_kind::node;
  label name; ///< begins with a letter or a digit: it names files

  std::string text() const;
  static std::optional<holder_name> parse(std::string_view s);
  friend auto operator<=>(const holder_name& a, const holder_name& b) {
    return std::tie(a.kind, a.name) <=> std::tie(b.kind, b.name);
  }
  friend bool operator==(const holder_name& a, const holder_name& b) { return (a <=> b) == 0; }
};

inline holder_name operator_named(const label& name) { return {holder_kind::person, name}; }

/// A certificate's number under its authority: 1 to 20 bytes, positive (RFC 5280, 4.1.2.2).
struct certificate_serial {
  bytes value; ///< big endian, the first byte is not zero

  /// Small hex digits, two for each byte.
  std::string text() const;
  static std::optional<certificate_serial> parse(std::string_view hex);
  /// 127 random bits.
  static certificate_serial draw(generator& random);
  friend bool operator==(const certificate_serial& a, const certificate_serial& b) = default;
  /// As numbers.
  friend bool operator<(const certificate_serial& a, const certificate_serial& b) {
    return a.value.size() != b.value.size() ? a.value.size() < b.value.size() : a.value < b.value;
  }
};

/// From when to when, both included; whole seconds.
struct validity {
  instant from, to;
};

/// A holder's certificate, as it says itself: who vouches for it is another question (not_vouched).
struct certificate {
  holder_name holder;
  std::vector<operator_role> roles; ///< in the order of their numbers; of an operator at least one, of a node none
  certificate_serial serial;
  digest fingerprint; ///< SHA-256 of the DER
  public_key key;
  validity valid;
  bytes der;
};

/// The certificate of an authority, signed by itself.
struct authority_certificate {
  std::string name; ///< its common name, from elsewhere: not to be printed as it is
  certificate_serial serial;
  digest fingerprint;
  public_key key;
  validity valid;
  bytes der;
};

/// What an authority revoked.
struct revocation_list {
  std::uint64_t number = 0;
  instant this_update, next_update;
  std::vector<certificate_serial> serials; ///< sorted

  bool holds(const certificate_serial& serial) const;
};

/// Why a certificate or a list is not taken.
enum class certificate_refusal : std::uint8_t {
  unreadable = 1,
  too_large,
  other_algorithm,
  unknown_extension,
  no_holder,
  several_holders,
  wrong_roles,
  wrong_usage,
  no_authority,
  foreign,
  not_yet_valid,
  expired,
  revoked,
  list_not_yet_valid,
  list_expired,
};
/// Every one, in the order of its numbers.
inline constexpr std::uint8_t certificate_refusals = 15;
/// `foreign`
std::string_view name(certificate_refusal why);
/// One sentence for people.
std::string_view text(certificate_refusal why);

/// A holder's certificate in DER; nothing behind it.
expected<certificate, certificate_refusal> read_certificate(byte_view der);
/// An authority's.
expected<authority_certificate, certificate_refusal> read_authority(byte_view der);
/// A list that `authority` signed; `foreign` when it did not.
expected<revocation_list, certificate_refusal> read_revocation_list(byte_view der,
                                                                    const authority_certificate& authority);

/// `foreign` unless the authority signed the certificate.
std::optional<certificate_refusal> not_vouched(const certificate& c, const authority_certificate& authority);
/// Why the certificate is not to be taken at `now`: its own times, the authority's, the list's, or it is revoked.
std::optional<certificate_refusal> not_good(const certificate& c, const authority_certificate& authority,
                                            const revocation_list& list, instant now);
/// A certificate that is not taken.
struct refused_certificate {
  certificate_refusal why;
  std::optional<holder_name> holder; ///< nobody knows who holds one that the authority has not signed
};
/// All of it: the certificate that a peer showed, if it is to be let in. That it holds the key, TLS has to show.
expected<certificate, refused_certificate> admit(byte_view der, const authority_certificate& authority,
                                                 const revocation_list& list, instant now);

// Making them. `authority_key` is the private half of the authority's key, or the result is worth nothing.

bytes make_authority(const private_key& authority_key, const certificate_serial& serial, const validity& valid,
                     generator& random);

/// What a certificate is to say.
struct certificate_terms {
  holder_name holder;
  std::vector<operator_role> roles; ///< as in `certificate`
  certificate_serial serial;
  validity valid;
};
bytes make_certificate(const certificate_terms& terms, const public_key& key, const authority_certificate& authority,
                       const private_key& authority_key, generator& random);

/// A certificate that was revoked, and when.
struct revoked_serial {
  certificate_serial serial;
  instant when;
};
bytes make_revocation_list(std::uint64_t number, const std::vector<revoked_serial>& revoked, const validity& updates,
                           const authority_certificate& authority, const private_key& authority_key, generator& random);

} // namespace oaksteel
