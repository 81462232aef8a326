// EP-10: "Every share of a set can be verified without using it." One spelling, a checksum, a signature.

#include "storage/share_file.hpp"

#include "tests/scenarios/mutation.hpp"
#include "tests/share_text.hpp"
#include "tests/storage/sample_log.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(share_files)
namespace {

/// A share of a set, and its file.
struct sample {
  std::unique_ptr<generator> random = seeded_randomness(11, 1)->stream("shares", 0);
  private_key key = private_key::generate(suite_id::p256, *random);
  share_terms terms{{{1, 2, 3}}, {{4, 5, 6}}, "O00000001", {box_type::oak, 1}, {"Ada"}, 2, 3, 2, {}};
  secret share{bytes(120, 0xa5)};
  std::string text = clear(share_text(terms, share, key, *random));
};

std::string problem(const std::string& text) {
  const auto file = parse_share(wiped(text));
  return file ? file->signature_valid ? "" : "signature" : file.error();
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_share_is_read_as_it_was_written, sample) {
  const auto file = parse_share(wiped(text));
  BOOST_REQUIRE_MESSAGE(file, problem(text));
  BOOST_TEST(file->signature_valid);
  auto wanted = terms;
  wanted.key = key.public_part().spki();
  BOOST_CHECK(file->terms == wanted);
  BOOST_CHECK(reveal(file->share) == reveal(share));
  BOOST_TEST(lines_of(text).size() == 13u);
  terms.of = domain_share_purpose;
  BOOST_TEST(problem(clear(share_text(terms, share, key, *random))) == "");
}

// A slip of a medium or a typist: the checksum or the form finds each byte, whatever it becomes.
BOOST_FIXTURE_TEST_CASE(every_byte_counts, sample) {
  for (std::size_t at = 0; at < text.size(); ++at)
    for (unsigned change = 1; change < 256; change *= 2) {
      auto spoilt = text;
      spoilt[at] = static_cast<char>(static_cast<unsigned char>(spoilt[at]) ^ change);
      BOOST_REQUIRE_MESSAGE(!parse_share(wiped(spoilt)), "byte " << at << " xor " << change);
    }
  for (std::size_t size = 0; size < text.size(); ++size)
    BOOST_REQUIRE_MESSAGE(!parse_share(wiped(text.substr(0, size))), "cut to " << size);
  BOOST_TEST(problem(text + "\n") == "there is more after the last line");
}

// Who writes a new checksum meets the signature.
BOOST_FIXTURE_TEST_CASE(every_line_is_signed, sample) {
  const auto own = private_key::generate(suite_id::p256, *random);
  const auto other = clear(share_text(terms, secret{bytes(120, 0xa6)}, own, *random));
  const auto line_in = [](const std::string& from, const std::string& key) {
    for (const auto& l : lines_of(from))
      if (l.starts_with(key + " = "))
        return l.substr(0, l.size() - 1);
    return std::string{};
  };
  const std::string zeros(64, '0');
  const std::pair<std::string, std::string> altered[] = {
    {"log", "log = \"" + zeros + '"'}, {"set", "set = \"" + zeros.substr(32) + '"'},
    {"for", "for = \"O00000002\""},    {"for", "for = \"domain-key-set\""},
    {"box", "box = \"M00000001\""},    {"custodian", "custodian = \"Bela\""},
    {"index", "index = 1"},            {"count", "count = 2"},
    {"threshold", "threshold = 1"},    {"share", line_in(other, "share")},
    {"key", line_in(other, "key")},    {"signature", line_in(other, "signature")},
    {"key", "key = \"00\""},           {"signature", "signature = \"00\""},
  };
  for (const auto& [key_of, line] : altered)
    BOOST_TEST(problem(with_line(text, key_of, line)) == "signature", line);
}

// What is well signed and summed and still no share file: by a key of his own, anybody can sign anything.
BOOST_FIXTURE_TEST_CASE(the_form_is_strict, sample) {
  const std::pair<std::string, std::string> wrong[] = {
    {"format", "format = \"oaksteel share 1\""},
    {"format", "oaksteel share 2"},
    {"log", "log = \"" + std::string(63, '0') + '"'},
    {"log", "log = \"" + std::string(64, 'A') + '"'},
    {"set", "set = \"\""},
    {"for", "for = \"o1\""},
    {"for", "for = \"\""},
    {"box", "box = \"X00000001\""},
    {"custodian", "custodian = \"A B\""},
    {"custodian", "custodian = \"..\""},
    {"custodian", "custodian = \"Ada\" # me"},
    {"index", "index = 0"},
    {"index", "index = 4"},
    {"index", "index = 02"},
    {"index", "index = +2"},
    {"index", "index = -1"},
    {"index", "index = 2 "},
    {"index", "index = 4294967298"},
    {"index", "index = \"2\""},
    {"index", "index =  2"},
    {"count", "count = 300"},
    {"count", "count = 17"},
    {"threshold", "threshold = 4"},
    {"threshold", "threshold = 0"},
    {"share", "share = \"\""},
    {"share", "share = \"abc\""},
    {"share", "share = \"AB\""},
    {"share", "share = \"zz\""},
    {"share", "share = \"a b\""},
    {"share", "share = 'ab'"},
    {"share", "share = \"ab"},
    {"key", "key = \"\""},
    {"signature", "signature = \"\""},
    {"signature", "# signature = \"ab\""},
  };
  for (const auto& [key_of, line] : wrong) {
    const auto said = problem(with_line(text, key_of, line));
    BOOST_TEST((!said.empty() && said != "signature"), line);
    BOOST_TEST(said.find('\n') == std::string::npos);
  }
  const auto lines = lines_of(text);
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    auto fewer = lines, doubled = lines, turned = lines;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    std::swap(turned[i], turned[i == 0 ? 1 : i - 1]);
    for (const auto& changed : {fewer, doubled, turned}) {
      const auto said = problem(summed_again(joined(changed)));
      BOOST_TEST((!said.empty() && said != "signature"), "line " << i + 1);
    }
  }
  BOOST_TEST(problem("") == "line 1 is not `format` as it was written");
  BOOST_TEST(problem(with_line(text, "index", "index = 02")) == "line 7 is not `index` as it was written");
  BOOST_TEST(problem(std::string(media_file_limit, '"')) != "");
}

// Nothing that is not the text itself is taken for a valid share, and none is read beyond its end (ASan).
BOOST_FIXTURE_TEST_CASE(random_mistakes_are_found, sample) {
  std::mt19937_64 random_changes{random_seed()};
  for (int i = 0; i < 5000; ++i) {
    const auto changed = mutated(text, random_changes);
    BOOST_REQUIRE_MESSAGE(changed == text || problem(changed) != "", changed);
    const auto again = mutated(text.substr(0, text.rfind("checksum")), random_changes);
    const auto forged = summed_again(again + "checksum = ");
    BOOST_REQUIRE_MESSAGE(forged == text || problem(forged) != "", forged);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
