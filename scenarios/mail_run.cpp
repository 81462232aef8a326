// A mail run: meters print, and the data capture system sends what it read, with wrong pieces mixed in. Each
// piece must get its right verdict in every domain.

#include "scenarios/stage.hpp"
#include "storage/archive.hpp"

#include <random>
#include <set>

namespace oaksteel {
namespace {

/// A piece and what verification must say of it.
struct captured {
  indicium piece;
  verdict wanted = verdict::good;
};

/// Every choice of a mail run, the same on every machine: std::mt19937_64 is specified, the distributions of
/// the standard library are not.
class chooser {
public:
  explicit chooser(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }

private:
  std::mt19937_64 engine_;
};

/// Another number of as many digits.
std::string other_digits(const std::string& digits, chooser& choose) {
  auto changed = digits;
  auto& digit = changed[choose.below(changed.size())];
  digit = static_cast<char>('0' + (digit - '0' + 1 + static_cast<int>(choose.below(9))) % 10);
  return changed;
}

calendar_date day_before(const calendar_date& date) {
  const auto text = date.text();
  const auto noon =
      instant::parse(text.substr(0, 4) + '-' + text.substr(4, 2) + '-' + text.substr(6, 2) + "T12:00:00Z");
  return calendar_date::of({noon->us - 86'400'000'000});
}

indicium forged(indicium piece, chooser& choose) {
  for (auto& token : piece.tokens)
    token.digits = other_digits(token.digits, choose);
  return piece;
}

indicium altered(indicium piece, chooser& choose) {
  piece.postage_thousandths += 1 + choose.below(100'000);
  return piece;
}

/// A serial of so many digits that is not in use: that of nines, counted down. Empty when all are.
std::string free_serial(std::size_t digits, const std::set<std::string>& used) {
  for (std::string serial(digits, '9');;) {
    if (!used.contains(serial))
      return serial;
    auto at = serial.rbegin();
    while (at != serial.rend() && *at == '0')
      *at++ = '9';
    if (at == serial.rend())
      return {};
    --*at;
  }
}

} // namespace

std::vector<indicium> stage::print_all(const mail_step& s) {
  std::vector<indicium> all;
  for (const auto& label : scenario_.labels) {
    const auto state = meter_state_of(label.meter);
    if (state.serial.empty() || state.tampered)
      continue;
    // Retired meters are out of service: they print nothing.
    const bool retired = [&] {
      for (const auto& [domain, key] : state.keys) {
        auto key_row = opened_.written.view().row({stream_kind::key, key_id{domain, key.number}.text()});
        auto archived = key_row ? decode<master_key>(key_row->state) : expected<master_key, std::string>{master_key{}};
        if (!archived || archived->status != key_status::active)
          return true;
      }
      return false;
    }();
    if (retired)
      continue;
    const print_request request{{}, label.meter, s.pieces, std::max(today(state).first, state.registered), 730, s.origin};
    const auto run = ask<printed>(meters_.at(label.meter), request, "printing by " + label.meter.text);
    all.insert(all.end(), run.pieces.begin(), run.pieces.end());
  }
  return all;
}

void stage::take(const mail_step& s) {
  const auto good = print_all(s);
  if (good.empty())
    fail("no registered meter can print");
  chooser choose{options_.seed ^ (std::uint64_t{step_} << 32)};
  std::vector<captured> mail;
  for (const auto& piece : good)
    mail.push_back({piece, verdict::good});
  auto any = [&]() -> const indicium& { return good[choose.below(good.size())]; };
  for (unsigned i = 0; i < s.forged; ++i)
    mail.push_back({forged(any(), choose), verdict::bad_token});
  for (unsigned i = 0; i < s.altered; ++i)
    mail.push_back({altered(any(), choose), verdict::bad_token});
  for (unsigned i = 0; i < s.misdated; ++i) {
    auto piece = any();
    for (const auto& label : scenario_.labels)
      if (auto state = meter_state_of(label.meter); state.serial == piece.serial)
        piece.date = day_before(state.registered);
    mail.push_back({std::move(piece), verdict::before_registration});
  }
  std::set<std::string> used;
  for (const auto& label : scenario_.labels)
    used.insert(meter_state_of(label.meter).serial.text);
  for (unsigned i = 0; i < s.unregistered; ++i) {
    auto piece = any();
    piece.serial.text = free_serial(piece.serial.text.size(), used);
    if (piece.serial.text.empty())
      fail("every serial number is in use, and none is left for a piece of an unregistered meter");
    mail.push_back({forged(std::move(piece), choose), verdict::not_registered});
  }
  for (std::size_t i = mail.size(); i > 1; --i)
    std::swap(mail[i - 1], mail[choose.below(i)]);

  auto pieces = std::make_shared<std::vector<indicium>>();
  for (const auto& one : mail)
    pieces->push_back(one.piece);
  verify_mail request{{}, "mail-" + std::to_string(step_), {}, pieces};
  for (const auto& domain : scenario_.plan.domains)
    request.domains.push_back(domain.id);
  const auto verified = ask<mail_verified>(site_->data_capture(), request, "verification");
  for (const auto& result : verified.results) {
    std::size_t wrong = result.verdicts.size() == mail.size() ? 0 : mail.size();
    for (std::size_t i = 0; i < std::min(mail.size(), result.verdicts.size()); ++i)
      wrong += result.verdicts[i] != mail[i].wanted;
    if (wrong > 0)
      fail(result.domain.text + ": " + std::to_string(wrong) + " of " + std::to_string(mail.size())
           + " pieces got a wrong verdict");
  }
  say(std::to_string(mail.size()) + " pieces verified in " + std::to_string(verified.results.size()) + " domains");
}

} // namespace oaksteel
