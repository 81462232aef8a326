// The bytes of certificates and lists (RFC 5280). The key identifier of a key is its fingerprint: RFC 7093, 2, method
// 4, "the hash of the DER encoding of the SubjectPublicKeyInfo value".

#include "crypto/certificate.hpp"

#include <botan/bigint.h>
#include <botan/der_enc.h>
#include <botan/pkix_types.h>
#include <botan/x509cert.h>

#include <array>
#include <chrono>

namespace oaksteel {

namespace {

using Botan::DER_Encoder;

constexpr auto common_name = "X520.CommonName", organizational_unit = "X520.OrganizationalUnit";

// Values of extensions that are always the same.
constexpr std::array<std::uint8_t, 8> ca_without_intermediates{0x30, 0x06, 0x01, 0x01, 0xFF, 0x02, 0x01, 0x00};
constexpr std::array<std::uint8_t, 4> key_cert_sign_and_crl_sign{0x03, 0x02, 0x01, 0x06};
constexpr std::array<std::uint8_t, 4> digital_signature{0x03, 0x02, 0x07, 0x80};

/// SEQUENCE { ecdsa-with-SHA256 } (RFC 5758, 3.2).
constexpr std::array<std::uint8_t, 12> signature_algorithm{0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86,
                                                         0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02};

template <class Write>
bytes der(Write write) {
  bytes out;
  DER_Encoder encoder{out};
  write(encoder);
  return out;
}

bytes sequence(auto write) {
  return der([&](DER_Encoder& out) {
    out.start_cons(Botan::SEQUENCE);
    write(out);
    out.end_cons();
  });
}

void raw(DER_Encoder& out, byte_view data) { out.raw_bytes(data.data(), data.size()); }

Botan::X509_Time time_of(instant t) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(std::chrono::microseconds{t.us});
  return Botan::X509_Time{std::chrono::system_clock::time_point{whole}};
}

/// 4.1: "Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }"
void extension(DER_Encoder& out, const char* oid, bool critical, byte_view value) {
  out.start_cons(Botan::SEQUENCE).encode(Botan::OID{oid});
  if (critical)
    out.encode(true);
  out.encode(value.data(), value.size(), Botan::OCTET_STRING).end_cons();
}

void subject_key_identifier(DER_Encoder& out, const public_key& key) {
  const auto& id = key.name().of.value;
  extension(out, "2.5.29.14", false,
            der([&](DER_Encoder& value) { value.encode(id.data(), id.size(), Botan::OCTET_STRING); }));
}

void authority_key_identifier(DER_Encoder& out, const public_key& key) {
  const auto& id = key.name().of.value;
  extension(out, "2.5.29.35", false, sequence([&](DER_Encoder& value) {
              value.add_object(static_cast<Botan::ASN1_Tag>(0), Botan::CONTEXT_SPECIFIC, id.data(), id.size());
            }));
}

/// 4.1: the signed part, the algorithm and the signature. Ours is r || s; here it is RFC 3279, 2.2.3.
bytes signed_object(const bytes& tbs, const private_key& key, generator& random) {
  const auto raw_signature = key.sign(tbs, random);
  const auto half = raw_signature.size() / 2;
  const Botan::BigInt r{raw_signature.data(), half}, s{raw_signature.data() + half, half};
  const auto signature = sequence([&](DER_Encoder& out) { out.encode(r).encode(s); });
  return sequence([&](DER_Encoder& out) {
    raw(out, tbs);
    raw(out, signature_algorithm);
    out.encode(signature.data(), signature.size(), Botan::BIT_STRING);
  });
}

Botan::BigInt number_of(const certificate_serial& serial) { return {serial.value.data(), serial.value.size()}; }

struct tbs_terms {
  const certificate_serial& serial;
  const validity& valid;
  const Botan::X509_DN& issuer;
  const Botan::X509_DN& subject;
  const public_key& key;
};

bytes tbs_certificate(const tbs_terms& terms, auto extensions) {
  return sequence([&](DER_Encoder& out) {
    out.start_explicit(0).encode(std::size_t{2}).end_explicit(); // version 3
    out.encode(number_of(terms.serial));
    raw(out, signature_algorithm);
    out.encode(terms.issuer);
    out.start_cons(Botan::SEQUENCE).encode(time_of(terms.valid.from)).encode(time_of(terms.valid.to)).end_cons();
    out.encode(terms.subject);
    raw(out, terms.key.spki());
    out.start_explicit(3).start_cons(Botan::SEQUENCE);
    extensions(out);
    out.end_cons().end_explicit();
  });
}

Botan::X509_DN subject_of(const authority_certificate& authority) {
  return Botan::X509_Certificate{authority.der}.subject_dn();
}

} // namespace

