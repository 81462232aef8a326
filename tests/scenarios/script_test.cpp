#include "scenarios/script.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>

namespace oaksteel {

BOOST_AUTO_TEST_SUITE(scenario_script)
namespace {

/// A small scenario without a mistake.
const std::string right = R"(name = "day"
seed = 7
suite = "p256"
start = "2026-03-02T06:00:00Z"
[[domain]]
id = "VE"
kind = "vendor"
sub_domain = "US"
[[domain]]
id = "USPS"
kind = "postal"
sub_domain = "DE"
zone = "+01:00"
[[box]]
slot = "m-1"
type = "manufacturing"
custodians = ["Ada", "Bela", "Clara"]
[[box]]
slot = "oak-1"
type = "oak"
domains = ["VE", "USPS"]
custodians = ["Dora", "Emil"]
[[box]]
slot = "brass-1"
type = "brass"
domains = ["VE", "USPS"]
threshold = 1
custodians = ["Hana"]
[[box]]
slot = "steel-1"
type = "steel"
domains = ["VE", "USPS"]
active = "USPS"
custodians = ["Lena", "Max"]
[[box]]
slot = "oak-2"
type = "oak"
domains = ["USPS"]
custodians = ["Nora", "Otto"]
[[box]]
slot = "brass-2"
type = "brass"
domains = ["USPS"]
custodians = ["Paul", "Rosa"]
[[box]]
slot = "steel-2"
type = "steel"
domains = ["VE"]
custodians = ["Sara", "Theo"]
[[fault]]
meter = "M1"
domain = "VE"
what = "write"
[[step]]
do = "ceremony"
[[step]]
do = "install"
labels = "labels.csv"
domains = ["VE", "USPS"]
[[step]]
do = "scrap"
meters = ["M2"]
reason = "damaged"
[[step]]
do = "register"
count = 5
country = "US"
first_serial = 1001
[[step]]
do = "mail"
pieces = 10
[[step]]
do = "wait"
hours = 24
[[step]]
do = "retire"
meters = ["M3", "M4"]
reason = "withdrawn"
[expect.keys.VE]
Active = 3
[expect.verdicts.USPS]
good = 50
)";

/// `from` replaced by `to` in the text above; the mistake must be reported where `to` has an `@`.
struct wrong {
  std::string from;
  std::string to;
  std::string says;
};

std::string replaced(const std::string& from, const std::string& to) {
  const auto at = right.find(from);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos && right.find(from, at + 1) == std::string::npos, "not once: " + from);
  return right.substr(0, at) + to + right.substr(at + from.size());
}

void check(const wrong& w) {
  std::string text = w.from.empty() ? w.to : replaced(w.from, w.to);
  const auto mark = text.find('@');
  BOOST_REQUIRE_MESSAGE(mark != std::string::npos, "no mark: " + w.to);
  text.erase(mark, 1);
  const std::string before = text.substr(0, mark);
  const auto line = 1 + std::ranges::count(before, '\n');
  const auto column = mark - (before.rfind('\n') + 1) + 1; // npos + 1 is 0
  const auto result = parse_script(text, "f");
  BOOST_TEST_INFO("for " << w.to);
  BOOST_REQUIRE(!result);
  const std::string start = "f:" + std::to_string(line) + ":" + std::to_string(column) + ": ";
  BOOST_TEST(result.error().text().substr(0, start.size()) == start,
             "wrong place: " << result.error().text() << "\n  for " << w.to << "\n  wanted " << start);
  BOOST_TEST(result.error().problem.find(w.says) != std::string::npos,
             "wrong words: " << result.error().text() << "\n  for " << w.to << "\n  wanted " << w.says);
  BOOST_TEST(result.error().problem.find("; ") != std::string::npos,
             "says not what is right: " << result.error().text());
}

