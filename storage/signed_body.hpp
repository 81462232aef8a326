#pragma once
// The bytes of a signed body (events/signed_bodies.hpp):
//
//   body := type(u8) version(u8) fields
//
// The version is 1 where a body has no other. Written bytes never change: an earlier version is lifted when it is read.
#include "storage/archive.hpp"

namespace oaksteel {

/// The newest.
template <class Body>
constexpr std::uint8_t version_of_body() {
  if constexpr (requires { Body::version; })
    return Body::version;
  else
    return 1;
}

template <class Body>
bytes encode_body(const Body& body) {
  bytes out{static_cast<std::uint8_t>(Body::type), version_of_body<Body>()};
  const auto rest = encode(body);
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

/// Nothing when the bytes are another body or malformed.
template <class Body>
std::optional<Body> decode_body(std::span<const std::uint8_t> data) {
  if (data.size() < 2 || data[0] != static_cast<std::uint8_t>(Body::type))
    return std::nullopt;
  if constexpr (requires { typename Body::earlier; })
    if (data[1] == 1) {
      auto before = decode<typename Body::earlier>(data.subspan(2));
      return before ? std::optional{lifted(std::move(*before))} : std::nullopt;
    }
  if (data[1] != version_of_body<Body>())
    return std::nullopt;
  auto body = decode<Body>(data.subspan(2));
  if (!body)
    return std::nullopt;
  return std::move(*body);
}

} // namespace oaksteel