bytes make_authority(const private_key& authority_key, const certificate_serial& serial, const validity& valid,
                     generator& random) {
  const auto& key = authority_key.public_part();
  Botan::X509_DN name;
  // Two authorities have two names: a certificate of the other one is told apart before its signature is tried.
  name.add_attribute(common_name, "oaksteel authority " + key.name().hex().substr(0, 16));
  const auto tbs = tbs_certificate({serial, valid, name, name, key}, [&](DER_Encoder& out) {
    extension(out, "2.5.29.19", true, ca_without_intermediates);
    extension(out, "2.5.29.15", true, key_cert_sign_and_crl_sign);
    subject_key_identifier(out, key);
    authority_key_identifier(out, key);
  });
  return signed_object(tbs, authority_key, random);
}

bytes make_certificate(const certificate_terms& terms, const public_key& key, const authority_certificate& authority,
                       const private_key& authority_key, generator& random) {
  Botan::X509_DN subject;
  subject.add_attribute(common_name, terms.holder.name.text);
  for (const auto role : terms.roles)
    subject.add_attribute(organizational_unit, std::string{name(role)});
  const auto uri = "oaksteel:" + terms.holder.text();
  const auto tbs =
      tbs_certificate({terms.serial, terms.valid, subject_of(authority), subject, key}, [&](DER_Encoder& out) {
        extension(out, "2.5.29.15", true, digital_signature);
        extension(out, "2.5.29.37", false, sequence([&](DER_Encoder& usage) {
                    if (terms.holder.kind == holder_kind::node)
                      usage.encode(Botan::OID{"1.3.6.1.5.5.7.3.1"}); // serverAuth
                    usage.encode(Botan::OID{"1.3.6.1.5.5.7.3.2"});   // clientAuth
                  }));
        // 4.2.1.6: "uniformResourceIdentifier [6] IA5String"
        extension(out, "2.5.29.17", false, sequence([&](DER_Encoder& names) {
                    names.add_object(static_cast<Botan::ASN1_Tag>(6), Botan::CONTEXT_SPECIFIC, uri);
                  }));
        subject_key_identifier(out, key);
        authority_key_identifier(out, authority.key);
      });
  return signed_object(tbs, authority_key, random);
}

bytes make_revocation_list(std::uint64_t number, const std::vector<revoked_serial>& revoked, const validity& updates,
                           const authority_certificate& authority, const private_key& authority_key,
                           generator& random) {
  const auto tbs = sequence([&](DER_Encoder& out) {
    out.encode(std::size_t{1}); // version 2
    raw(out, signature_algorithm);
    out.encode(subject_of(authority)).encode(time_of(updates.from)).encode(time_of(updates.to));
    // 5.1.2.6: "When there are no revoked certificates, the revoked certificates list MUST be absent."
    if (!revoked.empty()) {
      out.start_cons(Botan::SEQUENCE);
      for (const auto& r : revoked)
        out.start_cons(Botan::SEQUENCE).encode(number_of(r.serial)).encode(time_of(r.when)).end_cons();
      out.end_cons();
    }
    out.start_explicit(0).start_cons(Botan::SEQUENCE);
    authority_key_identifier(out, authority.key);
    extension(out, "2.5.29.20", false, // 5.2.3, cRLNumber
              der([&](DER_Encoder& value) { value.encode(Botan::BigInt{number}); }));
    out.end_cons().end_explicit();
  });
  return signed_object(tbs, authority_key, random);
}

} // namespace oaksteel