std::string repeated(std::size_t n, const std::string& s) {
  std::string all;
  for (std::size_t i = 0; i < n; ++i)
    all += s;
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(reads_every_key_and_its_default) {
  const auto result = parse_script(right, "f");
  BOOST_REQUIRE_MESSAGE(result, (result ? "" : result.error().text()));
  const script& s = *result;
  BOOST_TEST(s.name == "day");
  BOOST_TEST(s.seed == 7u);
  BOOST_CHECK(s.suite == suite_id::p256);
  BOOST_TEST(s.start.us == 1772431200000000);
  BOOST_REQUIRE_EQUAL(s.domains.size(), 2u);
  BOOST_TEST(s.domains[1].id.text == "USPS");
  BOOST_TEST(s.domains[1].kind == "postal");
  BOOST_TEST(s.domains[1].sub_domain.text == "DE");
  BOOST_TEST(s.domains[1].zone.minutes == 60);
  BOOST_TEST(s.domains[0].zone.minutes == 0);
  BOOST_REQUIRE_EQUAL(s.boxes.size(), 7u);
  BOOST_CHECK(s.boxes[0].type == box_type::manufacturing && !s.boxes[0].active && s.boxes[0].threshold == 2);
  BOOST_CHECK(s.boxes[1].type == box_type::oak && s.boxes[1].active && s.boxes[1].active->text == "VE");
  BOOST_CHECK(s.boxes[2].threshold == 1 && s.boxes[2].custodians.size() == 1);
  BOOST_CHECK(s.boxes[3].active && s.boxes[3].active->text == "USPS" && s.boxes[3].slot.text == "steel-1");
  BOOST_REQUIRE_EQUAL(s.faults.size(), 1u);
  BOOST_CHECK(s.faults[0].meter.text == "M1" && s.faults[0].what == "write" && s.faults[0].times == 1);
  BOOST_REQUIRE_EQUAL(s.steps.size(), 7u);
  BOOST_CHECK(std::holds_alternative<first_ceremony_step>(s.steps[0]));
  BOOST_CHECK(std::get<install_step>(s.steps[1]).labels == "labels.csv");
  BOOST_CHECK(std::get<scrap_step>(s.steps[2]).reason == "damaged");
  const auto& registered = std::get<register_step>(s.steps[3]);
  BOOST_CHECK(registered.count == 5 && registered.first_serial == 1001 && registered.serial_digits == 7);
  const auto& mail = std::get<mail_step>(s.steps[4]);
  BOOST_CHECK(mail.pieces == 10 && mail.forged == 0 && mail.origin == "06926" && mail.batch == 1000);
  BOOST_CHECK(std::get<wait_step>(s.steps[5]).hours == 24);
  BOOST_CHECK(std::get<retire_step>(s.steps[6]).meters.size() == 2);
  BOOST_TEST(s.expect.keys.at(domain_id{"VE"}).at("Active") == 3u);
  BOOST_TEST(s.expect.verdicts.at(domain_id{"USPS"}).at("good") == 50u);
}

BOOST_AUTO_TEST_CASE(says_where_each_mistake_at_the_top_is) {
  const wrong table[] = {
      {"", "@", "no `name`"},
      {"", "@[[domain]]\nid = \"VE\"\n", "no `name` in this scenario; add one, for example name = \"factory-day\""},
      {"seed = 7", "@sed = 7",
       "unknown key \"sed\" in this scenario; did you mean \"seed\"? known here: name, seed, suite"},
      {"seed = 7", "@wholly_else = 7", "unknown key \"wholly_else\" in this scenario; known here: name"},
      {"seed = 7", "@\"b\\nl\\u001b\\u009b\" = 7", "unknown key \"b\\x0al\\x1b\\xc2\\x9b\" in this scenario"},
      {"seed = 7", "@" + std::string(1000, 'x') + " = 7",
       "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" in this scenario; known"},
      {"seed = 7", "seed = @\"7\"", "`seed` is \"7\"; it must be a whole number from 0 to 9223372036854775807"},
      {"seed = 7", "seed = @-1", "`seed` is -1; it must be a whole number from 0"},
      {"seed = 7", "seed = @1.5", "`seed` is a number with a fraction; it must be a whole number"},
      {"seed = 7", "seed = @true", "`seed` is true"},
      {"seed = 7", "seed = @2026-03-02", "`seed` is a date or time without quotes"},
      {"seed = 7", "seed = @[7]", "`seed` is an array of 1"},
      {"seed = 7", "seed = @{a = 1}", "`seed` is a table"},
      {"seed = 7", "seed = 9223372036854775808@", "; the file must be TOML"},
      {"name = \"day\"", "name = @\"\"", "`name` is \"\"; it must be a text of 1 to 200 bytes on one line"},
      {"name = \"day\"", "name = @\"a\\nb\"", "`name` is \"a\\x0ab\"; it must be a text"},
      {"name = \"day\"", "name = @" + std::string("\"") + std::string(201, 'n') + "\"",
       "it must be a text of 1 to 200"},
      {"name = \"day\"", "name = @5", "`name` is 5; it must be a text"},
      {"suite = \"p256\"", "suite = @\"p265\"",
       "unknown suite \"p265\"; did you mean \"p256\"? known here: rsa3072, p256"},
      {"suite = \"p256\"", "suite = @256", "`suite` is 256; it must be the name of a suite in quotes"},
      {"start = \"2026-03-02T06:00:00Z\"", "start = @2026-03-02T06:00:00Z", "`start` is a date or time without quotes"},
      {"start = \"2026-03-02T06:00:00Z\"", "start = @\"today\"",
       "`start` is \"today\"; it must be a time from 1970 to 2099"},
      {"start = \"2026-03-02T06:00:00Z\"", "start = @\"2100-01-01T00:00:00Z\"", "it must be a time from 1970 to 2099"},
      {"start = \"2026-03-02T06:00:00Z\"", "start = @\"1969-12-31T23:59:59Z\"", "it must be a time from 1970 to 2099"},
  };
  for (const auto& w : table)
    check(w);
}

BOOST_AUTO_TEST_CASE(says_where_each_mistake_in_toml_is) {
  const wrong table[] = {
    {"seed = 7", "seed = 7\nseed = @8", "; the file must be TOML"},
    {"seed = 7", "seed @7", "; the file must be TOML"},
    {"seed = 7", "\"k\\u009b" + std::string(500, 'k') + "\" = 1\n\"k\\u009b" + std::string(500, 'k') + "\" = @1",
     "k...; the file must be TOML"},
    {"seed = 7", "seed =@", "; the file must be TOML"},
    {"name = \"day\"", "name = \"day@", "; the file must be TOML"},
    {"seed = 7", "seed = 7\n@\rx = 1", "a carriage return alone; lines must end"},
    {"seed = 7", "seed = 7 # a@\xff", "bytes that are not UTF-8"},
    {"seed = 7", std::string("seed = @\0", 9), "a NUL byte"},
    {"name = \"day\"", "name = @\"\"\"day\"\"\"", "a text over several lines; it must be on one line"},
    {"name = \"day\"", "name = @'''day'''", "a text over several lines"},
    {"seed = 7", "[[@[1]]]", "; the file must be TOML"},
    {"seed = 7", "[[@=", "; the file must be TOML"},
    {"seed = 7", "se@\u00e9d = 7", "a character outside of quotes that is not ASCII; texts must be in quotes"},
    {"seed = 7", "seed =@\u00a07 # no-break space", "a character outside of quotes that is not ASCII"},
    {"seed = 7", "seed = [[[[[[[[@[]]]]]]]]]", "too many brackets; at most 8"},
    {"seed = 7", repeated(16, "a.") + "a@.a = 1", "too many dots; a key must have at most 17 parts"},
  };
  for (const auto& w : table)
    check(w);
}

BOOST_AUTO_TEST_CASE(says_where_each_mistake_in_a_domain_is) {
  const wrong table[] = {
    {"[[domain]]\nid = \"VE\"\n", "@[[domain]]\n", "no `id` in [[domain]]; add one, for example id = \"VE\""},
    {"id = \"VE\"", "id = @\"ve\"", "`id` is \"ve\"; it must be a domain id (2 to 8 capital letters or digits"},
    {"id = \"VE\"", "id = @7", "`id` is 7; it must be a domain id"},
    {"id = \"USPS\"", "id = @\"VE\"", "there is a domain \"VE\" already; each must have its own id"},
    {"kind = \"vendor\"", "kind = @\"earth\"", "unknown kind \"earth\"; known here: vendor, postal"},
    {"kind = \"vendor\"", "@knd = \"vendor\"", "unknown key \"knd\" in [[domain]]; did you mean \"kind\"?"},
    {"sub_domain = \"US\"", "sub_domain = @\"USA\"", "it must be a country code (two capital letters"},
    {"sub_domain = \"US\"", "sub_domain = \"US\"\nzone = @\"UTC\"", "it must be a time zone from \"-12:00\" to \"+14:00\""},
    {"sub_domain = \"US\"", "sub_domain = \"US\"\nzone = @60", "it must be a time zone from \"-12:00\" to \"+14:00\""},
    {"", "name = \"a\"\nstart = \"2026-03-02T06:00:00Z\"\n@[domain]\nid = \"VE\"\n", "write [[domain]] above each"},
    {"", "name = \"a\"\nstart = \"2026-03-02T06:00:00Z\"\ndomain = @\"VE\"\n", "write [[domain]] above each"},
    {"", "name = \"a\"\nstart = \"2026-03-02T06:00:00Z\"\ndomain = [@\"VE\"]\n", "write [[domain]] above it"},
    {"", "@name = \"a\"\nstart = \"2026-03-02T06:00:00Z\"\n",
     "no `domain` in this scenario; add one, for example [[dom"},
  };
  for (const auto& w : table)
    check(w);
}

BOOST_AUTO_TEST_CASE(says_where_each_mistake_in_a_box_is) {
  const std::string oak = "slot = \"oak-1\"\ntype = \"oak\"\ndomains = [\"VE\", \"USPS\"]\n";
  const std::string steel = "active = \"USPS\"\ncustodians = [\"Lena\", \"Max\"]";
  const wrong table[] = {
      {"slot = \"oak-1\"", "slot = @\"m-1\"", "there is a box in slot \"m-1\" already"},
      {"slot = \"oak-1\"", "slot = @\"oak 1\"", "it must be 1 to 32 letters, digits, `-`, `_` or `.`, not dots alone"},
      {"[[box]]\nslot = \"oak-1\"", "@[[box]]", "no `slot` in [[box]]"},
      {oak, "slot = \"oak-1\"\ntype = @\"gold\"\ndomains = [\"VE\"]\n",
       "unknown box type \"gold\"; known here: manufacturing, oak, steel, brass, tin"},
      {oak, "slot = \"oak-1\"\ntype = @\"Oak\"\ndomains = [\"VE\"]\n", "did you mean \"oak\"?"},
      {"type = \"manufacturing\"", "type = \"manufacturing\"\ndomains = @[\"VE\"]", "leave `domains` out"},
      {"[[box]]\n" + oak, "@[[box]]\nslot = \"oak-1\"\ntype = \"oak\"\n", "no `domains` in this box; add"},
      {oak, "slot = \"oak-1\"\ntype = \"oak\"\ndomains = @[]\n",
       "`domains` is an array of 0; it must be an array of 1 to 32"},
      {oak, "slot = \"oak-1\"\ntype = \"oak\"\ndomains = @\"VE\"\n", "`domains` is \"VE\"; it must be an array"},
      {oak, "slot = \"oak-1\"\ntype = \"oak\"\ndomains = [\"VE\", @\"USP\"]\n",
       "unknown domain \"USP\"; did you mean \"USPS\"? known here: VE, USPS"},
      {oak, "slot = \"oak-1\"\ntype = \"oak\"\ndomains = [@7]\n",
       "a value in `domains` is 7; it must be the name of a domain"},
      {oak, "slot = \"oak-1\"\ntype = \"oak\"\ndomains = [\"VE\", @\"VE\"]\n",
       "\"VE\" is in `domains` twice; name each once"},
      {oak, "slot = \"oak-1\"\ntype = \"oak\"\ndomains = [\"VE\"]\nactive = @\"USPS\"\n",
       "\"USPS\" is not served by this box"},
      {"active = \"USPS\"", "active = @\"UKRM\"", "unknown domain \"UKRM\"; known here"},
      {"threshold = 1", "threshold = @0", "`threshold` is 0; it must be a whole number from 1 to 16"},
      {"threshold = 1", "threshold = @17", "`threshold` is 17; it must be a whole number from 1 to 16"},
      {"threshold = 1", "threshold = @2",
       "the threshold is 2 (2 when left out) of 1 custodians; it must be at most their"},
      {"[[box]]\nslot = \"brass-1\"\ntype = \"brass\"\ndomains = [\"VE\", \"USPS\"]\nthreshold = 1\n",
       "@[[box]]\nslot = \"brass-1\"\ntype = \"brass\"\ndomains = [\"VE\", \"USPS\"]\n",
       "of 1 custodians; it must be at most"},
      {"[\"Hana\"]", "@[]", "`custodians` is an array of 0; it must be an array of 1 to 16 texts"},
      {"[\"Hana\"]",
       "@[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\",\"l\",\"m\",\"n\",\"o\",\"p\",\"q\"]",
       "`custodians` is an array of 17; it must be an array of 1 to 16 texts"},
      {steel, "active = \"USPS\"\ncustodians = [\"Lena\", @\"Lena\"]", "\"Lena\" is in `custodians` twice"},
      {steel, "active = \"USPS\"\ncustodians = [\"Lena\", @\"M x\"]",
       "a value in `custodians` is \"M x\"; it must be 1 to 32"},
      {steel, "active = \"USPS\"\n@custodian = [\"Lena\", \"Max\"]", "did you mean \"custodians\"?"},
      {"[[box]]\nslot = \"m-1\"\ntype = \"manufacturing\"\n",
       "@[[box]]\nslot = \"m-1\"\ntype = \"brass\"\ndomains = [\"VE\"]\n",
       "no manufacturing box; add a [[box]] with type = \"manufacturing\""},
  };
  for (const auto& w : table)
    check(w);
}

BOOST_AUTO_TEST_CASE(says_where_each_mistake_in_a_fault_is) {
  const std::string fault = "meter = \"M1\"\ndomain = \"VE\"\nwhat = \"write\"\n";
  const wrong table[] = {
    {fault, "meter = @\"m1\"\ndomain = \"VE\"\nwhat = \"write\"\n",
     "`meter` is \"m1\"; it must be a manufacturing sequence"},
    {fault, "meter = \"M1\"\ndomain = @\"EV\"\nwhat = \"write\"\n", "unknown domain \"EV\""},
    {fault, "meter = \"M1\"\ndomain = \"VE\"\nwhat = @\"wirte\"\n",
     "unknown fault \"wirte\"; did you mean \"write\"? known"},
    {fault, fault + "times = @0\n", "`times` is 0; it must be a whole number from 1 to 100"},
    {fault, fault + "@[[fault]]\n" + fault, "this meter has this fault in this domain already; give `times` there"},
    {"[[fault]]\n" + fault, "[[fault]]\n" + fault + "@[[fault]]\n", "no `meter` in [[fault]]"},
  };
  for (const auto& w : table)
    check(w);
}

BOOST_AUTO_TEST_CASE(reads_the_faults_of_boxes_and_what_a_site_says_of_them) {
  const std::string first = "[[fault]]\nmeter = \"M1\"\n";
  for (const std::string what : {"stuck", "biased", "repeating", "slow", "dead"}) {
    const auto read = parse_script(
      replaced(first, "[[fault]]\nbox = \"oak-2\"\ngenerator = \"software\"\nwhat = \"" + what +
                        "\"\nafter = 70\n" + first),
      "f");
    BOOST_REQUIRE(read);
    BOOST_REQUIRE_EQUAL(read->box_faults.size(), 1u);
    const auto& f = read->box_faults[0];
    BOOST_TEST(f.box.text == "oak-2");
    BOOST_CHECK(f.generator == generator_part::software && f.what == what && f.after == 70);
    BOOST_TEST(read->faults.size() == 1u);
  }
  const auto plain = parse_script(
    replaced(first, "[[fault]]\nbox = \"m-1\"\ngenerator = \"hardware\"\nwhat = \"slow\"\n" + first), "f");
  BOOST_REQUIRE(plain);
  BOOST_CHECK(plain->box_faults[0].generator == generator_part::hardware && plain->box_faults[0].after == 0);
  BOOST_CHECK(plain->degraded == degraded_work::allowed);
  for (const auto& [word, meant] : {std::pair{"allowed", degraded_work::allowed}, {"refused", degraded_work::refused}}) {
    const auto read =
      parse_script(replaced("seed = 7\n", "seed = 7\ndegraded = \"" + std::string{word} + "\"\n"), "f");
    BOOST_REQUIRE(read);
    BOOST_CHECK(read->degraded == meant);
  }
}

BOOST_AUTO_TEST_CASE(reads_how_components_talk) {
  const auto with = [](const std::string& line) {
    return parse_script(replaced("seed = 7\n", "seed = 7\n" + line), "f");
  };
  BOOST_CHECK(!with("")->as_commands);
  BOOST_CHECK(!with("messages = \"direct\"\n")->as_commands);
  BOOST_CHECK(with("messages = \"commands\"\n")->as_commands);
  const auto wrong = with("messages = \"pigeons\"\n");
  BOOST_REQUIRE(!wrong);
  BOOST_CHECK(wrong.error().problem.starts_with("unknown way of messages \"pigeons\""));
}

BOOST_AUTO_TEST_CASE(reads_faults_of_messages) {
  const std::string first = "[[domain]]\nid = \"VE\"\n";
  const std::string commands = "messages = \"commands\"\n";
  const auto read = parse_script(
    replaced(first, commands + "[[fault]]\nmessage = \"MI7\"\nto = \"kmc\"\nnth = 3\nwhat = \"altered\"\n"
                               "field = \"record\"\n[[fault]]\nmessage = \"store record\"\nwhat = \"lost\"\n" + first),
    "f");
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().text()));
  BOOST_REQUIRE_EQUAL(read->message_faults.size(), 2u);
  const auto& altered = read->message_faults[0];
  BOOST_CHECK(altered.message == "MI7" && altered.to == "kmc" && altered.nth == 3 && altered.what == "altered"
              && altered.field == "record");
  const auto& lost = read->message_faults[1];
  BOOST_CHECK(lost.message == "store record" && !lost.to && lost.nth == 1 && lost.what == "lost" && lost.field.empty());
  const auto one = [&](const std::string& text) { return commands + text + first; }; // a [[domain]] ends the fault
  for (const wrong& w : std::vector<wrong>{
         {first, one("[[fault]]\nmessage = @\"MI77\"\nwhat = \"lost\"\n"), "unknown message \"MI77\"; did you mean"},
         {first, one("[[fault]]\nmessage = \"MI7\"\nto = @\"kmd\"\nwhat = \"lost\"\n"),
          "unknown component \"kmd\"; did you mean"},
         {first, one("[[fault]]\nmessage = \"MI7\"\nwhat = @\"eaten\"\n"), "unknown fault of a message \"eaten\""},
         {first, one("[[fault]]\nmessage = \"MI7\"\nnth = @0\nwhat = \"lost\"\n"), "`nth` is 0"},
         {first, one("[[fault]]\nmessage = \"MI7\"\nwhat = \"altered\"\nfield = @\"colour\"\n"),
          "unknown field of MI7 \"colour\""},
         {first, one("@[[fault]]\nmessage = \"MI7\"\nwhat = \"altered\"\n"), "`field` is missing"},
         {first, one("@[[fault]]\nmessage = \"MI7\"\nwhat = \"lost\"\nfield = \"key\"\n"),
          "a message is lost as a whole; leave its `field` out"},
         {first, one("@[[fault]]\nmessage = \"MI8\"\nwhat = \"wrong_signature\"\nfield = \"key\"\n"),
          "unknown record of MI8 \"key\""},
         {first, one("@[[fault]]\nmessage = \"MI2\"\nwhat = \"wrong_steel\"\n"),
          "MI2 holds nothing that can be wrong_steel"},
         {first, one("[[fault]]\nmessage = \"MI7\"\nwhat = @\"sender_restarted\"\n"),
          "unknown fault of a message \"sender_restarted\""},
         {first, "@[[fault]]\nmessage = \"MI7\"\nwhat = \"lost\"\n" + first, "messages go directly here"},
       })
    check(w);
}

