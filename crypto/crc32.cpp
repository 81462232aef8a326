#include "crypto/crc32.hpp"

#include <botan/hash.h>

namespace oaksteel {

crc32::crc32() : sum_(Botan::HashFunction::create_or_throw("CRC32")) {}
crc32::~crc32() = default;

void crc32::add(std::span<const std::uint8_t> data) { sum_->update(data.data(), data.size()); }

std::uint32_t crc32::value() {
  std::uint8_t big_endian[4];
  sum_->final(big_endian);
  return std::uint32_t{big_endian[0]} << 24 | std::uint32_t{big_endian[1]} << 16 | std::uint32_t{big_endian[2]} << 8
         | big_endian[3];
}

} // namespace oaksteel
