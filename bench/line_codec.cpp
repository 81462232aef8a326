// line_codec: commands written into frames and read again from the line, against copying them there and back with a CRC
// each way.

#include "actors/link/frame.hpp"
#include "bench/figure.hpp"
#include "crypto/crc32.hpp"

#include <cstdio>
#include <cstring>
#include <random>

namespace oaksteel::bench {
namespace {

constexpr std::size_t payload_size = 900; ///< of MI4: two names, a signature of rsa3072, a wrapped key
constexpr std::size_t frames = 64;

/// Ciphertexts and signatures are random bytes.
std::vector<bytes> payloads() {
  std::mt19937_64 random{7};
  std::vector<bytes> all(frames, bytes(payload_size));
  for (auto& one : all)
    for (auto& b : one)
      b = static_cast<std::uint8_t>(random());
  return all;
}

std::uint32_t crc_of(std::span<const std::uint8_t> data) {
  crc32 sum;
  sum.add(data);
  return sum.value();
}

void codec_round(const std::vector<bytes>& all, bytes& line) {
  line.clear();
  for (const auto& one : all)
    write_frame(line, frame_class::data, 1, one);
  std::size_t whole = 0;
  frame_reader reader{4096};
  reader.read(line, [&](frame_class, std::uint8_t, std::span<const std::uint8_t> p) { whole += p.size(); },
              [](frame_error) { throw bench_failed{"line_codec: a frame was not read"}; });
  if (whole != frames * payload_size)
    throw bench_failed{"line_codec: frames were lost"};
}

void copy_round(const std::vector<bytes>& all, bytes& line, bytes& back) {
  line.resize(frames * (payload_size + 4));
  back.resize(payload_size);
  auto* at = line.data();
  for (const auto& one : all) {
    const auto crc = crc_of(one);
    std::memcpy(at, one.data(), payload_size);
    std::memcpy(at + payload_size, &crc, 4);
    at += payload_size + 4;
  }
  at = line.data();
  for (std::size_t i = 0; i < frames; ++i, at += payload_size + 4) {
    std::uint32_t crc = 0;
    std::memcpy(back.data(), at, payload_size);
    std::memcpy(&crc, at + payload_size, 4);
    if (crc_of(back) != crc)
      throw bench_failed{"line_codec: the copy is another"};
  }
}

template <class Round>
double frames_per_second(std::size_t rounds, Round round) {
  const auto took = time_of([&] {
    for (std::size_t i = 0; i < rounds; ++i)
      round();
  });
  return static_cast<double>(rounds * frames) / took.count();
}

} // namespace

figure line_codec(const bench_options& options) {
  const auto all = payloads();
  bytes line, back;
  const auto rounds = options.scaled(2000);
  const auto result =
    alternate(options.pairs(), [&] { return frames_per_second(rounds, [&] { codec_round(all, line); }); },
              [&] { return frames_per_second(rounds, [&] { copy_round(all, line, back); }); });
  figure f{"line_codec", result.ratio, options.pairs(), 0.5, {}, {}};
  f.notes.push_back("frames of 900 random bytes, written and read, on one core; " +
                    rate_text(result.ours.median, "frames/s") + " against " +
                    rate_text(result.reference.median, "copies/s"));
  return f;
}

} // namespace oaksteel::bench
