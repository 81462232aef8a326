#include "crypto/enrolment.hpp"

#include "crypto/envelope.hpp"

#include <botan/mac.h>

#include <algorithm>

namespace oaksteel {
namespace {

/// Fields with their lengths in front, so that no two lists of fields read alike.
class text_writer {
public:
  explicit text_writer(std::string_view purpose) { add(purpose); }

  text_writer& add(byte_view field) {
    for (int shift = 24; shift >= 0; shift -= 8)
      out_.push_back(static_cast<std::uint8_t>(field.size() >> shift));
    out_.insert(out_.end(), field.begin(), field.end());
    return *this;
  }
  text_writer& add(std::string_view field) {
    return add(byte_view{reinterpret_cast<const std::uint8_t*>(field.data()), field.size()});
  }
  bytes text() && { return std::move(out_); }

private:
  bytes out_;
};

text_writer text_of(std::string_view purpose, const enrolment& seen) {
  text_writer out{purpose};
  out.add(seen.log.value).add(seen.id.text()).add(seen.slot.text).add(seen.source.text()).add(seen.challenge);
  return out;
}

bytes whole_text(std::string_view purpose, const enrolment& seen) {
  auto out = text_of(purpose, seen);
  out.add(seen.answer).add(seen.start_up_key);
  return std::move(out).text();
}

constexpr bool printable(std::uint8_t c) {
  return c >= 0x20 && c < 0x7f;
}

} // namespace

nonce fresh_nonce(generator& random) {
  nonce made{};
  random.randomize(made.data(), made.size());
  return made;
}

bytes enrolment_proof(const secret& enrolment_secret, enrolment_side side, const enrolment& seen) {
  auto mac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-256)");
  mac->set_key(reveal(enrolment_secret));
  mac->update(static_cast<std::uint8_t>(side));
  mac->update(whole_text("oaksteel/1/enrolment", seen));
  const auto tag = mac->final();
  return {tag.begin(), tag.end()};
}

bool proves(byte_view proof, const secret& enrolment_secret, enrolment_side side, const enrolment& seen) {
  return same_bytes(proof, enrolment_proof(enrolment_secret, side, seen));
}

bytes order_text(const enrolment& seen) {
  auto out = text_of("oaksteel/1/set-secure-box-id", seen);
  return std::move(out).text();
}

bytes admission_text(const enrolment& seen) {
  return whole_text("oaksteel/1/admission", seen);
}

bytes package_text(const box_id& source, const box_id& target, const domain_id& domain,
                   const std::vector<box_id>& steels, byte_view package) {
  text_writer out{"oaksteel/1/package"};
  out.add(source.text()).add(target.text()).add(domain.text);
  for (const auto& steel : steels)
    out.add(steel.text());
  out.add(sha256(package).value);
  return std::move(out).text();
}

std::optional<secret> read_enrolment_secret(const secret& file) {
  std::span<const std::uint8_t> line{reveal(file)};
  for (const auto end : {'\n', '\r'})
    if (!line.empty() && line.back() == end)
      line = line.first(line.size() - 1);
  if (line.size() < enrolment_secret_least || line.size() > enrolment_secret_most
      || !std::all_of(line.begin(), line.end(), printable))
    return std::nullopt;
  return secret{line};
}

secret make_enrolment_secret(generator& random) {
  static constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; // RFC 4648, 6
  auto drawn = random.random_vec(32);
  for (auto& c : drawn)
    c = static_cast<std::uint8_t>(letters[c % letters.size()]);
  drawn.push_back('\n');
  return secret{std::move(drawn)};
}

std::string enrolment_file_name(const label& slot) {
  return slot.text + ".enrolment";
}

} // namespace oaksteel
