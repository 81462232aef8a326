// domain_creation, share_entry, box_enabling: what a ceremony's steps cost over what cannot be spared.

#include "actors/boxes/initialisation.hpp"
#include "bench/bench_site.hpp"
#include "bench/plain_table.hpp"
#include "crypto/shares.hpp"
#include "events/event.hpp"
#include "storage/share_file.hpp"

namespace oaksteel::bench {
namespace {

const label first_custodian{"Ada"}, second_custodian{"Bela"};
constexpr std::size_t domains_of_a_brass = 125, keys_of_a_domain = 8;
constexpr std::size_t record_of_a_share = 600; ///< about the bytes that its event writes

/// A site whose Brass box is told to take shares.
class share_side {
public:
  share_side(const std::filesystem::path& directory, std::size_t domains)
    : media_(directory / "log" / "media"), site_(directory / "log", suite_id::p256, {}), plain_(directory / "plain") {
    site_.ceremony();
    id_ = *box_in_slot(site_.written(), {"brass-1"});
    const auto& maker = site_.actors().manufacturing();
    for (std::size_t i = 1; i < domains; ++i) {
      const domain_id fresh{{static_cast<char>('A' + i / 26), static_cast<char>('A' + i % 26)}};
      site_.hands().ask<acknowledged>(maker.manufacturing, create_domain{{}, fresh, "postal", {"US"}});
      const auto sent = site_.hands().ask<package_of_keys>(maker.manufacturing, make_domain_process{{}, id_, fresh, {}});
      site_.hands().ask<acknowledged>(box(), take_domain_process{{}, fresh, sent.keys});
    }
    collect_sealed();
    take_out();
  }

  void put(const label& who) { site_.hands().ask<box_report>(box(), put_share{{}, who, media_}); }
  void take_out() {
    if (state_of(site_.written(), id_).entered.contains(second_custodian.text))
      site_.hands().ask<box_report>(box(), take_share{{}, second_custodian});
    else
      site_.hands().ask<box_report>(box(), take_share{{}, first_custodian});
  }
  bool enabled() { return state_of(site_.written(), id_).enabled; }

  /// Reading, checksum, signature and commitment of a share, and one durable record of the attempt.
  secret share_primitives(const label& who) {
    const auto text = media{media_ / who.text}.read(share_file_name(id_.text()));
    auto file = text ? parse_share(*text) : expected<share_file, std::string>{unexpected{std::string{}}};
    if (!file || !file->signature_valid || share_commitment({}, file->share) == digest{})
      throw bench_failed{"a share cannot be read"};
    plain_.append(1, record_of_a_share);
    return std::move(file->share);
  }
  /// The second share, then every sealed bundle opened and its keys read.
  void enabling_primitives(const secret& first) {
    const auto second = share_primitives(second_custodian);
    const auto combination = combine({&first, &second});
    for (const auto& [domain, sealed] : sealed_) {
      const auto packed =
        combination ? open_under(*combination, sealed, bundle_address(id_, domain)) : std::nullopt;
      const auto bundle = packed ? key_bundle::unpack(*packed) : std::nullopt;
      if (!bundle || (domain != "box" && !make_ring(*bundle, {domain}, suite_id::p256, box_type::brass)))
        throw bench_failed{"a bundle cannot be opened"};
    }
  }

private:
  const box_actor& box() { return site_.actors().box_in({"brass-1"})->common; }
  void collect_sealed() {
    const auto view = site_.written().view();
    const auto add = [&](const std::string& name, lookup index, const std::string& key) {
      const auto at = view.find(static_cast<std::uint8_t>(index), key);
      sealed_.emplace_back(name, view.sealed(at.value_or(0)).value_or(bytes{}));
    };
    add("box", lookup::box_keys, id_.text());
    for (const auto& [domain, process] : state_of(site_.written(), id_).processes)
      add(domain.text, lookup::domain_process, id_.text() + '|' + domain.text);
  }

