// verify: mail tokens verified a second by way of KMC, archive and Brass, against a bare loop of the same look-ups
// and primitives on one core.

#include "actors/boxes/record_addresses.hpp"
#include "bench/bench_site.hpp"
#include "crypto/envelope.hpp"
#include "crypto/token.hpp"
#include "events/event.hpp"
#include "storage/event_codec.hpp"
#include "storage/signed_body.hpp"

#include <unordered_map>

namespace oaksteel::bench {
namespace {

constexpr std::size_t registered_meters = 1000;

using batch = bench_operator::batch;

/// The bare loop has no box and so no S_B: it opens material of its own, of the same size under the same
/// addresses, in place of what it has read.
class bare_loop {
public:
  bare_loop(const log& written, std::size_t meters) : written_(written) {
    const secret k{random_->random_vec(32)};
    for (std::size_t i = 0; i < meters; ++i) {
      const auto serial = std::to_string(1'000'000 + i);
      const auto activated = find(written_.view(), serial);
      const auto mr3 = decode_body<mr3_body>(activated.mr3.body);
      own_.emplace(serial, material{tag_under(authentication_, activated.mr3.body),
                                    seal_under(confidentiality_, k, address(*mr3), *random_)});
    }
  }

  /// Pieces a second over one slice.
  double run(const std::vector<batch>& mail) {
    const auto took = time_of([&] {
      for (const auto& pieces : mail)
        verify(*pieces);
    });
    return static_cast<double>(mail.size() * batch_size) / took.count();
  }

private:
  struct material {
    bytes tag;
    bytes sealed;
  };
  struct opened {
    secret k;
    secret token_key;
  };

  static bytes address(const mr3_body& mr3) { return sealed_address(body_type::mr3, mr3.key, mr3.meter, mr3.serial); }

  /// What the archive reads for a serial.
  static key_activated find(const log_view& view, const std::string& serial) {
    const auto position = view.find(static_cast<std::uint8_t>(lookup::key_of_serial), domain.text + '|' + serial);
    const auto record = position ? view.at(*position) : std::nullopt;
    auto activated = record ? read_as<key_activated>(*record) : std::nullopt;
    const auto sealed = position ? view.sealed(*position) : std::nullopt;
    const auto row = activated ? view.row({stream_kind::key, activated->key.text()}) : std::nullopt;
    if (!sealed || !row || !decode<master_key>(row->state) || sha256(*sealed) == digest{})
      throw bench_failed{"a registered key is not in the log"};
    return std::move(*activated);
  }

  opened open(const key_activated& activated, const indicium& mail) {
    const auto& own = own_.at(mail.serial.text);
    const auto mr3 = decode_body<mr3_body>(activated.mr3.body);
    if (!same_bytes(tag_under(authentication_, activated.mr3.body), own.tag))
      throw bench_failed{"a tag is wrong"};
    auto k = open_under(confidentiality_, own.sealed, address(*mr3));
    auto token_key = engine_.derive(*k, key_use::token, token_context(domain, mail));
    return {std::move(*k), std::move(token_key)};
  }

  void verify(const std::vector<indicium>& pieces) {
    const auto view = written_.view();
    std::unordered_map<std::string, opened> keys;
    for (const auto& mail : pieces) {
      auto it = keys.find(mail.serial.text);
      if (it == keys.end())
        it = keys.emplace(mail.serial.text, open(find(view, mail.serial.text), mail)).first;
      const auto token = engine_.mail_token(it->second.token_key, token_data(domain, mail), mail_token_digits);
      const auto& printed_token = mail.tokens.front().digits;
      good_ += same_bytes(byte_view{reinterpret_cast<const std::uint8_t*>(token.data()), token.size()},
                          byte_view{reinterpret_cast<const std::uint8_t*>(printed_token.data()), printed_token.size()});
    }
  }

  const log& written_;
  std::unique_ptr<generator> random_ = system_randomness()->stream("bench", 0);
  secret confidentiality_{random_->random_vec(32)};
  secret authentication_{random_->random_vec(32)};
  std::unordered_map<std::string, material> own_;
  token_engine engine_;
  std::size_t good_ = 0;
};

} // namespace

figure verify_figure(const bench_options& options) {
  const auto meters = options.quick ? std::size_t{100} : registered_meters;
  bench_site site{options.data / "verify", suite_id::p256, {64, 2}, meters};
  site.ceremony();
  const auto mail = site.hands().make_mail(meters);
  bare_loop bare{site.written(), meters};
  const auto result =
    alternate(options.pairs(), [&] { return site.hands().verify(site.actors().kmc(), mail); }, [&] { return bare.run(mail); });
  figure f{"verify", result.ratio, options.pairs(), 0.5, {}, {}};
  f.notes.push_back(std::to_string(meters) + " registered meters (installed with p256, which verification does not "
                    "use), pieces shuffled, batches of " + std::to_string(batch_size) + ", "
                    + std::to_string(batches_in_flight) + " in flight, one event each; two workers");
  f.notes.push_back("actors " + rate_text(result.ours.median, "pieces/s") + ", bare loop on one core "
                    + rate_text(result.reference.median, "pieces/s"));
  return f;
}

} // namespace oaksteel::bench
