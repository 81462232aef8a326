#include "crypto/suite.hpp"

#include "crypto/suite_parts.hpp"

#include <stdexcept>

namespace oaksteel {

namespace {

const suite_parts* parts_of(suite_id suite) {
  switch (suite) {
  case suite_id::rsa3072:
    return &rsa3072_parts;
  case suite_id::p256:
    return &p256_parts;
  }
  return nullptr;
}

} // namespace

std::optional<public_key> public_key::parse(suite_id suite, byte_view spki) {
  const auto* parts = parts_of(suite);
  auto key = parts ? parts->read_public(spki) : nullptr;
  if (!key)
    return std::nullopt;
  return public_key{std::move(key)};
}

suite_id public_key::suite() const { return impl_->suite; }
const bytes& public_key::spki() const { return impl_->spki; }
const fingerprint& public_key::name() const { return impl_->name; }
bool public_key::verify(byte_view message, byte_view signature) const { return impl_->verify(message, signature); }
bytes public_key::wrap(const secret& key, generator& random) const {
  if (key.size() != 32)
    throw std::invalid_argument("wrap: a key of 32 bytes");
  return impl_->wrap(key, random);
}

private_key private_key::generate(suite_id suite, generator& random) {
  const auto* parts = parts_of(suite);
  if (!parts)
    throw std::invalid_argument("generate: no such suite");
  return private_key{parts->generate(random)};
}
std::optional<private_key> private_key::parse(suite_id suite, const secret& pkcs8) {
  const auto* parts = parts_of(suite);
  auto key = parts ? parts->read_private(pkcs8) : nullptr;
  if (!key)
    return std::nullopt;
  return private_key{std::move(key)};
}

suite_id private_key::suite() const { return impl_->public_part.suite(); }
const public_key& private_key::public_part() const { return impl_->public_part; }
secret private_key::stored() const { return impl_->stored(); }
bytes private_key::sign(byte_view message, generator& random) const { return impl_->sign(message, random); }
std::optional<secret> private_key::unwrap(byte_view wrapped, generator& random) const {
  return impl_->unwrap(wrapped, random);
}

private_key::private_key(private_key&&) noexcept = default;
private_key& private_key::operator=(private_key&&) noexcept = default;
private_key::~private_key() = default;
private_key::private_key(std::unique_ptr<impl> i) : impl_(std::move(i)) {}

} // namespace oaksteel
