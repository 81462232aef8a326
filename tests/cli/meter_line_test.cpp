// A meter as a process of its own, at the other end of a TCP line or a pseudo-terminal from a node's PSRs (EP-20,
// EP-26).

#include "tests/cli/cutting_relay.hpp"
#include "tests/cli/running_node.hpp"

#include <random>

#include <fcntl.h>
#include <sys/stat.h>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(meter_command)
namespace {

namespace fs = std::filesystem;
using json = nlohmann::json;

std::string box_table(const std::string& slot, const std::string& type, const std::string& domain) {
  return "[[box]]\nslot = \"" + slot + "\"\ntype = \"" + type + "\"\n" +
         (domain.empty() ? "" : "domains = [\"" + domain + "\"]\n") + "custodians = [\"Ada\", \"Bela\"]\n";
}

/// Two domains, each with an Oak, a Steel and a Brass, and a meter on a line.
std::string lined_site(const std::string& line) {
  std::string text = "name = \"factory\"\ndata = \"data\"\nsuite = \"p256\"\n"
                     "[[domain]]\nid = \"VE\"\nkind = \"vendor\"\nsub_domain = \"US\"\n"
                     "[[domain]]\nid = \"USPS\"\nkind = \"postal\"\nsub_domain = \"US\"\n" +
                     box_table("factory-1", "manufacturing", "");
  for (const auto* type : {"oak", "steel", "brass"})
    for (const auto* domain : {"VE", "USPS"})
      text += box_table(std::string{type} + "-" + domain, type, domain);
  return text + "[[meter]]\nnumber = \"M0000001\"\nline = \"" + line + "\"\n";
}

/// The ceremony by hand, up to boxes that are at work.
void set_up(const hand_run_node& node) {
  node.initialise("factory-1");
  node.enable("factory-1");
  for (const auto* domain : {"VE", "USPS"})
    node.done({"domain", "create", domain});
  for (const auto* type : {"steel", "oak", "brass"})
    for (const auto* domain : {"VE", "USPS"}) {
      node.initialise(std::string{type} + "-" + domain);
      node.enable(std::string{type} + "-" + domain);
    }
}

program_result request(const hand_run_node& node, std::vector<std::string> domains,
                       const std::string& meter = "M0000001") {
  std::vector<std::string> words{"key", "request", "--meter", meter, "--product", "DM400", "--json"};
  for (const auto& d : domains)
    words.insert(words.end(), {"--domain", d});
  return node.ask(words);
}

using process = std::unique_ptr<running_program>;
process start(const std::vector<std::string>& arguments) { return std::make_unique<running_program>(arguments); }
program_result end(process& p) {
  kill(p->pid(), SIGTERM);
  auto result = p->finish();
  p.reset();
  return result;
}

/// A meter with its directory.
struct meter_process {
  explicit meter_process(std::string line, std::string number = "M0000001")
      : line_(std::move(line)), number_(std::move(number)) {
    begin();
  }
  void begin() { running = start(words()); }
  std::vector<std::string> words() const {
    return {"meter", "run", "--line", line_, "--meter", number_, "--data", data()};
  }
  std::string data() const { return (work / "meter").string(); }
  void on(const std::string& line) {
    BOOST_CHECK_EQUAL(end(running).status, 0);
    line_ = line;
    begin();
  }
  std::size_t events(const std::string& name) const {
    const auto r = run_program({"log", "list", "--event", name, "--data", data()});
    return static_cast<std::size_t>(std::count(r.out.begin(), r.out.end(), '\n'));
  }

