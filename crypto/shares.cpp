// A share is
//
//   share     = rtss-share checksum
//   rtss-share  draft-mcgrew-tss-03, 3: identifier 16 | hash algorithm u8 = 2 (SHA-256) | threshold u8 |
//               length u16 | share number u8 | share of (secret || SHA-256(secret))
//   checksum    first 8 bytes of SHA-256(rtss-share)
//
// The checksum finds a damaged share at once and in every byte; the hash inside the shared data finds one
// that was made up. Neither tells who damaged it.

#include "crypto/shares.hpp"

#include "crypto/envelope.hpp"
#include "crypto/merkle.hpp"

#include <botan/hash.h>
#include <botan/tss.h>

#include <algorithm>
#include <stdexcept>

namespace oaksteel {

namespace {

constexpr std::size_t most_shares = 16;
constexpr std::size_t header_bytes = 16 + 1 + 1 + 2 + 1;
constexpr std::size_t hash_bytes = 32;
constexpr std::size_t checksum_bytes = 8;
constexpr std::size_t most_secret_bytes = 32 * 1024;
constexpr std::uint8_t sha256_algorithm = 2;

secret with_checksum(const Botan::RTSS_Share& share) {
  auto whole = share.data();
  const auto sum = sha256(whole);
  whole.insert(whole.end(), sum.value.begin(), sum.value.begin() + checksum_bytes);
  return secret{std::move(whole)};
}

// A threshold of one is a polynomial of degree zero: each share holds the same. The format has a place for it,
// Botan neither splits nor combines it.

std::vector<Botan::RTSS_Share> split_for_one(const secret& whole, unsigned count, byte_view identifier) {
  Botan::secure_vector<std::uint8_t> share{identifier.begin(), identifier.end()};
  const auto length = static_cast<std::uint16_t>(whole.size() + hash_bytes + 1);
  const auto hash = sha256(reveal(whole));
  share.insert(share.end(), {sha256_algorithm, 1, static_cast<std::uint8_t>(length >> 8),
                             static_cast<std::uint8_t>(length & 0xFF), 0});
  share.insert(share.end(), reveal(whole).begin(), reveal(whole).end());
  share.insert(share.end(), hash.value.begin(), hash.value.end());
  std::vector<Botan::RTSS_Share> shares;
  for (unsigned number = 1; number <= count; ++number) {
    share[header_bytes - 1] = static_cast<std::uint8_t>(number);
    shares.emplace_back(share.data(), share.size());
  }
  return shares;
}

std::optional<secret> combine_for_one(const std::vector<Botan::RTSS_Share>& shares) {
  const std::span<const std::uint8_t> first{shares[0].data()};
  for (const auto& share : shares)
    if (!same_bytes(first.first(header_bytes - 1), std::span{share.data()}.first(header_bytes - 1)) ||
        !same_bytes(first.subspan(header_bytes), std::span{share.data()}.subspan(header_bytes)))
      return std::nullopt;
  const auto whole = first.subspan(header_bytes, first.size() - header_bytes - hash_bytes);
  if (!same_bytes(sha256(whole).value, first.last(hash_bytes)))
    return std::nullopt;
  return secret{whole};
}

std::vector<Botan::RTSS_Share> split_for_several(const secret& whole, unsigned threshold, unsigned count,
                                                 const bytes& identifier, generator& random) {
  const auto& raw = reveal(whole);
  return Botan::RTSS_Share::split(static_cast<std::uint8_t>(threshold), static_cast<std::uint8_t>(count), raw.data(),
                                  static_cast<std::uint16_t>(raw.size()), identifier, "SHA-256", random);
}

/// The RTSS share in `s`, or nothing when it is not a whole one.
std::optional<Botan::RTSS_Share> checked(const secret& s) {
  const std::span<const std::uint8_t> whole{reveal(s)};
  if (whole.size() <= header_bytes + hash_bytes + checksum_bytes ||
      whole.size() > header_bytes + most_secret_bytes + hash_bytes + checksum_bytes)
    return std::nullopt;
  const auto share = whole.first(whole.size() - checksum_bytes);
  const auto sum = sha256(share);
  // Not left to Botan: it also reads shares without a hash, which it could not check, and forgives the length.
  if (!same_bytes(whole.last(checksum_bytes), std::span{sum.value}.first(checksum_bytes)) ||
      share[16] != sha256_algorithm || share[17] == 0 ||
      static_cast<std::size_t>(share[18] << 8 | share[19]) != share.size() - (header_bytes - 1))
    return std::nullopt;
  return Botan::RTSS_Share{share.data(), share.size()};
}

} // namespace

std::vector<secret> split(const secret& whole, unsigned threshold, unsigned count, generator& random) {
  if (threshold < 1 || threshold > count || count > most_shares)
    throw std::invalid_argument("split: 1 <= threshold <= count <= 16");
  if (whole.empty() || whole.size() > most_secret_bytes)
    throw std::invalid_argument("split: a secret of 1 byte to 32 KiB");
  bytes identifier(16);
  random.randomize(identifier.data(), identifier.size());
  std::vector<secret> shares;
  for (const auto& share : threshold == 1 ? split_for_one(whole, count, identifier)
                                          : split_for_several(whole, threshold, count, identifier, random))
    shares.push_back(with_checksum(share));
  return shares;
}

std::optional<secret> combine(const std::vector<const secret*>& shares) {
  if (shares.empty() || shares.size() > most_shares)
    return std::nullopt;
  try {
    std::vector<Botan::RTSS_Share> parts;
    for (const auto* share : shares) {
      auto part = share ? checked(*share) : std::nullopt;
      if (!part)
        return std::nullopt;
      parts.push_back(std::move(*part));
    }
    if (parts[0].data()[17] == 1)
      return combine_for_one(parts);
    // Refuses shares of different sets, one given twice, too few, and a sum that does not hash right.
    return secret{Botan::RTSS_Share::reconstruct(parts)};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

digest share_commitment(const digest& salt, const secret& share) {
  const auto hash = Botan::HashFunction::create_or_throw("SHA-256");
  hash->update(salt.value.data(), salt.value.size());
  hash->update(reveal(share).data(), reveal(share).size());
  digest d;
  hash->final(d.value.data());
  return d;
}

} // namespace oaksteel
