// EP-21, EP-23: what tokens are computed over, and what a key may say of a date.

#include "events/mail.hpp"

#include "tests/events/given.hpp"

using namespace oaksteel;
using namespace oaksteel::given_when_then;

BOOST_AUTO_TEST_SUITE(mail)
namespace {

const indicium piece{{"000004711"}, march_2, 42, 680, "06484", {}};

/// A key as the archive has it, registered and retired on these days (0: not).
master_key standing(key_status status, std::uint32_t registered = 0, std::uint32_t retired = 0) {
  master_key k;
  k.status = status;
  k.key = key(1);
  k.registered = {registered};
  k.retired = {retired};
  return k;
}

} // namespace

// "context `<domain>|<indicia serial>|<period>` (period `YYYYMM` by default); data of a mail piece, ASCII, fields
// joined by `|`: `1`, domain, indicia serial, date `YYYYMMDD`, piece count, postage in thousandths, origin".
BOOST_AUTO_TEST_CASE(what_a_mail_token_is_computed_over) {
  BOOST_TEST(token_context(usps, piece) == "USPS|000004711|202603");
  BOOST_TEST(token_data(usps, piece) == "1|USPS|000004711|20260302|42|680|06484");
  const indicium largest{{"999999999999"}, {99991231}, 18446744073709551615u, 18446744073709551615u, "", {}};
  BOOST_TEST(token_context(ve, largest) == "VE|999999999999|999912");
  BOOST_TEST(token_data(ve, largest) == "1|VE|999999999999|99991231|18446744073709551615|18446744073709551615|");
  BOOST_TEST(mail_token_digits == 6u);
}

// "data `1|<domain>|<sequence number>|<product code>|<indicia serial>|<country>|<date>`"
BOOST_AUTO_TEST_CASE(what_a_registration_token_is_computed_over) {
  BOOST_TEST(registration_data(ve, {"A0001"}, {"PC-1"}, {"4711"}, {"DE"}, march_2)
             == "1|VE|A0001|PC-1|4711|DE|20260302");
}

// "key is Active, date not before registration"; "an Obsolete key that was Active verifies mail dated up to its
// retirement".
BOOST_AUTO_TEST_CASE(which_dates_a_key_may_speak_of) {
  using enum key_status;
  constexpr std::uint32_t from = 20260302, to = 20260430;
  const auto nothing_stored = standing(none);
  struct {
    std::string_view what;
    std::optional<master_key> key;
    std::uint32_t date;
    verdict then;
  } const lines[] = {
    {"nobody has that serial", {}, from, verdict::not_registered},
    {"an empty state", nothing_stored, from, verdict::not_registered},
    {"New", standing(new_key), from, verdict::not_active},
    {"Installed", standing(installed), from, verdict::not_active},
    {"Bad", standing(bad), from, verdict::not_active},
    {"scrapped before registration", standing(obsolete, 0, to), from, verdict::not_active},
    {"Active, the day before", standing(active, from), 20260301, verdict::before_registration},
    {"Active, the month before", standing(active, from), 20260228, verdict::before_registration},
    {"Active, on the day", standing(active, from), from, verdict::good},
    {"Active, the day after", standing(active, from), 20260303, verdict::good},
    {"Active, years after", standing(active, from), 20991231, verdict::good},
    {"Active, no date", standing(active, from), 0, verdict::before_registration},
    {"Obsolete, the day before registration", standing(obsolete, from, to), 20260301, verdict::before_registration},
    {"Obsolete, on the day of registration", standing(obsolete, from, to), from, verdict::good},
    {"Obsolete, the day before retirement", standing(obsolete, from, to), 20260429, verdict::good},
    {"Obsolete, on the day of retirement", standing(obsolete, from, to), to, verdict::good},
    {"Obsolete, the day after retirement", standing(obsolete, from, to), 20260501, verdict::retired},
    {"registered and retired on one day", standing(obsolete, from, from), from, verdict::good},
    {"a state that no event leads to", standing(bad, from), from, verdict::not_active},
  };
  for (const auto& l : lines)
    BOOST_TEST_CONTEXT(l.what) BOOST_TEST(name(admissible(l.key ? &*l.key : nullptr, {l.date})) == name(l.then));
}

BOOST_AUTO_TEST_CASE(verdicts_have_their_numbers_and_names) {
  const std::string_view names[] = {"good",       "bad_token", "not_registered", "before_registration",
                                    "not_active", "retired",   "refused"};
  for (unsigned n = 0; n < 256; ++n) {
    BOOST_TEST(valid(static_cast<verdict>(n)) == (n < 7));
    BOOST_TEST(name(static_cast<verdict>(n)) == (n < 7 ? names[n] : "?"));
  }
}

// "Two verdicts in a byte, the first in the low half."
BOOST_AUTO_TEST_CASE(verdicts_are_packed) {
  using enum verdict;
  const std::pair<std::vector<verdict>, bytes> lines[] = {
    {{}, {}},
    {{bad_token}, {0x01}},
    {{bad_token, not_registered}, {0x21}},
    {{refused, good, retired}, {0x06, 0x05}},
    {{good, refused, before_registration, not_active}, {0x60, 0x43}},
  };
  for (const auto& [verdicts, packed] : lines) {
    BOOST_TEST(pack(verdicts) == packed, boost::test_tools::per_element());
    BOOST_CHECK(unpack(packed, verdicts.size()) == verdicts);
  }
  // A count that the bytes do not bear out reads no further than they go.
  BOOST_TEST(unpack({0x21}, 1000).size() == 2u);
  BOOST_TEST(unpack({}, 1).empty());
  BOOST_TEST(rc::check("pack and unpack", [](const std::vector<std::uint8_t>& numbers) {
    std::vector<verdict> verdicts;
    for (auto n : numbers)
      verdicts.push_back(static_cast<verdict>(n % 7));
    RC_ASSERT((unpack(pack(verdicts), verdicts.size()) == verdicts));
    RC_ASSERT(pack(verdicts).size() == (verdicts.size() + 1) / 2);
  }));
}

BOOST_AUTO_TEST_SUITE_END()