BOOST_AUTO_TEST_CASE(says_where_each_mistake_in_a_fault_of_a_box_is) {
  const std::string first = "[[fault]]\nmeter = \"M1\"\n";
  const std::string fault = "box = \"oak-1\"\ngenerator = \"hardware\"\nwhat = \"stuck\"\n";
  const auto one = [&](const std::string& text) { return "[[fault]]\n" + text + first; };
  for (const wrong& w : std::vector<wrong>{
         {first, one("box = @\"oak-9\"\ngenerator = \"hardware\"\nwhat = \"stuck\"\n"), "unknown box \"oak-9\""},
         {first, one("box = \"oak-1\"\ngenerator = @\"hard\"\nwhat = \"stuck\"\n"), "unknown generator \"hard\""},
         {first, one("box = \"oak-1\"\ngenerator = \"hardware\"\nwhat = @\"write\"\n"), "unknown fault \"write\""},
         {first, one(fault + "after = @-1\n"), "must be a whole number from 0"},
         {first, one(fault + "@times = 1\n"), "unknown key \"times\""},
         {first, "@" + one("box = \"oak-1\"\nwhat = \"stuck\"\n"), "no `generator` in [[fault]] of a box"},
         {first, "@" + one("box = \"oak-1\"\ngenerator = \"software\"\n"), "no `what` in [[fault]] of a box"},
         {first, "[[fault]]\n" + fault + "@" + one(fault), "this generator has a fault already"},
         {first, one("box = \"steel-1\"\ngenerator = @\"hardware\"\nwhat = \"stuck\"\n"),
          "a steel box has no hardware generator"},
         {"seed = 7\n", "seed = 7\ndegraded = @\"no\"\n", "unknown word for degraded work \"no\""},
       })
    check(w);
}

