#include "crypto/suite.hpp"

#include <algorithm>
#include <future>
#include <thread>

namespace oaksteel {

std::vector<private_key> generate_keys(suite_id suite, std::size_t count, generator& random) {
  std::vector<std::unique_ptr<generator>> generators;
  for (std::size_t i = 0; i < count; ++i)
    generators.push_back(child_generator(random));
  std::vector<std::optional<private_key>> keys(count);
  const auto lanes = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, std::max<std::size_t>(count, 1));
  std::vector<std::future<void>> running;
  for (std::size_t lane = 0; lane < lanes; ++lane)
    running.push_back(std::async(std::launch::async, [&, lane] {
      for (auto i = lane; i < count; i += lanes)
        keys[i] = private_key::generate(suite, *generators[i]);
    }));
  for (auto& lane : running)
    lane.get();
  std::vector<private_key> result;
  for (auto& key : keys)
    result.push_back(std::move(*key));
  return result;
}

} // namespace oaksteel
