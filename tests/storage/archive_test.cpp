#include "storage/archive.hpp"
#include "storage/record.hpp"
#include "tests/storage/sample_log.hpp"

#include <chrono>

// In the namespace of the operators that they are compared with.
namespace oaksteel {

struct inner {
  box_type type = box_type::oak;
  std::pair<std::string, std::uint32_t> pair;
  static auto fields(auto& self, auto take) { return take(self.type, self.pair); }
};

/// One of everything that an archive can hold.
struct everything {
  std::uint8_t small = 0;
  std::int64_t wide = 0;
  bool flag = false;
  std::string text;
  bytes raw;
  std::array<std::uint8_t, 8> fixed{};
  std::optional<inner> maybe;
  std::vector<inner> list;
  std::map<std::string, std::vector<std::uint64_t>> table;
  static auto fields(auto& self, auto take) {
    return take(self.small, self.wide, self.flag, self.text, self.raw, self.fixed, self.maybe, self.list,
                self.table);
  }
};

} // namespace oaksteel

using namespace oaksteel;

BOOST_AUTO_TEST_SUITE(archive)
namespace {

class random_values {
public:
  explicit random_values(std::uint64_t seed) : r_(seed) {}

  std::uint64_t number(std::uint64_t below) { return r_() % below; }
  std::string text() {
    std::string s(number(20), ' ');
    for (auto& c : s)
      c = static_cast<char>(r_());
    return s;
  }
  bytes raw() {
    auto s = text();
    return {s.begin(), s.end()};
  }
  inner one() {
    static constexpr box_type types[] = {box_type::oak, box_type::steel, box_type::brass, box_type::tin};
    return {types[number(4)], {text(), static_cast<std::uint32_t>(r_())}};
  }
  everything all() {
    everything e;
    e.small = static_cast<std::uint8_t>(r_());
    e.wide = static_cast<std::int64_t>(r_());
    e.flag = number(2) == 1;
    e.text = text();
    e.raw = raw();
    for (auto& b : e.fixed)
      b = static_cast<std::uint8_t>(r_());
    if (number(2) == 1)
      e.maybe = one();
    for (auto n = number(5); n > 0; --n)
      e.list.push_back(one());
    for (auto n = number(5); n > 0; --n)
      e.table[text()] = std::vector<std::uint64_t>(number(4), r_());
    return e;
  }
  record any_record() {
    record r;
    for (auto& b : r.log.value)
      b = static_cast<std::uint8_t>(r_());
    r.position = r_();
    r.stream = {static_cast<stream_kind>(1 + number(11)), text()};
    r.previous = r_();
    r.time = {static_cast<std::int64_t>(r_())};
    r.epoch = static_cast<std::uint32_t>(r_());
    r.actor = text();
    r.command = {text(), r_()};
    if (number(2) == 1)
      r.cause = reference{r_(), std::nullopt};
    if (number(2) == 1)
      r.correlation = reference{r_(), r.log};
    for (auto n = number(4); n > 0; --n)
      r.participants.push_back({static_cast<participant_kind>(1 + number(6)), text()});
    r.tag = static_cast<std::uint16_t>(r_());
    r.version = static_cast<std::uint8_t>(r_());
    r.payload = raw();
    return r;
  }
  /// Cuts, changes and lengthens.
  bytes mutate(bytes b) {
    if (number(3) == 0)
      b.resize(number(b.size() + 8));
    for (auto n = number(4); n > 0 && !b.empty(); --n)
      b[number(b.size())] = static_cast<std::uint8_t>(number(3) == 0 ? 0xFF : r_());
    return b;
  }

private:
  std::mt19937_64 r_;
};

} // namespace

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
  random_values random{testing::seed(1)};
  for (int i = 0; i < 5000; ++i) {
    auto e = random.all();
    auto back = decode<everything>(encode(e));
    BOOST_REQUIRE(back);
    BOOST_REQUIRE(*back == e);
  }
}

BOOST_AUTO_TEST_CASE(every_shorter_and_longer_input_is_refused) {
  random_values random{testing::seed(2)};
  for (int i = 0; i < 50; ++i) {
    auto data = encode(random.all());
    for (std::size_t n = 0; n < data.size(); ++n)
      BOOST_REQUIRE(!decode<everything>(std::span{data}.first(n)));
    data.push_back(0);
    BOOST_REQUIRE(!decode<everything>(data));
  }
}

