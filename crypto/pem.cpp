#include "crypto/pem.hpp"

#include "crypto/envelope.hpp"

#include <botan/base64.h>
#include <botan/data_src.h>
#include <botan/pem.h>

#include <algorithm>

namespace oaksteel {

namespace {

using wiped = Botan::secure_vector<std::uint8_t>;

constexpr auto key_label = "PRIVATE KEY";
constexpr std::size_t line_width = 64;

const char* label_of(pem_kind kind) { return kind == pem_kind::certificate ? "CERTIFICATE" : "X509 CRL"; }

/// Botan's PEM_Code writes into a string, which is not wiped.
wiped encoded(std::string_view label, byte_view der) {
  wiped base64(Botan::base64_encode_max_output(der.size()));
  std::size_t taken = 0;
  base64.resize(Botan::base64_encode(reinterpret_cast<char*>(base64.data()), der.data(), der.size(), taken, true));
  wiped text;
  const auto add = [&](std::string_view s) { text.insert(text.end(), s.begin(), s.end()); };
  add("-----BEGIN ");
  add(label);
  add("-----\n");
  for (std::size_t at = 0; at < base64.size(); at += line_width) {
    const auto end = std::min(at + line_width, base64.size());
    text.insert(text.end(), base64.begin() + static_cast<std::ptrdiff_t>(at),
                base64.begin() + static_cast<std::ptrdiff_t>(end));
    text.push_back('\n');
  }
  add("-----END ");
  add(label);
  add("-----\n");
  return text;
}

/// Equal when written again: nothing before it, nothing behind it, one spelling.
std::optional<wiped> decoded(const char* label, byte_view text) {
  try {
    Botan::DataSource_Memory source{text.data(), text.size()};
    auto der = Botan::PEM_Code::decode_check_label(source, label);
    if (!same_bytes(encoded(label, der), text))
      return std::nullopt;
    return der;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

} // namespace

std::string to_pem(pem_kind kind, byte_view der) {
  const auto text = encoded(label_of(kind), der);
  return {text.begin(), text.end()};
}

std::optional<bytes> from_pem(pem_kind kind, byte_view text) {
  const auto der = decoded(label_of(kind), text);
  return der ? std::optional{bytes{der->begin(), der->end()}} : std::nullopt;
}

secret key_pem(const private_key& key) { return secret{encoded(key_label, reveal(key.stored()))}; }

std::optional<private_key> key_from_pem(const secret& text) {
  auto der = decoded(key_label, reveal(text));
  return der ? private_key::parse(suite_id::p256, secret{std::move(*der)}) : std::nullopt;
}

} // namespace oaksteel
