#include "storage/record.hpp"

#include "storage/archive.hpp"

namespace oaksteel {

bytes encode_record(const record& r) {
  bytes out;
  out.reserve(256 + r.payload.size());
  {
    archive_output a{out};
    record::fields(r, [&a](const auto&... member) { (a(member), ...); });
    if (r.sealed)
      a(*r.sealed);
  }
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
    archive_input in{data};
    record::fields(r, [&in](auto&... member) { (in(member), ...); });
    r.sealed.reset();
    if (in.remaining() == sizeof r.sealed->value)
      in(r.sealed.emplace());
    if (in.remaining() != 0)
      return std::to_string(in.remaining()) + " bytes too many";
    return std::nullopt;
  } catch (const archive_error& e) {
    return std::string{e.what()};
  }
}

} // namespace oaksteel
