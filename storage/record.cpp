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
  try {
    archive_input input{data};
    input(r);
    if (input.remaining() != 0)
      return std::to_string(input.remaining()) + " bytes too many";
    return std::nullopt;
  } catch (const archive_error& e) {
    return std::string{e.what()};
  }
}

} // namespace oaksteel