  scratch_directory work;
  process running;

private:
  std::string line_, number_;
};

std::string tcp(std::uint16_t port) { return "tcp:127.0.0.1:" + std::to_string(port); }

void all_came_in(const hand_run_node& node, const meter_process& meter) {
  const auto r = request(node, {"VE", "USPS"});
  BOOST_REQUIRE_MESSAGE(r.status == 0 && r.err.empty(), r.told() << r.out);
  const auto said = json::parse(r.out);
  BOOST_CHECK_EQUAL(said.at("keys").size(), 2u);
  for (const auto& key : said.at("keys"))
    BOOST_CHECK_MESSAGE(key.at("outcome") == "Installed" && key.at("done") == true, key);
  BOOST_CHECK_EQUAL(meter.events("key_committed"), 2u);
}

void sound(const std::string& data) {
  for (const std::vector<std::string>& check :
       {std::vector<std::string>{"log", "verify"}, {"replay"}, {"audit", "all"}}) {
    auto words = check;
    words.insert(words.end(), {"--data", data});
    const auto r = run_program(words);
    BOOST_CHECK_MESSAGE(r.status == 0, check[0] << ": " << r.told() << r.out.substr(0, 2000));
  }
}

void refused(const program_result& r, int status, const std::string& says) {
  BOOST_CHECK_MESSAGE(r.status == status && r.one_line() && r.err.find(says) != std::string::npos,
                      "wanted " << status << " and \"" << says << "\": " << r.told());
}

} // namespace

// The rate: 1 error in 1,000 bytes.
BOOST_AUTO_TEST_CASE(keys_of_both_domains_come_in_over_tcp_with_noise) {
  const auto at_node = free_port(), at_noise = free_port();
  hand_run_node node{lined_site(tcp(at_node))};
  set_up(node);
  auto noise = start({"line", "noise", "--between", tcp(at_noise), "--and", tcp(at_node), "--rate", "0.001"});
  meter_process meter{tcp(at_noise)};
  all_came_in(node, meter);
  // The same order again is answered from the log; nothing goes into the meter a second time.
  all_came_in(node, meter);
  // A restart keeps what is committed.
  BOOST_CHECK_EQUAL(end(meter.running).status, 0);
  meter.begin();
  all_came_in(node, meter);
  const auto told = end(noise);
  BOOST_CHECK_MESSAGE(told.status == 0 && told.out.find("seed ") != std::string::npos, told.told() << told.out);
  BOOST_TEST_MESSAGE(told.out);
  BOOST_CHECK_EQUAL(end(meter.running).status, 0);
  BOOST_CHECK_EQUAL(node.stop().status, 0);
  sound(node.data());
  sound(meter.data());
  // The audit of the key, from the node's log alone.
  const auto audit = run_program({"audit", "key", "VE/1", "--data", node.data()});
  BOOST_CHECK_MESSAGE(audit.status == 0 && audit.out.find("Installed") != std::string::npos &&
                          audit.out.find("key_committed") == std::string::npos,
                      audit.told() << audit.out);
}

BOOST_AUTO_TEST_CASE(keys_of_both_domains_come_in_over_a_pseudo_terminal_with_noise) {
  scratch_directory place;
  const auto node_end = (place / "psr").string(), meter_end = (place / "meter").string();
  auto noise = start({"line", "noise", "--between", meter_end, "--and", node_end, "--rate", "0.001"});
  BOOST_REQUIRE(until([&] { return fs::exists(node_end) && fs::exists(meter_end); }));
  hand_run_node node{lined_site(node_end)};
  set_up(node);
  meter_process meter{meter_end};
  all_came_in(node, meter);
  // One process has a line.
  scratch_directory other;
  refused(run_program({"meter", "run", "--line", meter_end, "--meter", "M2", "--data", (other / "m").string()}), 3,
          "another process has this line");
  BOOST_TEST_MESSAGE(end(noise).out);
  BOOST_CHECK(!fs::exists(node_end)); // its link is gone with it
  BOOST_CHECK_EQUAL(end(meter.running).status, 0);
  BOOST_CHECK_EQUAL(node.stop().status, 0);
  sound(node.data());
  sound(meter.data());
}