BOOST_AUTO_TEST_CASE(says_where_each_mistake_in_a_step_is) {
  const std::string labels = "labels = \"labels.csv\"\ndomains = [\"VE\", \"USPS\"]";
  const std::string registered = "count = 5\ncountry = \"US\"\nfirst_serial = 1001";
  const wrong table[] = {
    {"do = \"scrap\"", "do = @\"scarp\"",
     "unknown step \"scarp\"; did you mean \"scrap\"? known here: ceremony, domain"},
    {"do = \"scrap\"", "do = @5", "`do` is 5; it must be the name of a step in quotes"},
    {"[[step]]\ndo = \"scrap\"\n", "@[[step]]\n", "no `do` in [[step]]"},
    {"do = \"ceremony\"", "do = \"ceremony\"\n@boxes = 1",
     "unknown key \"boxes\" in [[step]] ceremony; known here: do"},
    {"do = \"ceremony\"", "do = @\"wait\"\nhours = 1",
     "`wait` before any `ceremony`; put a step with do = \"ceremony\""},
    {"[[step]]\ndo = \"ceremony\"\n", "[[step]]\ndo = \"ceremony\"\n@[[step]]\ndo = \"ceremony\"\n",
     "a second `ceremony`"},
    {"[[step]]\ndo = \"ceremony\"\n[[step]]\ndo = \"install\"", "[[step]]\ndo = @\"install\"", "before any `ceremony`"},
    {"do = \"install\"\n" + labels, "do = @\"scrap\"\nmeters = [\"M9\"]\nreason = \"x\"",
     "`scrap` before any `install`"},
    {"do = \"install\"\n" + labels, "do = @\"register\"\n" + registered, "`register` before any `install`"},
    {"do = \"register\"\n" + registered, "do = @\"retire\"\nmeters = [\"M9\"]\nreason = \"x\"",
     "before any `register`"},
    {"do = \"register\"\n" + registered, "do = @\"mail\"\npieces = 1", "`mail` before any `register`"},
    {labels, "labels = @\"../labels.csv\"\ndomains = [\"VE\"]",
     "it must be the name of a file beside the scenario file"},
    {labels, "labels = @\"..\"\ndomains = [\"VE\"]", "it must be the name of a file beside the scenario file"},
    {labels, "labels = @7\ndomains = [\"VE\"]", "`labels` is 7; it must be a text"},
    {labels, "labels = \"labels.csv\"\ndomains = [\"VE\", @\"UPS\"]", "unknown domain \"UPS\"; did you mean \"USPS\"?"},
    {labels, "labels = \"labels.csv\"\ndomains = [\"VE\", @\"VE\"]", "\"VE\" is in `domains` twice"},
    {"[[step]]\ndo = \"install\"\n" + labels, "@[[step]]\ndo = \"install\"\nlabels = \"labels.csv\"",
     "no `domains` in [[step]] install"},
    {"meters = [\"M2\"]", "meters = [\"M2\", @\"M2\"]", "meter \"M2\" leaves twice; name it in one"},
    {"meters = [\"M3\", \"M4\"]", "meters = [\"M3\", @\"M2\"]", "meter \"M2\" leaves twice; name it in one"},
    {"meters = [\"M3\", \"M4\"]", "meters = [@\"3-M\"]",
     "a value in `meters` is \"3-M\"; it must be a manufacturing seq"},
    {"reason = \"damaged\"", "reason = @\"\"", "`reason` is \"\"; it must be a text"},
    {"count = 5", "count = @0", "`count` is 0; it must be a whole number from 1 to 1000000"},
    {"count = 5", "count = @1000001", "it must be a whole number from 1 to 1000000"},
    {"country = \"US\"", "country = @\"us\"", "it must be a country code"},
    {registered, "count = 5\ncountry = \"US\"\nfirst_serial = @9999996",
     "serial numbers from 9999996 to 10000000 must fit in 7 digits; see `serial_digits`"},
    {registered, registered + "\nserial_digits = @13", "it must be a whole number from 1 to 12"},
    {registered, "count = 5\ncountry = \"US\"\nfirst_serial = @1000000000000", "from 0 to 999999999999"},
    {"pieces = 10", "pieces = @0", "it must be a whole number from 1 to 100000"},
    {"pieces = 10", "pieces = @100001", "it must be a whole number from 1 to 100000"},
    {"pieces = 10", "pieces = 10\nforged = @1000001",
     "`forged` is 1000001; it must be a whole number from 0 to 1000000"},
    {"pieces = 10", "pieces = 10\naltered = @-1", "`altered` is -1"},
    {"pieces = 10", "pieces = 10\nmisdated = @\"1\"", "`misdated` is \"1\""},
    {"pieces = 10", "pieces = 10\nunregistered = @[]", "`unregistered` is an array of 0"},
    {"pieces = 10", "pieces = 10\norigin = @\"06926-0001\"", "it must be a postal code of 1 to 10 digits"},
    {"pieces = 10", "pieces = 10\norigin = @6926",
     "`origin` is 6926; it must be a postal code of 1 to 10 digits in quotes"},
    {"pieces = 10", "pieces = 10\nbatch = @0", "`batch` is 0; it must be a whole number from 1 to 10000"},
    {"pieces = 10", "pieces = 10\nbatch = @10001", "`batch` is 10001"},
    {"pieces = 10", "pieces = 10\n@hours = 1",
     "unknown key \"hours\" in [[step]] mail; known here: do, pieces, forged"},
    {"hours = 24", "hours = @100001", "`hours` is 100001; it must be a whole number from 1 to 100000"},
    {"[[step]]\ndo = \"wait\"\nhours = 24\n",
     repeated(10, "[[step]]\ndo = \"wait\"\nhours = 100000\n") + "[[step]]\ndo = \"wait\"\nhours = @1\n",
     "the waiting so far is 1000001 hours; all together must be at most 1000000"},
  };
  for (const auto& w : table)
    check(w);
}

