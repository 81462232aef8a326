// The frame decoder (EP-26): whatever comes, in whatever pieces, each piece is a frame or has its code.

#include "actors/link/frame.hpp"
#include "tests/fuzz/target.hpp"

#include <random>

namespace oaksteel::fuzz {

std::vector<bytes> samples() {
  std::mt19937_64 random{1};
  std::vector<bytes> all;
  for (const auto kind :
       {frame_class::hello, frame_class::data, frame_class::acknowledged, frame_class::not_acknowledged})
    for (std::size_t size : {0u, 1u, 4u, 40u, 300u}) {
      bytes payload(size), stream;
      for (auto& b : payload)
        b = static_cast<std::uint8_t>(random() % 20); // many that must be escaped
      write_frame(stream, kind, static_cast<std::uint8_t>(size), payload);
      all.push_back(stream);
      write_frame(stream, kind, 7, payload);
      all.push_back(std::move(stream)); // two in a row
    }
  return all;
}

void take(std::span<const std::uint8_t> input) {
  constexpr std::size_t largest = 256;
  struct seen {
    bytes frames;
    std::vector<frame_error> errors;
  };
  const auto read_in_pieces_of = [&](std::size_t piece) {
    frame_reader reader{largest};
    seen all;
    for (std::size_t at = 0; at < input.size(); at += piece)
      reader.read(
          input.subspan(at, std::min(piece, input.size() - at)),
          [&](frame_class kind, std::uint8_t number, std::span<const std::uint8_t> payload) {
            expect(valid(kind) && payload.size() <= largest,
                   "a frame has a class and no more than the largest payload");
            write_frame(all.frames, kind, number, payload);
          },
          [&](frame_error e) {
            expect(valid(e), "a piece that is no frame has its code");
            all.errors.push_back(e);
          });
    return all;
  };
  const auto whole = read_in_pieces_of(input.size() + 1), bytewise = read_in_pieces_of(1);
  expect(whole.frames == bytewise.frames && whole.errors == bytewise.errors, "the pieces make no difference");
  expect(whole.frames.size() <= input.size(), "no frame comes of nothing");
}

} // namespace oaksteel::fuzz
