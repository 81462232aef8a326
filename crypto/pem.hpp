#pragma once
// Certificates, lists and keys as text (RFC 7468). A file holds one of them and nothing else, in lines of 64
// characters, as OpenSSL writes it.

#include "crypto/suite.hpp"

#include <string>
#include <string_view>

namespace oaksteel {

enum class pem_kind { certificate, revocation_list };

std::string to_pem(pem_kind kind, byte_view der);
/// What to_pem() wrote, and nothing for anything else.
std::optional<bytes> from_pem(pem_kind kind, byte_view text);

/// A private key as PKCS#8, not encrypted; the text lies in wiped memory all the way.
secret key_pem(const private_key& key);
/// What key_pem() wrote, of suite p256.
std::optional<private_key> key_from_pem(const secret& text);

} // namespace oaksteel