BOOST_AUTO_TEST_CASE(a_line_that_is_cut_in_mi5_ends_the_key_and_no_half_key_is_left) {
  constexpr std::uint16_t mi5_code = 0x0117;
  const auto at_node = free_port();
  hand_run_node node{lined_site(tcp(at_node))};
  set_up(node);
  cutting_relay relay{at_node, mi5_code};
  meter_process meter{tcp(relay.port())};
  auto asking = start({"key", "request", "--meter", "M0000001", "--product", "DM400", "--domain", "VE", "--json",
                       "--data", node.data()});
  BOOST_REQUIRE(until([&] { return relay.cut(); }));
  // A new line, to the node itself, while the order goes on.
  meter.on(tcp(at_node));
  const auto r = asking->finish(std::chrono::seconds{150});
  BOOST_REQUIRE_MESSAGE(r.status == 0, r.told() << r.out);
  const auto key = json::parse(r.out).at("keys")[0];
  BOOST_CHECK_EQUAL(key.at("outcome"), "Installed");
  BOOST_CHECK_NE(key.at("key"), "VE/1");
  BOOST_CHECK_GE(key.at("failed").get<int>(), 1);
  const auto first = node.ask({"audit", "key", "VE/1"});
  BOOST_CHECK_MESSAGE(first.status == 0 && first.out.find("Bad") != std::string::npos, first.told() << first.out);
  // The meter never had the first key.
  BOOST_CHECK_EQUAL(meter.events("key_provisioned"), 1u);
  BOOST_CHECK_EQUAL(meter.events("key_committed"), 1u);
  const auto held = run_program({"log", "list", "--event", "key_committed", "--data", meter.data()});
  BOOST_CHECK_MESSAGE(held.out.find("VE/1 ") == std::string::npos, held.out);
  sound(node.data());
  sound(meter.data());
}

// MI6c is lost with the line, so the KMC waits ten minutes for its report: the node ends all the same.
BOOST_AUTO_TEST_CASE(a_node_that_ends_does_not_wait_for_an_order) {
  constexpr std::uint16_t mi6c_code = 0x011b;
  const auto at_node = free_port();
  hand_run_node node{lined_site(tcp(at_node))};
  set_up(node);
  cutting_relay relay{at_node, mi6c_code};
  meter_process meter{tcp(relay.port())};
  const std::vector<std::string> words{"key",      "request", "--meter", "M0000001", "--product", "DM400",
                                       "--domain", "VE",      "--json",  "--data",   node.data()};
  auto asking = start(words);
  BOOST_REQUIRE(until([&] { return relay.cut(); }));
  const auto ended = node.stop();
  BOOST_CHECK_MESSAGE(ended.status == 0 && !ended.hung, ended.told());
  refused(asking->finish(), 1, "the order goes on when the node runs again");
  BOOST_CHECK_EQUAL(meter.events("key_provisioned"), 1u);
  BOOST_CHECK_EQUAL(meter.events("key_committed"), 0u);
  sound(node.data());
  sound(meter.data());
}

// SYS-6: a custodian may come back in time.
BOOST_AUTO_TEST_CASE(a_disabled_box_is_waited_for_but_not_for_ever) {
  const auto at_node = free_port();
  hand_run_node node{"box_wait_s = 5\n" + lined_site(tcp(at_node))};
  set_up(node);
  meter_process meter{tcp(at_node)};
  for (const auto* slot : {"oak-VE", "brass-VE", "steel-USPS"})
    node.done({"box", "disable", slot, "--custodian", "Ada"});
  const auto mail = (node.work / "mail.csv").string();
  std::ofstream{mail} << "serial,date,piece,postage_thousandths,origin,tokens\n000000100001,20261128,1,730,06484,VE=123456\n";
  const auto asks = [&](const char* domain) {
    return start({"key", "request", "--meter", "M0000001", "--product", "DM400", "--domain", domain, "--data", node.data()});
  };
  auto of_oak = asks("VE"), of_steel = asks("USPS"), of_brass = start({"verify", mail, "--domain", "VE", "--data", node.data()});
  refused(of_oak->finish(), 1, "busy: box disabled: oak-VE");
  refused(of_steel->finish(), 1, "busy: box disabled: steel-USPS");
  refused(of_brass->finish(), 1, "busy: box disabled: brass-VE");
  const auto errors = node.ask({"audit", "errors"}).out;
  BOOST_CHECK_MESSAGE(errors.find("box_disabled") != std::string::npos, errors);

  auto asked = asks("VE"), verified = start({"verify", mail, "--domain", "VE", "--data", node.data()});
  std::this_thread::sleep_for(std::chrono::seconds{1});
  for (const auto* slot : {"oak-VE", "brass-VE"})
    node.enable(slot);
  const auto r = asked->finish();
  BOOST_CHECK_MESSAGE(r.status == 0 && r.out.find("Installed") != std::string::npos, r.told() << r.out);
  const auto v = verified->finish();
  BOOST_CHECK_MESSAGE(v.out.ends_with("VE  1 piece: 1 unregistered\n") || v.out.find("VE  1 piece") != std::string::npos, v.told() << v.out);
}

