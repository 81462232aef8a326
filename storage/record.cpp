#include "storage/record.hpp"

#include "storage/archive.hpp"

namespace oaksteel {

bytes encode_record(const record& r) {
  bytes out;
  out.reserve(256 + r.payload.size());
  encode_into(out, r);
  return out;
}

expected<record, std::string> decode_record(std::span<const std::uint8_t> data) {
  if (data.size() > record_limit)
    return unexpected{"a record of " + std::to_string(data.size()) + " bytes; at most 65535 are allowed"};
  return decode<record>(data);
}

} // namespace oaksteel