BOOST_AUTO_TEST_CASE(reads_where_chance_begins) {
  const std::string wait = "[[step]]\ndo = \"wait\"\nhours = 24\n";
  const std::string chance = "[[step]]\ndo = \"chance\"\nmessages = 20\n";
  const auto in_commands = [&](const std::string& steps) {
    auto text = replaced("seed = 7\n", "seed = 7\nmessages = \"commands\"\n");
    return parse_script(text.replace(text.find(wait), wait.size(), steps), "f");
  };
  const auto read = in_commands(chance + "memory = 300\nrecords = 80\nends = 3\n");
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().text()));
  const auto [terms, step] = chance_of(*read);
  BOOST_REQUIRE(terms);
  BOOST_CHECK(terms->messages == 20 && terms->memory == 300 && terms->records == 80 && terms->ends == 3);
  BOOST_CHECK(std::holds_alternative<chance_step>(read->steps[step - 1]));
  BOOST_CHECK(!chance_of(*in_commands(wait)).first);

  for (const wrong& w : std::vector<wrong>{
         {wait, "@" + chance, "messages go directly here; write `messages = \"commands\"`"},
         {wait, "@[[step]]\ndo = \"chance\"\n", "no `messages` in [[step]] chance"},
         {wait, "[[step]]\ndo = \"chance\"\nmessages = @1001\n", "`messages` is 1001"},
         {wait, chance + "memory = @-1\n", "`memory` is -1"},
         {wait, chance + "@luck = 1\n", "unknown key \"luck\""},
       })
    check(w);
  for (const auto& [steps, problem] :
       {std::pair{chance + "records = 5\n", "`records` says when"}, {chance + "ends = 5\n", "`records` says when"},
        {chance + chance, "a second `chance`"}}) {
    const auto wrong = in_commands(steps);
    BOOST_REQUIRE(!wrong);
    BOOST_CHECK_MESSAGE(wrong.error().problem.starts_with(problem) && wrong.error().line > 0, wrong.error().text());
  }
}