BOOST_AUTO_TEST_CASE(each_wrong_value_has_its_reason) {
  auto why = [](auto result) { return result ? std::string{"accepted"} : result.error(); };
  BOOST_TEST(why(decode<bool>(bytes{2})) == "a bool is neither 0 nor 1");
  BOOST_TEST(why(decode<box_type>(bytes{'X'})) == "a value that its enum does not have");
  BOOST_TEST(why(decode<std::optional<bool>>(bytes{2, 0})) == "an optional is neither there nor absent");
  BOOST_TEST(why(decode<std::string>(bytes{2, 0, 0, 0, 'a'})) == "a count exceeds the bytes that are left");
  BOOST_TEST(why(decode<bytes>(bytes{0xFF, 0xFF, 0xFF, 0xFF})) == "a count exceeds the bytes that are left");
  // Two elements would need 16 bytes.
  BOOST_TEST(why(decode<std::vector<std::uint64_t>>(bytes{2, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9})) ==
             "a count exceeds the bytes that are left");
  BOOST_TEST(why(decode<std::uint32_t>(bytes{1, 2, 3})) == "ends too early");
  BOOST_TEST(why(decode<std::uint8_t>(bytes{1, 2, 3})) == "2 bytes too many");
  using table = std::map<std::uint8_t, std::uint8_t>;
  BOOST_TEST(why(decode<table>(bytes{2, 0, 0, 0, 2, 0, 1, 0})) == "the keys of a map do not ascend");
  BOOST_TEST(why(decode<table>(bytes{2, 0, 0, 0, 1, 0, 1, 0})) == "the keys of a map do not ascend");
}

BOOST_AUTO_TEST_CASE(mutated_inputs_end_quickly) {
  random_values random{testing::seed(3)};
  auto begin = std::chrono::steady_clock::now();
  bytes things[8], records[8];
  for (int i = 0; i < 8; ++i) {
    things[i] = encode(random.all());
    records[i] = encode_record(random.any_record());
  }
  std::size_t refused = 0;
  for (int i = 0; i < 100'000; ++i) {
    auto a = random.mutate(things[i % 8]);
    if (auto read = decode<everything>(a))
      BOOST_REQUIRE(encode(*read) == a); // one coding for one value
    else
      ++refused;
    auto b = random.mutate(records[i % 8]);
    if (auto read = decode_record(b))
      BOOST_REQUIRE(encode_record(*read) == b);
    else
      ++refused;
  }
  BOOST_TEST(refused > 50'000);
  BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds{20}));
}

BOOST_AUTO_TEST_CASE(records_come_back) {
  random_values random{testing::seed(4)};
  for (int i = 0; i < 5000; ++i) {
    auto r = random.any_record();
    auto back = decode_record(encode_record(r));
    BOOST_REQUIRE(back);
    BOOST_REQUIRE(*back == r);
  }
}

BOOST_AUTO_TEST_CASE(a_record_is_laid_out_as_its_grammar_says) {
  record r;
  r.log.value.fill(0xAA);
  r.position = 0x0102;
  r.stream = {stream_kind::key, "VE/1"};
  r.previous = 9;
  r.time = {-1};
  r.epoch = 3;
  r.actor = "A";
  r.command = {"k", 5};
  r.cause = reference{4, std::nullopt};
  r.participants = {{participant_kind::box, "O1"}};
  r.tag = 0x0708;
  r.version = 2;
  r.payload = {0xEE};
  bytes expected_bytes(32, 0xAA);
  const int rest[] = {2, 1, 0,   0,   0,   0,   0,   0,   4,   4,   0,   0, 0, 'V', 'E', '/', '1', 9, 0,   0,   0, 0,
                      0, 0, 0,   255, 255, 255, 255, 255, 255, 255, 255, 3, 0, 0,   0,   1,   0,   0, 0,   'A', 1, 0,
                      0, 0, 'k', 5,   0,   0,   0,   0,   0,   0,   0,   1, 4, 0,   0,   0,   0,   0, 0,   0,   0, 0,
                      1, 0, 0,   0,   2,   2,   0,   0,   0,   'O', '1', 8, 7, 2,   1,   0,   0,   0, 0xEE};
  for (int b : rest)
    expected_bytes.push_back(static_cast<std::uint8_t>(b));
  BOOST_TEST(encode_record(r) == expected_bytes, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_record_over_the_limit_is_refused) {
  record r;
  r.payload.resize(record_limit);
  auto back = decode_record(encode_record(r));
  BOOST_REQUIRE(!back);
  BOOST_TEST(back.error().find("65535") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
