#pragma once
// The bytes of a signed body (events/signed_bodies.hpp):
//
//   body := type(u8) version(u8 = 1) fields

#include "storage/archive.hpp"

namespace oaksteel {

template <class Body>
bytes encode_body(const Body& body) {
  bytes out{static_cast<std::uint8_t>(Body::type), 1};
  const auto rest = encode(body);
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

/// Nothing when the bytes are another body or malformed.
template <class Body>
std::optional<Body> decode_body(std::span<const std::uint8_t> data) {
  if (data.size() < 2 || data[0] != static_cast<std::uint8_t>(Body::type) || data[1] != 1)
    return std::nullopt;
  auto body = decode<Body>(data.subspan(2));
  if (!body)
    return std::nullopt;
  return std::move(*body);
}

} // namespace oaksteel
