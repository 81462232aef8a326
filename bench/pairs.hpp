#pragma once
// Side by side: a short slice of ours, a short slice of what it is held against, and so on. Whatever else the
// machine does meanwhile slows both, and the order changes with each pair.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace oaksteel::bench {

using seconds = std::chrono::duration<double>;

/// How long `f` takes.
template <class F>
seconds time_of(F&& f) {
  const auto began = std::chrono::steady_clock::now();
  std::forward<F>(f)();
  return std::chrono::steady_clock::now() - began;
}

struct quartiles {
  double median = 0;
  double q1 = 0;
  double q3 = 0;
};

/// Quartiles with linear interpolation between neighbours. `values` holds at least one.
inline quartiles quartiles_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double part) {
    const auto place = part * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
  };
  return {at(0.5), at(0.25), at(0.75)};
}

/// What the pairs of a figure gave: rates of both sides, and their ratio pair by pair.
struct comparison {
  quartiles ratio;
  quartiles ours;
  quartiles reference;
};

/// Both functions run one slice and return its rate. One pair before the measured ones warms both up.
template <class Ours, class Reference>
comparison alternate(std::size_t pairs, Ours ours, Reference reference) {
  std::vector<double> ratios, our_rates, reference_rates;
  for (std::size_t i = 0; i <= pairs; ++i) {
    double a = 0, b = 0;
    if (i % 2 == 0) {
      a = ours();
      b = reference();
    } else {
      b = reference();
      a = ours();
    }
    if (i == 0)
      continue;
    ratios.push_back(a / b);
    our_rates.push_back(a);
    reference_rates.push_back(b);
  }
  return {quartiles_of(ratios), quartiles_of(our_rates), quartiles_of(reference_rates)};
}

} // namespace oaksteel::bench