BOOST_AUTO_TEST_CASE(wants_an_oak_a_steel_and_a_brass_where_keys_are_installed) {
  for (std::string_view type : {"oak", "steel", "brass"}) {
    std::string text = right;
    const std::string domains = type == "steel" ? "[\"VE\"]" : "[\"VE\", \"USPS\"]";
    const std::string box = "type = \"" + std::string{type} + "\"\ndomains = " + domains + "\n";
    text.replace(text.find(box), box.size(), "type = \"" + std::string{type} + "\"\ndomains = [\"USPS\"]\n");
    const auto result = parse_script(text, "f");
    BOOST_REQUIRE(!result);
    BOOST_TEST(result.error().text() == "f:59:12: domain \"VE\" is active in no " + std::string{type} +
                                          " box; add a [[box]] with this type in which this domain is `active`");
  }
}

BOOST_AUTO_TEST_CASE(says_where_each_mistake_in_the_expectations_is) {
  const std::string keys = "[expect.keys.VE]\nActive = 3\n";
  const wrong table[] = {
    {keys, "[expect.@key.VE]\nActive = 3\n",
     "unknown key \"key\" in [expect]; did you mean \"keys\"? known here: boxes, keys, verd"},
    {keys, "[expect.keys.@EV]\nActive = 3\n", "unknown domain \"EV\""},
    {keys, "[expect.keys.VE]\n@active = 3\n",
     "unknown key status \"active\"; did you mean \"Active\"? known here: New, Inst"},
    {keys, "[expect.keys.VE]\nActive = @-3\n", "`Active` is -3; it must be a whole number from 0"},
    {keys, "[expect.keys]\nVE = @3\n", "`VE` is 3; it must be a table; write [expect.keys.VE]"},
    {keys, "[expect]\nkeys = @3\n", "`keys` is 3; it must be a table with one table for each domain"},
    {"good = 50", "@god = 50",
     "unknown verdict \"god\"; did you mean \"good\"? known here: good, bad_token, not_registered"},
    {"good = 50", "@altered = 50", "unknown verdict \"altered\"; known here"},
    {"good = 50", "good = @\"50\"", "`good` is \"50\"; it must be a whole number"},
    {keys + "[expect.verdicts.USPS]\ngood = 50\n", "@[[expect]]\n", "`expect` is an array of 1; it must be a table"},
  };
  for (const auto& w : table)
    check(w);
}

