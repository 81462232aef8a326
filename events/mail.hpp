#pragma once
// Mail pieces, what is printed on them, and what verification says (EP-21, EP-23; EP Fig. 28).

#include "events/ids.hpp"
#include "events/master_key.hpp"

#include <string>
#include <vector>

namespace oaksteel {

/// Digits of a mail token (EP-21: at least 4).
inline constexpr unsigned mail_token_digits = 6;

/// Pieces in one request to the KMC.
inline constexpr std::size_t mail_batch_limit = 10'000;

/// A token as printed, with the domain that it is for.
struct domain_token {
  domain_id domain;
  std::string digits;

  static auto fields(auto& self, auto take) { return take(self.domain, self.digits); }
};

/// What a meter prints on a mail piece.
struct indicium {
  indicia_serial serial;
  calendar_date date;
  std::uint64_t piece = 0;              ///< the meter's piece count
  std::uint64_t postage_thousandths = 0;
  std::string origin;                   ///< origin postal code
  std::vector<domain_token> tokens;

  static auto fields(auto& self, auto take) {
    return take(self.serial, self.date, self.piece, self.postage_thousandths, self.origin, self.tokens);
  }
};

/// EP-21: context of the token key, `<domain>|<indicia serial>|<period>`.
std::string token_context(const domain_id& domain, const indicium& mail);
/// EP-21: the fields that the token is computed over, joined by `|`.
std::string token_data(const domain_id& domain, const indicium& mail);
/// EP-21: data of the registration token, `1|<domain>|<sequence number>|<product>|<serial>|<country>|<date>`.
std::string registration_data(const domain_id& domain, const sequence_number& meter, const product_code& product,
                              const indicia_serial& serial, const country_code& country, const calendar_date& date);

/// The result for one piece in one domain. Numbers are in events: never reused, below 16.
enum class verdict : std::uint8_t {
  good = 0,
  bad_token = 1,           ///< proof of fraud
  not_registered = 2,      ///< nobody has that indicia serial number in this domain
  before_registration = 3, ///< dated before the key became Active (EP-18)
  not_active = 4,          ///< the key was never Active
  retired = 5,             ///< dated after the key was taken out of service
  refused = 6,             ///< the archive's record or the request is not sound
};
bool valid(verdict v);
std::string_view name(verdict v);

/// What comes before the token in a verification: is there a key, and does it speak for that date?
verdict admissible(const master_key* key, const calendar_date& date);

/// Two verdicts in a byte, the first in the low half.
bytes pack(const std::vector<verdict>& verdicts);
std::vector<verdict> unpack(const bytes& packed, std::size_t count);

} // namespace oaksteel
