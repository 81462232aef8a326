#pragma once
// The associated data of sealed master keys: which record they belong to, and for whom. A ciphertext that is
// moved to another record, domain, box or key does not open.

#include "events/signed_bodies.hpp"

#include <string>

namespace oaksteel {

/// `oaksteel/1/key|<record type>|<key id>|<first box>|<second box>`.
inline bytes sealed_address(body_type record, const key_id& key, const box_id& first, const box_id& second) {
  const auto text = "oaksteel/1/key|" + std::to_string(static_cast<unsigned>(record)) + '|' + key.text() + '|'
                    + first.text() + '|' + second.text();
  return {text.begin(), text.end()};
}

/// For keys under S_B: `oaksteel/1/key|<record type>|<key id>|<sequence number>|<indicia serial>`.
inline bytes sealed_address(body_type record, const key_id& key, const sequence_number& meter,
                            const indicia_serial& serial) {
  const auto text = "oaksteel/1/key|" + std::to_string(static_cast<unsigned>(record)) + '|' + key.text() + '|'
                    + meter.text + '|' + serial.text;
  return {text.begin(), text.end()};
}

/// Which of the 16 test digits are compared (EP-16: parameters, the same for all meters of a site).
inline constexpr std::uint8_t test_token_position = 4;
inline constexpr std::uint8_t test_token_number = 8;

} // namespace oaksteel