// Whatever comes, the node goes on, and its log does not grow with it.
BOOST_AUTO_TEST_CASE(a_stranger_on_the_line_does_no_harm) {
  const auto at_node = free_port();
  hand_run_node node{lined_site(tcp(at_node))};
  set_up(node);
  const auto before = node.records();
  std::mt19937_64 random{7};
  for (int times = 0; times < 2; ++times) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto a = loopback(at_node);
    BOOST_REQUIRE(connect(fd, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0);
    const std::string hello = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    send(fd, hello.data(), hello.size(), MSG_NOSIGNAL);
    std::string noise(1'000'000, ' ');
    for (auto& c : noise)
      c = static_cast<char>(random());
    send(fd, noise.data(), noise.size(), MSG_NOSIGNAL);
    close(fd);
  }
  // Told in few events.
  BOOST_CHECK(until([&] { return node.ask({"audit", "errors"}).out.find("outside") != std::string::npos; }));
  BOOST_CHECK_LE(node.records(), before + 8);
  // Under the name of the meter whose line it is (EP-30).
  const auto of_meter = node.ask({"audit", "meter", "M0000001"});
  BOOST_CHECK_MESSAGE(of_meter.out.find("outside") != std::string::npos, of_meter.told() << of_meter.out);
  meter_process meter{tcp(at_node)};
  BOOST_CHECK_EQUAL(request(node, {"VE"}).status, 0);
  // One who takes the meter's place and says nothing: the meter comes again.
  const int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto a = loopback(at_node);
  BOOST_REQUIRE(connect(silent, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0);
  // What was asked of the stranger meanwhile has no answer.
  BOOST_CHECK(until([&] { return request(node, {"VE", "USPS"}).status == 0; }));
  BOOST_CHECK_EQUAL(meter.events("key_committed"), 2u);
  close(silent);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_is_said_in_one_line) {
  const auto at_node = free_port();
  hand_run_node node{lined_site(tcp(at_node))};
  scratch_directory work;
  const auto run = [&](const std::string& line, const std::string& data = "m") {
    return run_program({"meter", "run", "--line", line, "--meter", "M0000001", "--data", (work / data).string()});
  };
  refused(run((work / "none").string()), 3, "none: the line cannot be opened: No such file");
  std::ofstream{work / "file"} << "x";
  refused(run((work / "file").string()), 3, "is no terminal device");
  refused(run("/dev/null"), 3, "is no terminal device");
  refused(run(work.path().string()), 3, "cannot be opened: Is a directory");
  for (const auto* line :
       {"tcp:", "tcp:1234", "tcp:host:", "tcp:host:0", "tcp:host:65536", "tcp:host:http", "tcp:a:b:1"})
    refused(run(line), 2, "is no line; it must be");
  refused(run("tcp:no.such.host.invalid:7001"), 3, "the host is not known");
  refused(run_program({"meter", "run", "--line", "/dev/null", "--meter", "m 1", "--data", "x"}), 2,
          "--meter is \"m 1\"");
  refused(run_program({"meter", "run", "--meter", "M1", "--data", "x"}), 2, "--line is required");
  BOOST_CHECK(!fs::exists(work / "m")); // nothing was made of all that

  const auto noise = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"line", "noise"});
    return run_program(words);
  };
  refused(noise({"--between", "pty"}), 2, "--and is required");
  refused(noise({"--between", tcp(at_node), "--and", "pty"}), 3, "Address already in use");
  refused(noise({"--between", "pty", "--and", (work / "no/such/place").string()}), 3, "cannot be made: No such file");
  refused(noise({"--between", "pty", "--and", "tcp:7001"}), 2, "--and: \"tcp:7001\" is no line");
  refused(noise({"--between", "tcp:127.0.0.1:7001", "--and", "tcp:localhost:7001"}), 2, "the line that --between is");
  refused(noise({"--between", (work / "a").string(), "--and", (work / "a").string()}), 2, "the line that --between is");
  for (const auto& [option, value] :
       {std::pair{"--rate", "1.5"}, {"--rate", "x"}, {"--rate", "nan"}, {"--rate", "-0.1"}, {"--delay", "-1"}, {"--seed", "-1"}, {"--cut-after", "1e3"}})
    refused(noise({"--between", "pty", "--and", "pty", option, value}), 2, option);

  // The address of the node is taken.
  scratch_directory second;
  std::ofstream{second / "node.toml"} << lined_site(tcp(at_node));
  refused(run_program({"node", "run", (second / "node.toml").string()}), 3,
          "cannot be listened on: Address already in use");
  std::ofstream{second / "node.toml"} << lined_site("none");
  refused(run_program({"node", "run", (second / "node.toml").string()}), 3, "none: the line cannot be opened");
  for (const auto& [from, to, says] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"number = \"M0000001\"", "number = \"M 1\"", "`number`"},
           {"line = \"none\"", "line = \"tcp:7001\"", "is no line"},
           {"line = \"none\"", "", "no `line` in [[meter]]"},
           {"name = \"factory\"", "name = \"factory\"\nreport_timeout_s = 0", "report_timeout_s"},
           {"line = \"none\"", "line = \"none\"\nsteel = [\"oak-VE\"]", "unknown slot of a Steel box \"oak-VE\""},
       }) {
    auto text = lined_site("none");
    text.replace(text.find(from), from.size(), to);
    std::ofstream{second / "node.toml"} << text;
    refused(run_program({"node", "check", (second / "node.toml").string()}), 2, says);
  }

  // Keys that cannot be had.
  refused(request(node, {"VE"}), 1, "domain \"VE\" is not made yet");
  node.initialise("factory-1");
  node.enable("factory-1");
  node.done({"domain", "create", "VE"});
  refused(request(node, {"VE"}), 1, "no oak box is enabled with domain VE active");
  refused(request(node, {"VE"}, "M7"), 1, "no meter \"M7\" is on a line of this node");
  refused(node.ask({"key", "request", "--meter", "M1", "--product", "DM400", "--domain", "ve"}), 2,
          "--domain is \"ve\"");
  for (const auto* type : {"steel", "oak", "brass"}) {
    node.initialise(std::string{type} + "-VE");
    node.enable(std::string{type} + "-VE");
  }
  refused(request(node, {"VE", "VE"}), 1, "domain VE is named twice");
  refused(request(node, {"VE"}), 1, "meter M0000001: no answer came in time");

  // Another meter is there; and one with a directory that is in use, or another's.
  meter_process wrong{tcp(at_node), "M0000002"};
  BOOST_CHECK(until([&] { return run_program({"log", "stat", "--data", wrong.data()}).status == 0; }));
  refused(request(node, {"VE"}), 1, "meter M0000001: there is no such meter here");
  refused(run_program(wrong.words()), 3, "another process is using this log");
  auto other_number = wrong.words();
  other_number[5] = "M0000003";
  BOOST_CHECK_EQUAL(end(wrong.running).status, 0);
  refused(run_program(other_number), 1, "of node meter-M0000002 and not of meter-M0000003");
  refused(run_program({"meter", "run", "--line", tcp(at_node), "--meter", "M1", "--data", node.data()}), 3,
          "another process is using this log");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
