#include "bench/bench_operator.hpp"

#include "node/carry_out.hpp"
#include "node/tls_identity.hpp"

#include <random>

namespace oaksteel::bench {

erasable_slots meter_memory(const std::filesystem::path& file, std::size_t meters) {
  auto slots = erasable_slots::open(file, meters);
  if (!slots)
    throw bench_failed{slots.error().text};
  return std::move(*slots);
}

void bench_operator::add_meters(std::size_t count) {
  const auto first = numbers_.size();
  for (std::size_t i = first; i < first + count; ++i) {
    // A site that opens the log again goes on with other meters.
    numbers_.push_back({std::to_string(1'000'000 * written_.epoch() + i)});
    meters_.push_back(hosted_.connect_meter({numbers_[i], static_cast<std::uint32_t>(i), &slots_, {}}));
  }
  ask_all<acknowledged>(count, 64, [&](std::size_t i) {
    return std::pair{line(), load_label{{head()}, numbers_[first + i], {"PC-1"}}};
  });
}

open_order bench_operator::installation(std::size_t i) {
  order_details details;
  details.meter = numbers_[i];
  details.product = {"PC-1"};
  return {{head()}, details, {{domain, *box_in_slot(written_, {"steel-1"})}}};
}

bench_operator::moments bench_operator::install(std::size_t count) {
  const auto first = numbers_.size();
  add_meters(count);
  moments done;
  const auto results = ask_all<order_result>(
    count, keys_in_flight, [&](std::size_t i) { return std::pair{hosted_.kmc(), installation(first + i)}; }, &done);
  for (const auto& r : results)
    if (!r.outcome.complete)
      throw bench_failed{"an installation is incomplete"};
  return done;
}

double bench_operator::rate_of(const moments& done) {
  const auto first = done[keys_in_flight - 1], last = done[done.size() - keys_in_flight - 1];
  const std::chrono::duration<double> took = last - first;
  return static_cast<double>(done.size() - 2 * keys_in_flight) / took.count();
}

std::vector<bench_operator::batch> bench_operator::make_mail(std::size_t meters) {
  const auto first = numbers_.size();
  install(meters);
  // Not before the day of the installation, by the site's clock.
  const auto date = calendar_date::of(machine_time());
  const auto registered = ask_all<order_result>(meters, 64, [&](std::size_t i) {
    return std::pair{line(), register_meter{{head()}, numbers_[first + i], {"PC-1"},
                                            {std::to_string(1'000'000 + i)}, {"US"}, date}};
  });
  for (const auto& r : registered)
    if (!r.outcome.complete)
      throw bench_failed{"a meter could not be registered"};
  const auto printed_ones = ask_all<printed>(meters, 64, [&](std::size_t i) {
    const print_request wanted{{head()}, numbers_[first + i], static_cast<std::uint32_t>(pieces_of_a_meter), date, 730,
                               "06484"};
    return std::pair{meter(first + i), wanted};
  });
  std::vector<indicium> all;
  for (const auto& p : printed_ones)
    all.insert(all.end(), p.pieces.begin(), p.pieces.end());
  std::shuffle(all.begin(), all.end(), std::mt19937_64{1});
  std::vector<batch> batches;
  const auto at = [&](std::size_t i) { return all.begin() + static_cast<std::ptrdiff_t>(i); };
  for (std::size_t i = 0; i + batch_size <= all.size(); i += batch_size)
    batches.push_back(std::make_shared<const std::vector<indicium>>(at(i), at(i + batch_size)));
  return batches;
}

} // namespace oaksteel::bench