BOOST_AUTO_TEST_CASE(bounds_how_many_tables_there_are) {
  struct bound {
    std::size_t more; ///< than in the right text are allowed
    std::string table;
    std::string says;
  };
  const bound bounds[] = {
    {30, "[[domain]]\nkind = \"postal\"\nsub_domain = \"US\"\nid = \"D#\"\n",
     "too many [[domain]]; a scenario must have at most 32"},
    {57, "[[box]]\ntype = \"oak\"\ndomains = [\"VE\"]\ncustodians = [\"A\", \"B\"]\nslot = \"s#\"\n",
     "must have at most 64"},
    {999, "[[fault]]\ndomain = \"VE\"\nwhat = \"tokens\"\nmeter = \"M#\"\n", "must have at most 1000"},
    {993, "[[step]]\ndo = \"wait\"\nhours = 1\n", "must have at most 1000"},
  };
  for (const auto& b : bounds) {
    std::string text = right;
    const auto add = [&](std::size_t i) {
      std::string table = b.table;
      if (const auto number = table.find('#'); number != std::string::npos)
        table.replace(number, 1, std::to_string(i));
      return table;
    };
    for (std::size_t i = 0; i < b.more; ++i)
      text += add(i);
    BOOST_TEST(parse_script(text, "f").has_value());
    check({"", text + "@" + add(b.more), b.says});
  }
}