  std::filesystem::path media_;
  bench_site site_;
  plain_table plain_;
  box_id id_;
  std::vector<std::pair<std::string, bytes>> sealed_;
};

} // namespace

figure domain_creation(const bench_options& options) {
  const auto pairs = options.quick ? std::size_t{2} : std::size_t{13};
  const std::size_t domains_of_a_slice = options.quick ? 1 : 5;
  constexpr std::size_t keys = 5;
  bench_site site{options.data / "domain_creation", suite_id::rsa3072, {}};
  site.ceremony();
  const auto random = system_randomness()->stream("bench", 0);
  unsigned made = 0;
  const auto result = alternate(
    pairs,
    [&] {
      const auto took = time_of([&] {
        for (std::size_t i = 0; i < domains_of_a_slice; ++i)
          site.hands().ask<acknowledged>(site.actors().manufacturing().manufacturing,
                                 create_domain{{}, {"D" + std::to_string(++made)}, "postal", {"US"}});
      });
      return took.count();
    },
    [&] {
      const auto took = time_of([&] {
        for (std::size_t i = 0; i < domains_of_a_slice; ++i)
          (void)generate_keys(suite_id::rsa3072, keys, *random);
      });
      return took.count();
    });
  figure f{"domain_creation", result.ratio, pairs, {}, 1.2, {}};
  f.notes.push_back("rsa3072; five key pairs a domain on all cores, " + std::to_string(domains_of_a_slice)
                    + " domains a slice; the search for primes makes both sides vary");
  char line[120];
  std::snprintf(line, sizeof line, "a domain %.2f s, its key pairs alone %.2f s",
                result.ours.median / static_cast<double>(domains_of_a_slice),
                result.reference.median / static_cast<double>(domains_of_a_slice));
  f.notes.push_back(line);
  return f;
}

figure share_entry(const bench_options& options) {
  constexpr std::size_t shares_of_a_slice = 50;
  share_side side{options.data / "share_entry", 1};
  const auto result = alternate(
    options.pairs(),
    [&] {
      double took = 0;
      for (std::size_t i = 0; i < shares_of_a_slice; ++i) {
        took += time_of([&] { side.put(first_custodian); }).count();
        side.take_out();
      }
      return took / shares_of_a_slice;
    },
    [&] {
      const auto took = time_of([&] {
        for (std::size_t i = 0; i < shares_of_a_slice; ++i)
          (void)side.share_primitives(first_custodian);
      });
      return took.count() / shares_of_a_slice;
    });
  figure f{"share_entry", result.ratio, options.pairs(), {}, 1.5, {}};
  f.notes.push_back("message to answer, against reading, checksum, signature, commitment and one durable plain record");
  char line[120];
  std::snprintf(line, sizeof line, "a share %.2f ms, its primitives %.2f ms", result.ours.median * 1e3,
                result.reference.median * 1e3);
  f.notes.push_back(line);
  return f;
}

figure box_enabling(const bench_options& options) {
  const auto domains = options.quick ? std::size_t{10} : domains_of_a_brass;
  share_side side{options.data / "box_enabling", domains};
  const auto result = alternate(
    options.pairs(),
    [&] {
      side.put(first_custodian);
      const auto took = time_of([&] { side.put(second_custodian); });
      if (!side.enabled())
        throw bench_failed{"the box is not enabled"};
      side.take_out();
      return took.count();
    },
    [&] {
      const auto first = side.share_primitives(first_custodian);
      return time_of([&] { side.enabling_primitives(first); }).count();
    });
  figure f{"box_enabling", result.ratio, options.pairs(), {}, 1.5, {}};
  f.notes.push_back("p256; the last share of a Brass box with " + std::to_string(domains * keys_of_a_domain)
                    + " sealed keys: " + std::to_string(domains) + " domains with two pairs, two secret keys and two "
                    "public keys of others");
  char line[120];
  std::snprintf(line, sizeof line, "enabling %.1f ms, its primitives %.1f ms", result.ours.median * 1e3,
                result.reference.median * 1e3);
  f.notes.push_back(line);
  return f;
}

} // namespace oaksteel::bench
