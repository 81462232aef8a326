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
  record r;
  if (auto why = decode_record_into(r, data))
    return unexpected{std::move(*why)};
  return r;
}

std::optional<std::string> decode_record_into(record& r, std::span<const std::uint8_t> data) {
  if (data.size() > record_limit)
    return "a record of " + std::to_string(data.size()) + " bytes; at most 65535 are allowed";
  return decode_into(data, r);
}

} // namespace oaksteel
