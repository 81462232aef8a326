// The driver of a fuzz target without coverage: changes sound inputs at random, so many times, and watches what is
// allocated meanwhile.
//
//   fuzz_frame [INPUTS [SEED]]
//
// An input that does not do ends the process; the seed and the input's number were printed by then with --trace as a
// third argument, so that it can be run again.

#include "tests/fuzz/target.hpp"

#include <malloc.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <new>
#include <random>
#include <string>
#include <string_view>

#include <unistd.h>

namespace {

struct allocations {
  std::size_t now = 0, most = 0;
} held;

void* counted(std::size_t size) {
  void* p = std::malloc(size ? size : 1);
  if (!p)
    throw std::bad_alloc{};
  held.now += malloc_usable_size(p);
  held.most = std::max(held.most, held.now);
  return p;
}
void released(void* p) {
  if (p)
    held.now -= malloc_usable_size(p);
  std::free(p);
}

} // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* p) noexcept { released(p); }
void operator delete[](void* p) noexcept { released(p); }
void operator delete(void* p, std::size_t) noexcept { released(p); }
void operator delete[](void* p, std::size_t) noexcept { released(p); }

namespace oaksteel::fuzz {
namespace {

using engine = std::mt19937_64;

/// Values at which lengths and counts go wrong.
constexpr std::uint64_t edges[] = {0,          1,          2,          0x7f,        0x80,       0xff,
                                   0x100,      0x7fff,     0x8000,     0xffff,      0x10000,    0x7fffffff,
                                   0x80000000, 0xffffffff, 0xfffffff0, 0x100000000, ~0ull >> 1, ~0ull};

/// One small change.
void change(bytes& input, const std::vector<bytes>& all, engine& random) {
  const auto at = input.empty() ? 0 : random() % input.size();
  const auto place = input.begin() + static_cast<std::ptrdiff_t>(at);
  const auto some = [&](std::size_t most) { return static_cast<std::ptrdiff_t>(1 + random() % most); };
  switch (input.empty() ? 3 : random() % 8) {
  case 0:
    input[at] ^= static_cast<std::uint8_t>(1u << random() % 8);
    return;
  case 1:
    input[at] = static_cast<std::uint8_t>(random());
    return;
  case 2:
    input.erase(place, std::min(place + some(8), input.end()));
    return;
  case 3:
    input.insert(place, static_cast<std::size_t>(some(8)), static_cast<std::uint8_t>(random()));
    return;
  case 4:
    input.resize(at);
    return;
  case 5: { // an integer, little-endian
    const auto value = edges[random() % std::size(edges)];
    const auto size = std::min<std::size_t>(std::size_t{1} << random() % 4, input.size() - at);
    std::memcpy(&input[at], &value, size);
    return;
  }
  case 6: { // a piece once more
    const bytes piece(place, std::min(place + some(32), input.end()));
    input.insert(input.begin() + static_cast<std::ptrdiff_t>(random() % (input.size() + 1)), piece.begin(),
                 piece.end());
    return;
  }
  default: { // the end of another
    const auto& other = all[random() % all.size()];
    input.resize(at);
    input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(random() % (other.size() + 1)), other.end());
    return;
  }
  }
}

/// What an input of this size may have the decoder hold at once: a list takes the bytes of its elements in the input,
/// and in memory the size of an element for the smallest that it can be written as (storage/archive.hpp). Measured: 17
/// times.
std::size_t justified(std::size_t input) { return 4096 + 32 * input; }

/// An input that hangs ends the process by SIGALRM. Under sanitizers on a slow machine a thousand certificates take seconds.
constexpr unsigned one_thousand_within_s = 120;

int run(std::uint64_t inputs, std::uint64_t seed, bool trace) {
  std::printf("seed %llu, %llu inputs\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(inputs));
  std::fflush(stdout);
  const auto all = samples();
  for (const auto& sound : all)
    take(sound);
  engine random{seed};
  double worst = 0;
  std::chrono::duration<double> slowest{};
  for (std::uint64_t i = 0; i < inputs; ++i) {
    auto input = all[random() % all.size()];
    for (auto n = 1 + random() % 6; n > 0; --n)
      change(input, all, random);
    if (trace)
      std::fprintf(stderr, "input %llu\n", static_cast<unsigned long long>(i));
    if (i % 1000 == 0)
      alarm(one_thousand_within_s);
    const auto before = held.now;
    held.most = held.now;
    const auto began = std::chrono::steady_clock::now();
    take(input);
    slowest = std::max<std::chrono::duration<double>>(slowest, std::chrono::steady_clock::now() - began);
    expect(held.now <= before + 1024 * 1024, "nothing is kept");
    expect(held.most - before <= justified(input.size()), "no more is allocated than the input justifies");
    worst = std::max(worst, static_cast<double>(held.most - before) / static_cast<double>(input.size() + 64));
  }
  std::printf("none that does not do; at most %.1f bytes held for a byte of input (and 64), at most %.1f ms\n", worst,
              slowest.count() * 1000);
  return 0;
}

} // namespace
} // namespace oaksteel::fuzz

static bool whole_number(std::string_view text, std::uint64_t& out) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failed == std::errc{} && end == text.data() + text.size();
}

int main(int argc, char** argv) {
  std::uint64_t inputs = 20'000, seed = std::random_device{}();
  if (argc > 4 || (argc > 1 && !whole_number(argv[1], inputs)) || (argc > 2 && !whole_number(argv[2], seed))) {
    std::fprintf(stderr, "usage: %s [INPUTS [SEED [--trace]]], whole numbers\n", argv[0]);
    return 2;
  }
  return oaksteel::fuzz::run(inputs, seed, argc > 3);
}
