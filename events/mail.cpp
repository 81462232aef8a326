#include "events/mail.hpp"

namespace oaksteel {

std::string token_context(const domain_id& domain, const indicium& mail) {
  return domain.text + '|' + mail.serial.text + '|' + mail.date.period();
}

std::string token_data(const domain_id& domain, const indicium& mail) {
  std::string data;
  data.reserve(64);
  data.append("1|").append(domain.text).append("|").append(mail.serial.text).append("|").append(mail.date.text());
  data.append("|").append(std::to_string(mail.piece)).append("|").append(std::to_string(mail.postage_thousandths));
  data.append("|").append(mail.origin);
  return data;
}

std::string registration_data(const domain_id& domain, const sequence_number& meter, const product_code& product,
                              const indicia_serial& serial, const country_code& country, const calendar_date& date) {
  return "1|" + domain.text + '|' + meter.text + '|' + product.text + '|' + serial.text + '|' + country.text + '|'
         + date.text();
}

bool valid(verdict v) {
  return static_cast<std::uint8_t>(v) <= static_cast<std::uint8_t>(verdict::refused);
}

std::string_view name(verdict v) {
  switch (v) {
    case verdict::good: return "good";
    case verdict::bad_token: return "bad_token";
    case verdict::not_registered: return "not_registered";
    case verdict::before_registration: return "before_registration";
    case verdict::not_active: return "not_active";
    case verdict::retired: return "retired";
    case verdict::refused: return "refused";
  }
  return "?";
}

verdict admissible(const master_key* key, const calendar_date& date) {
  if (!key || key->registered.yyyymmdd == 0)
    return key && key->status != key_status::none ? verdict::not_active : verdict::not_registered;
  if (date < key->registered)
    return verdict::before_registration;
  if (key->status == key_status::obsolete)
    return date > key->retired ? verdict::retired : verdict::good;
  return key->status == key_status::active ? verdict::good : verdict::not_active;
}

bytes pack(const std::vector<verdict>& verdicts) {
  bytes packed((verdicts.size() + 1) / 2);
  for (std::size_t i = 0; i < verdicts.size(); ++i)
    packed[i / 2] = static_cast<std::uint8_t>(packed[i / 2] | (static_cast<unsigned>(verdicts[i]) << (i % 2 * 4)));
  return packed;
}

std::vector<verdict> unpack(const bytes& packed, std::size_t count) {
  std::vector<verdict> verdicts;
  for (std::size_t i = 0; i < count && i / 2 < packed.size(); ++i)
    verdicts.push_back(static_cast<verdict>((packed[i / 2] >> (i % 2 * 4)) & 15));
  return verdicts;
}

} // namespace oaksteel
