// Frames (EP-26). The expected bytes are from Python's zlib.crc32 and the grammar at the top of actors/link/frame.hpp.

#include "actors/link/frame.hpp"

#include "crypto/crc32.hpp"
#include "tests/random_seed.hpp"

#include <boost/test/unit_test.hpp>
#include <botan/hex.h>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(frames)
namespace {

bytes hex_bytes(std::string_view hex) { return Botan::hex_decode(std::string{hex}); }

bytes written(frame_class kind, std::uint8_t number, const bytes& payload) {
  bytes out;
  write_frame(out, kind, number, payload);
  return out;
}

/// What a reader makes of bytes, as text: `D1:41` for a frame, `crc_wrong` for an error.
std::string read_all(frame_reader& reader, std::span<const std::uint8_t> data) {
  std::string all;
  const auto add = [&](const std::string& one) { all += (all.empty() ? "" : " ") + one; };
  reader.read(
    data,
    [&](frame_class kind, std::uint8_t number, auto payload) {
      add(static_cast<char>(kind) + std::to_string(number) + ':'
          + Botan::hex_encode(payload.data(), payload.size(), false));
    },
    [&](frame_error e) { add(std::string{name(e)}); });
  return all;
}
std::string read_anew(const bytes& data, std::size_t largest = 100) {
  frame_reader reader{largest};
  return read_all(reader, data);
}

} // namespace

BOOST_AUTO_TEST_CASE(crc_has_the_check_value_of_its_standard) {
  const std::string digits = "123456789";
  crc32 sum;
  sum.add({reinterpret_cast<const std::uint8_t*>(digits.data()), digits.size()});
  BOOST_TEST(sum.value() == 0xCBF43926u);
}

BOOST_AUTO_TEST_CASE(bytes_of_a_frame) {
  BOOST_TEST(written(frame_class::data, 1, {0x41}) == hex_bytes("024401010041c075f4d303"), boost::test_tools::per_element());
  BOOST_TEST(written(frame_class::hello, 2, hex_bytes("02031022"))
               == hex_bytes("024810220400102210231030226970b9a403"),
             boost::test_tools::per_element());
  BOOST_TEST(written(frame_class::acknowledged, 3, {}) == hex_bytes("0241102300001d5eaa0003"),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_payload_comes_back_in_any_pieces) {
  std::mt19937_64 random{random_seed()};
  for (int i = 0; i < 300; ++i) {
    bytes line;
    std::string expected;
    frame_reader reader{300};
    for (int n = 0; n < 5; ++n) {
      bytes payload(random() % 300);
      for (auto& b : payload) // many of them must be escaped
        b = static_cast<std::uint8_t>(random() % 2 ? random() % 20 : random());
      write_frame(line, frame_class::data, static_cast<std::uint8_t>(n), payload);
      expected += (expected.empty() ? "D" : " D") + std::to_string(n) + ':'
                  + Botan::hex_encode(payload.data(), payload.size(), false);
    }
    std::string got;
    for (std::size_t at = 0; at < line.size();) {
      const auto piece = std::min<std::size_t>(1 + random() % 40, line.size() - at);
      const auto found = read_all(reader, std::span{line}.subspan(at, piece));
      if (!found.empty())
        got += (got.empty() ? "" : " ") + found;
      at += piece;
    }
    BOOST_REQUIRE(got == expected);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_frame_is_named_and_the_next_one_found) {
  const auto good = written(frame_class::data, 1, {0x41});
  const auto before = [&](std::string_view hex) {
    auto all = hex_bytes(hex);
    all.insert(all.end(), good.begin(), good.end());
    return read_anew(all);
  };
  BOOST_TEST(before("") == "D1:41");
  BOOST_TEST(before("4145") == "outside D1:41");
  BOOST_TEST(before("0203") == "too_short D1:41");
  BOOST_TEST(before("0244010000") == "cut_off D1:41");
  BOOST_TEST(before("02440110") == "cut_off D1:41");
  BOOST_TEST(before("024401104145") == "escape_wrong outside D1:41"); // the rest is noise up to the next STX
  BOOST_TEST(before("02440103") == "too_short D1:41");
  BOOST_TEST(before("0244010100411003") == "escape_wrong D1:41");
  BOOST_TEST(before("024401010041c075f4d203") == "crc_wrong D1:41");
  BOOST_TEST(before("024401010042c075f4d303") == "crc_wrong D1:41");
}

BOOST_AUTO_TEST_CASE(a_good_crc_does_not_make_a_frame) {
  const auto with_crc = [](std::string_view hex) {
    auto content = hex_bytes(hex);
    crc32 sum;
    sum.add(content);
    const auto crc = sum.value();
    bytes line{0x02};
    const auto put = [&](std::uint8_t b) {
      if (b == 2 || b == 3 || b == 0x10)
        line.insert(line.end(), {0x10, static_cast<std::uint8_t>(b ^ 0x20)});
      else
        line.push_back(b);
    };
    std::ranges::for_each(content, put);
    for (int shift = 0; shift < 32; shift += 8)
      put(static_cast<std::uint8_t>(crc >> shift));
    line.push_back(0x03);
    return read_anew(line);
  };
  BOOST_TEST(with_crc("4401010041") == "D1:41");
  BOOST_TEST(with_crc("4401000041") == "length_wrong");
  BOOST_TEST(with_crc("4401020041") == "length_wrong");
  BOOST_TEST(with_crc("4501010041") == "class_unknown");
}

BOOST_AUTO_TEST_CASE(a_frame_that_is_too_long_is_not_kept) {
  const auto line = written(frame_class::data, 1, bytes(101, 0x41));
  BOOST_TEST(read_anew(line, 101).starts_with("D1:41"));
  BOOST_TEST(read_anew(line, 100) == "too_long outside");
  BOOST_TEST(read_anew(written(frame_class::data, 1, bytes(101, 0x02)), 100) == "too_long outside");
}

BOOST_AUTO_TEST_CASE(every_single_fault_of_a_frame_is_found) {
  const auto good = written(frame_class::data, 7, hex_bytes("000102030405101112"));
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      auto changed = good;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ (1u << bit));
      BOOST_TEST(read_anew(changed).find("D7") == std::string::npos, "bit " << bit << " of byte " << at);
    }
    auto dropped = good, doubled = good;
    dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(at));
    BOOST_TEST(read_anew(dropped).find("D7") == std::string::npos, "byte " << at << " dropped");
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(at), good[at]);
    // Doubling STX or ETX loses nothing: the frame between them is whole.
    if (at > 0 && at + 1 < good.size())
      BOOST_TEST(read_anew(doubled).find("D7") == std::string::npos, "byte " << at << " doubled");
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
