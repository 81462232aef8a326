#include "crypto/certificate.hpp"

#include "crypto/merkle.hpp"

#include <botan/ber_dec.h>
#include <botan/bigint.h>
#include <botan/der_enc.h>
#include <botan/hex.h>
#include <botan/x509_crl.h>
#include <botan/x509_ext.h>
#include <botan/x509cert.h>

#include <algorithm>
#include <array>
#include <set>

namespace oaksteel {

namespace {

constexpr std::string_view uri_scheme = "oaksteel:";

// Object identifiers, with their place in RFC 5280, RFC 5758 (3.2) for the signature.
constexpr auto ecdsa_with_sha256 = "1.2.840.10045.4.3.2";
constexpr auto basic_constraints = "2.5.29.19";   // 4.2.1.9
constexpr auto server_auth = "1.3.6.1.5.5.7.3.1"; // 4.2.1.12
constexpr auto client_auth = "1.3.6.1.5.5.7.3.2";
/// All extensions that may be critical: 4.2.1.3, 4.2.1.6, 4.2.1.9, 4.2.1.12.
constexpr const char* known_extensions[] = {"2.5.29.15", "2.5.29.17", basic_constraints, "2.5.29.37"};

using refused = certificate_refusal;

digest fingerprint_of(byte_view der) { return sha256(der); }

/// SubjectPublicKeyInfo of a key on P-256, up to the point: id-ecPublicKey and secp256r1 by name (RFC 5480, 2.1.1).
constexpr std::array<std::uint8_t, 24> before_point{0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE,
                                                    0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
                                                    0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

/// Looked at before Botan decodes the whole, so that a hostile key costs nothing: of a certificate that names itself as
/// its issuer Botan loads the key whatever it is, and to check a curve that is spelt out takes long. What is refused
/// here would be refused later too.
bool has_p256_key(byte_view der) {
  Botan::BER_Decoder all{der.data(), der.size()};
  auto signed_object = all.start_cons(Botan::SEQUENCE);
  auto tbs = signed_object.start_cons(Botan::SEQUENCE);
  // 4.1: version [0], serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
  constexpr auto version_class = static_cast<Botan::ASN1_Tag>(Botan::CONTEXT_SPECIFIC | Botan::CONSTRUCTED);
  if (!tbs.get_next_object().is_a(static_cast<Botan::ASN1_Tag>(0), version_class))
    return false;
  for (int before = 1; before < 6; ++before)
    tbs.get_next_object();
  const auto key = tbs.get_next_object();
  return key.length() >= before_point.size() && std::equal(before_point.begin(), before_point.end(), key.bits());
}

/// RFC 3279, 2.2.3: "Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }", as r || s.
bool signed_by(const Botan::X509_Object& object, const public_key& key) {
  try {
    constexpr std::size_t half = 32;
    Botan::BigInt r, s;
    Botan::BER_Decoder{object.signature()}.start_cons(Botan::SEQUENCE).decode(r).decode(s).end_cons().verify_end();
    bytes again;
    Botan::DER_Encoder{again}.start_cons(Botan::SEQUENCE).encode(r).encode(s).end_cons();
    if (again != object.signature() || r.is_negative() || s.is_negative())
      return false;
    const auto first = Botan::BigInt::encode_1363(r, half), second = Botan::BigInt::encode_1363(s, half);
    bytes signature{first.begin(), first.end()};
    signature.insert(signature.end(), second.begin(), second.end());
    return key.verify(object.tbs_data(), signature);
  } catch (const std::exception&) {
    return false;
  }
}

bool ours(const Botan::AlgorithmIdentifier& algorithm) {
  // RFC 5758, 3.2: "the encoding MUST omit the parameters field"
  return algorithm.get_oid().to_string() == ecdsa_with_sha256 && algorithm.get_parameters().empty();
}

/// 4.2: "A certificate MUST NOT include more than one instance of a particular extension", and "MUST reject the
/// certificate if it encounters a critical extension it does not recognize".
bool extensions_are_known(const Botan::Extensions& extensions) {
  std::set<std::string> seen;
  for (const auto& oid : extensions.get_extension_oids()) {
    const auto text = oid.to_string();
    if (!seen.insert(text).second)
      return false;
    if (extensions.critical_extension_set(oid) &&
        std::ranges::find(known_extensions, text) == std::end(known_extensions))
      return false;
  }
  return true;
}

std::optional<instant> instant_of(const Botan::X509_Time& time) {
  if (!time.time_is_set())
    return std::nullopt;
  return instant{static_cast<std::int64_t>(time.time_since_epoch()) * 1'000'000};
}

/// What every certificate of ours has.
struct common_part {
  Botan::X509_Certificate x509;
  public_key key;
  certificate_serial serial;
  validity valid;
};

std::optional<certificate_serial> serial_of(const bytes& value) {
  return certificate_serial::parse(Botan::hex_encode(value.data(), value.size(), false));
}

expected<common_part, refused> read_common(byte_view der) {
  if (der.size() > certificate_limit)
    return unexpected{refused::too_large};
  try {
    if (!has_p256_key(der))
      return unexpected{refused::other_algorithm};
    const bytes all{der.begin(), der.end()};
    Botan::X509_Certificate x509{all};
    // Written again, it must be the same: one certificate has one fingerprint.
    if (x509.BER_encode() != all || x509.x509_version() != 3 || x509.is_serial_negative())
      return unexpected{refused::unreadable};
    if (!ours(x509.signature_algorithm()))
      return unexpected{refused::other_algorithm};
    if (!extensions_are_known(x509.v3_extensions()))
      return unexpected{refused::unknown_extension};
    auto serial = serial_of(x509.serial_number());
    const auto from = instant_of(x509.not_before()), to = instant_of(x509.not_after());
    if (!serial || !from || !to)
      return unexpected{refused::unreadable};
    // Last, for it takes ten times as long as all before.
    auto key = public_key::parse(suite_id::p256, x509.subject_public_key_info());
    if (!key)
      return unexpected{refused::other_algorithm};
    return common_part{std::move(x509), std::move(*key), std::move(*serial), {*from, *to}};
  } catch (const std::exception&) {
    return unexpected{refused::unreadable};
  }
}

/// In the order of their numbers; nothing when one is unknown. Botan gives one that is there twice once.
std::optional<std::vector<operator_role>> roles_of(const Botan::X509_Certificate& x509) {
  std::vector<operator_role> roles;
  for (const auto& text : x509.subject_dn().get_attribute("X520.OrganizationalUnit")) {
    const auto role = parse_operator_role(text);
    if (!role)
      return std::nullopt;
    roles.push_back(*role);
  }
  std::ranges::sort(roles);
  return roles;
}

/// A node serves and calls, an operator calls; neither signs certificates.
bool usage_fits(const Botan::X509_Certificate& x509, holder_kind kind) {
  std::set<std::string> allowed;
  for (const auto& oid : x509.extended_key_usage())
    allowed.insert(oid.to_string());
  const std::set<std::string> right =
      kind == holder_kind::node ? std::set<std::string>{server_auth, client_auth} : std::set<std::string>{client_auth};
  // Botan takes a key usage that is not there for all of them, keyCertSign included.
  const auto constraints = x509.v3_extensions().get_extension_object_as<Botan::Cert_Extension::Basic_Constraints>();
  return allowed == right && x509.constraints() == Botan::DIGITAL_SIGNATURE &&
         !(constraints && constraints->get_is_ca());
}

expected<certificate, refused> read_holder(common_part part, byte_view der) {
  const auto uris = part.x509.subject_alt_name().get_attribute("URI");
  if (uris.size() > 1)
    return unexpected{refused::several_holders};
  if (uris.empty() || !uris.front().starts_with(uri_scheme))
    return unexpected{refused::no_holder};
  auto holder = holder_name::parse(std::string_view{uris.front()}.substr(uri_scheme.size()));
  if (!holder)
    return unexpected{refused::no_holder};
  auto roles = roles_of(part.x509);
  if (!roles || roles->empty() != (holder->kind == holder_kind::node))
    return unexpected{refused::wrong_roles};
  if (!usage_fits(part.x509, holder->kind))
    return unexpected{refused::wrong_usage};
  return certificate{std::move(*holder),  std::move(*roles), std::move(part.serial),  fingerprint_of(der),
                     std::move(part.key), part.valid,        {der.begin(), der.end()}};
}

} // namespace

std::string_view name(holder_kind kind) { return kind == holder_kind::node ? "node" : "operator"; }

std::string holder_name::text() const { return std::string{oaksteel::name(kind)} + ":" + name.text; }

std::optional<holder_name> holder_name::parse(std::string_view s) {
  for (const auto kind : {holder_kind::node, holder_kind::person}) {
    const auto before = std::string{oaksteel::name(kind)} + ":";
    if (!s.starts_with(before))
      continue;
    auto text = label::parse(s.substr(before.size()));
    if (!text || std::string_view{".-_"}.find(text->text.front()) != std::string_view::npos)
      return std::nullopt;
    return holder_name{kind, std::move(*text)};
  }
  return std::nullopt;
}

std::string certificate_serial::text() const { return Botan::hex_encode(value.data(), value.size(), false); }

std::optional<certificate_serial> certificate_serial::parse(std::string_view hex) {
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (hex.empty() || hex.size() > 40 || hex.size() % 2 != 0 || !std::ranges::all_of(hex, digit) ||
      hex.starts_with("00"))
    return std::nullopt;
  return certificate_serial{Botan::hex_decode(hex.data(), hex.size(), false)};
}

certificate_serial certificate_serial::draw(generator& random) {
  bytes value(16);
  random.randomize(value.data(), value.size());
  // Positive, and as long as every other.
  value[0] = static_cast<std::uint8_t>((value[0] & 0x7F) | 0x40);
  return {std::move(value)};
}

bool revocation_list::holds(const certificate_serial& serial) const {
  return std::binary_search(serials.begin(), serials.end(), serial);
}

std::string_view name(certificate_refusal why) {
  switch (why) {
  case refused::unreadable:
    return "unreadable";
  case refused::too_large:
    return "too_large";
  case refused::other_algorithm:
    return "other_algorithm";
  case refused::unknown_extension:
    return "unknown_extension";
  case refused::no_holder:
    return "no_holder";
  case refused::several_holders:
    return "several_holders";
  case refused::wrong_roles:
    return "wrong_roles";
  case refused::wrong_usage:
    return "wrong_usage";
  case refused::no_authority:
    return "no_authority";
  case refused::foreign:
    return "foreign";
  case refused::not_yet_valid:
    return "not_yet_valid";
  case refused::expired:
    return "expired";
  case refused::revoked:
    return "revoked";
  case refused::list_not_yet_valid:
    return "list_not_yet_valid";
  case refused::list_expired:
    return "list_expired";
  }
  return "?";
}

std::string_view text(certificate_refusal why) {
  switch (why) {
  case refused::unreadable:
    return "it is not the DER of an X.509 certificate or list of version 3 or 2";
  case refused::too_large:
    return "it is larger than any of ours";
  case refused::other_algorithm:
    return "the key must be on P-256 and the signature ECDSA with SHA-256";
  case refused::unknown_extension:
    return "it has an extension twice, or a critical one that we do not know";
  case refused::no_holder:
    return "it names no holder; subjectAltName must have URI:oaksteel:node:NAME or URI:oaksteel:operator:NAME";
  case refused::several_holders:
    return "it has more than one URI in subjectAltName; it must name one holder";
  case refused::wrong_roles:
    return "the organizational units must be an operator's roles, and none of a node";
  case refused::wrong_usage:
    return "key usage must be digitalSignature, extended key usage serverAuth and clientAuth of a node, clientAuth "
           "alone of an operator";
  case refused::no_authority:
    return "it is no authority; it must be self-signed, with CA, keyCertSign and cRLSign";
  case refused::foreign:
    return "the authority has not signed it";
  case refused::not_yet_valid:
    return "it is not valid yet; are the clocks right?";
  case refused::expired:
    return "it, or its authority, has expired";
  case refused::revoked:
    return "it is revoked";
  case refused::list_not_yet_valid:
    return "the list of revoked certificates is not valid yet; are the clocks right?";
  case refused::list_expired:
    return "the list of revoked certificates has expired; take a new one from the authority";
  }
  return "?";
}

expected<certificate, certificate_refusal> read_certificate(byte_view der) {
  auto part = read_common(der);
  if (!part)
    return unexpected{part.error()};
  try {
    return read_holder(std::move(*part), der);
  } catch (const std::exception&) {
    return unexpected{refused::unreadable};
  }
}

expected<authority_certificate, certificate_refusal> read_authority(byte_view der) {
  auto part = read_common(der);
  if (!part)
    return unexpected{part.error()};
  try {
    const auto& x509 = part->x509;
    // is_CA_cert() is CA and keyCertSign (4.2.1.9), or no key usage at all; cRLSign must be there for the list.
    if (!x509.is_CA_cert() || (x509.constraints() & Botan::CRL_SIGN) == 0 ||
        x509.raw_issuer_dn() != x509.raw_subject_dn() || !signed_by(x509, part->key))
      return unexpected{refused::no_authority};
    return authority_certificate{x509.subject_dn().get_first_attribute("X520.CommonName"),
                                 std::move(part->serial),
                                 fingerprint_of(der),
                                 std::move(part->key),
                                 part->valid,
                                 {der.begin(), der.end()}};
  } catch (const std::exception&) {
    return unexpected{refused::unreadable};
  }
}

expected<revocation_list, certificate_refusal> read_revocation_list(byte_view der,
                                                                    const authority_certificate& authority) {
  if (der.size() > revocation_list_limit)
    return unexpected{refused::too_large};
  try {
    const bytes all{der.begin(), der.end()};
    const Botan::X509_CRL list{all};
    if (list.BER_encode() != all)
      return unexpected{refused::unreadable};
    if (!ours(list.signature_algorithm()))
      return unexpected{refused::other_algorithm};
    // 5.2.4 and 5.2.5: a list of changes, or of a part of the certificates, says so in a critical extension.
    for (const auto& oid : list.extensions().get_extension_oids())
      if (list.extensions().critical_extension_set(oid))
        return unexpected{refused::unknown_extension};
    const Botan::X509_Certificate issuer{authority.der};
    if (list.issuer_dn() != issuer.subject_dn() || !signed_by(list, authority.key))
      return unexpected{refused::foreign};
    const auto from = instant_of(list.this_update()), to = instant_of(list.next_update());
    if (!from || !to)
      return unexpected{refused::unreadable};
    revocation_list read{list.crl_number(), *from, *to, {}};
    for (const auto& entry : list.get_revoked()) {
      auto serial = serial_of(entry.serial_number());
      if (!serial)
        return unexpected{refused::unreadable};
      read.serials.push_back(std::move(*serial));
    }
    std::sort(read.serials.begin(), read.serials.end());
    return read;
  } catch (const std::exception&) {
    return unexpected{refused::unreadable};
  }
}

std::optional<certificate_refusal> not_vouched(const certificate& c, const authority_certificate& authority) {
  try {
    const Botan::X509_Certificate x509{c.der}, issuer{authority.der};
    if (x509.raw_issuer_dn() != issuer.raw_subject_dn() || !signed_by(x509, authority.key))
      return refused::foreign;
    return std::nullopt;
  } catch (const std::exception&) {
    return refused::foreign;
  }
}

std::optional<certificate_refusal> not_good(const certificate& c, const authority_certificate& authority,
                                            const revocation_list& list, instant now) {
  if (now < c.valid.from || now < authority.valid.from)
    return refused::not_yet_valid;
  if (now > c.valid.to || now > authority.valid.to)
    return refused::expired;
  if (list.holds(c.serial))
    return refused::revoked;
  if (now < list.this_update)
    return refused::list_not_yet_valid;
  if (now > list.next_update)
    return refused::list_expired;
  return std::nullopt;
}

expected<certificate, refused_certificate> admit(byte_view der, const authority_certificate& authority,
                                                 const revocation_list& list, instant now) {
  auto read = read_certificate(der);
  if (!read)
    return unexpected{refused_certificate{read.error(), std::nullopt}};
  if (const auto why = not_vouched(*read, authority))
    return unexpected{refused_certificate{*why, std::nullopt}};
  if (const auto why = not_good(*read, authority, list, now))
    return unexpected{refused_certificate{*why, read->holder}};
  return std::move(*read);
}

} // namespace oaksteel
