#pragma once
// CRC-32 of IEEE 802.3 (polynomial 04C11DB7, reflected): finds accidents on a line, and protects from nobody.

#include <cstdint>
#include <memory>
#include <span>

namespace Botan {
class HashFunction;
}

namespace oaksteel {

class crc32 {
public:
  crc32();
  ~crc32();
  void add(std::span<const std::uint8_t> data);
  /// Of all that was added. Begins anew.
  std::uint32_t value();

private:
  std::unique_ptr<Botan::HashFunction> sum_;
};

} // namespace oaksteel
