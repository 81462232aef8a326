// open_growth: the time to open a node on a long log over that on a short one.

#include "bench/bench_site.hpp"
#include "bench/story.hpp"

namespace oaksteel::bench {
namespace {

constexpr std::uint64_t short_log = 10'000;

/// Seconds from nothing to the first answers: a box says what it is, the archive gives a key's record.
double open_once(const std::filesystem::path& directory) {
  std::unique_ptr<bench_site> site;
  const auto took = time_of([&] {
    site = std::make_unique<bench_site>(directory, suite_id::rsa3072, shell_limits{});
    site->hands().ask<box_report>(site->actors().box_in({"brass-1"})->common, ask_box{{site->hands().head()}});
    site->hands().ask<record_fetched>(site->actors().archive_of(domain), fetch_record{{site->hands().head()}, {domain, 1}, {}});
  });
  return took.count();
}

} // namespace

figure open_growth(const bench_options& options) {
  const auto large = options.data / "open_growth" / "long", small = options.data / "open_growth" / "short";
  story{large}.grow_to(options.scaled(long_log));
  story{small}.grow_to(options.scaled(short_log));
  const auto result = alternate(options.pairs(), [&] { return open_once(large); }, [&] { return open_once(small); });
  figure f{"open_growth", result.ratio, options.pairs(), {}, 1.5, {}};
  f.notes.push_back(
    "log opened and checked, actors made, first answers of a box and of the archive; pages in the cache");
  char line[160];
  std::snprintf(line, sizeof line, "%llu events %.1f ms, %llu events %.1f ms",
                static_cast<unsigned long long>(options.scaled(long_log)), result.ours.median * 1e3,
                static_cast<unsigned long long>(options.scaled(short_log)), result.reference.median * 1e3);
  f.notes.push_back(line);
  return f;
}

} // namespace oaksteel::bench