BOOST_AUTO_TEST_CASE(gives_one_line_with_file_line_and_column) {
  const auto text = [](const std::string& scenario) { return parse_script(scenario, "days/f.toml").error().text(); };
  BOOST_TEST(text(replaced("threshold = 1", "threshold = 0")) ==
             "days/f.toml:27:13: `threshold` is 0; it must be a whole number from 1 to 16");
  BOOST_TEST(
    text(replaced("\"Emil\"", "\"D\u00f6ra\"]\nkey = [\"x\"")) ==
    "days/f.toml:23:1: unknown key \"key\" in [[box]]; known here: slot, type, node, domains, active, threshold, custodians");
  // Columns count characters: the two bytes of the o with its two dots are one.
  BOOST_TEST(text(replaced("name = \"day\"", "name = \"d\u00f6y\" x")).starts_with("days/f.toml:1:14: "));
  BOOST_TEST(text(std::string(scenario_limit + 1, '\n')) ==
             "days/f.toml: the scenario file is too large; it must have at most 262144 bytes");
}

BOOST_AUTO_TEST_CASE(accepts_a_byte_order_mark_and_crlf) {
  std::string text = "\xef\xbb\xbf";
  for (char c : right)
    text += c == '\n' ? "\r\n" : std::string(1, c);
  BOOST_TEST(parse_script(text, "f").has_value());
  const auto at = text.find("\"vendor\"");
  text.replace(at, 8, "\"winner\"");
  BOOST_TEST(parse_script(text, "f").error().text() == "f:7:8: unknown kind \"winner\"; known here: vendor, postal");
  BOOST_TEST(parse_script("\xef\xbb\xbfx = 1", "f").error().text().starts_with("f:1:1: unknown key"));
}

BOOST_AUTO_TEST_CASE(survives_deep_and_large_texts) {
  const auto fails = [](const std::string& text) { BOOST_TEST(!parse_script(text, "f").has_value()); };
  fails(repeated(100'000, "a.") + "a = 1");
  fails("[" + repeated(100'000, "a.") + "a]");
  fails("a = " + repeated(250'000, "["));
  fails("a = " + repeated(50'000, "{a="));
  fails("a = [\n" + repeated(2'000, "{" + repeated(16, "a.") + "a = [\n"));
  fails("x = [" + repeated(120'000, "1,") + "]");
  fails(repeated(80'000, "'\n"));
  fails(repeated(40'000, "[[a]]\n"));
  fails("a = \"" + std::string(250'000, '\\'));
  std::string keys;
  for (int i = 0; i < 20'000; ++i)
    keys += "k" + std::to_string(i) + " = 1\n";
  fails(keys);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel
