// SYS-6: a node is backed up while it runs, its directory is lost, and it comes back: with a log of its own behind the old
// one, with counters above all that the others have seen, and the old copy counts for nothing.

#include "tests/cli/cluster.hpp"
#include "tests/scenarios/finished_day.hpp"
#include "tests/scenarios/log_facts.hpp"

#include <fstream>

#include <sys/stat.h>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(restored_nodes)
namespace {

namespace fs = std::filesystem;

/// A restored node does nothing until it has heard from all others.
void wait_until_it_acts(const cluster& all, const std::string& node) {
  BOOST_REQUIRE(until([&] {
    return all.ask(node, {"box", "disable", "none", "--custodian", "Ada"}).err.find("busy: ") == std::string::npos;
  }));
}

void enable_all(const cluster& all, const std::string& node) {
  for (const auto& [at, slot] : cluster::boxes)
    if (at == node)
      all.enable(node, slot);
}

/// Asked again while an order that the backup has open, of a meter that is gone, takes its turn on the line.
std::set<std::string> keys_for(const cluster& all, unsigned n) {
  const line_meter meter{all, cluster::meter(n)};
  auto asked = run_program(all.key_request(cluster::meter(n)));
  for (unsigned tries = 1; asked.status == 1 && tries < 20; ++tries) {
    std::this_thread::sleep_for(std::chrono::seconds{1});
    asked = run_program(all.key_request(cluster::meter(n)));
  }
  return installed_keys(asked);
}

/// By domain, the highest number.
std::map<std::string, std::uint64_t> highest(const std::set<std::string>& keys) {
  std::map<std::string, std::uint64_t> numbers;
  for (const auto& text : keys) {
    const auto key = key_id::parse(text);
    BOOST_REQUIRE(key);
    auto& number = numbers[key->domain.text];
    number = std::max(number, key->number);
  }
  return numbers;
}

/// Three meters get their keys, the second of them while the backup is made and the third after it; the node is lost and
/// restored; a fourth meter gets keys; the old directory comes again.
void lose_and_restore(const std::string& lost, bool another_is_down) {
  cluster all{4};
  all.set_up();
  std::set<std::string> before = keys_for(all, 1);
  const auto backup = (all.work / "lost.backup").string();
  {
    const line_meter meter{all, cluster::meter(2)};
    running_program order{all.key_request(cluster::meter(2))};
    const auto made = run_program({"backup", backup, "--data", all.data(lost)});
    BOOST_REQUIRE_MESSAGE(made.status == 0, made.told());
    before.merge(installed_keys(order.finish()));
  }
  before.merge(keys_for(all, 3));
  BOOST_REQUIRE_EQUAL(all.stop(lost, SIGKILL).signal, SIGKILL);
  fs::rename(all.data(lost), all.work / "old");
  const auto down = lost == cluster::names[3] ? cluster::names[2] : cluster::names[3];
  if (another_is_down)
    all.stop(down);

  const auto made = run_program({"restore", backup, "--data", all.data(lost)});
  BOOST_REQUIRE_MESSAGE(made.status == 0 && made.err.empty(), made.told());
  all.sound(lost);
  all.start(lost);
  if (another_is_down) {
    // One that is not there may have seen more than the others: nothing is done without it but to look.
    const auto busy = all.ask(lost, {"box", "enable", cluster::boxes[0].second, "--custodian", "Ada", "--media", all.media()});
    BOOST_CHECK_MESSAGE(busy.status == 1 && busy.one_line(), busy.told());
    BOOST_CHECK_MESSAGE(busy.err.find("busy: this node was restored from a backup and waits") != std::string::npos
                          && busy.err.find(down) != std::string::npos,
                        busy.told());
    const auto seen = run_program({"status", "--plan", (all.work / "plan.toml").string(), "--as",
                                   all.pki.person("Augusta", operator_role::auditor).string()});
    BOOST_CHECK_MESSAGE(seen.out.find("waits to hear what was seen of it by " + down) != std::string::npos,
                        seen.told() << seen.out);
    const auto boxes = all.ask(lost, {"box", "list", "--json"});
    BOOST_CHECK_MESSAGE(boxes.status == 0 && boxes.out.find("S00000001") != std::string::npos, boxes.told() << boxes.out);
    const auto domains = all.ask(lost, {"domain", "list", "--json"});
    BOOST_CHECK_MESSAGE(domains.status == 0 && domains.out.find("USPS") != std::string::npos, domains.told());
    all.start(down);
  }
  wait_until_it_acts(all, lost);
  enable_all(all, lost);
  BOOST_REQUIRE(until([&] { return all.at_work(); }));
  const auto after = keys_for(all, 4);
  const auto seen = highest(before);
  for (const auto& [domain, number] : highest(after))
    BOOST_CHECK_MESSAGE(number > seen.at(domain), domain << '/' << number);
  std::set<std::string> all_keys = before;
  all_keys.insert(after.begin(), after.end());
  std::set<std::string> held;
  for (unsigned n = 1; n <= 4; ++n) {
    const auto log = read_log(line_meter::data(all, cluster::meter(n)));
    BOOST_REQUIRE(log);
    for (const auto& told : *log)
      if (const auto* e = std::get_if<key_committed>(&told.event))
        BOOST_CHECK_MESSAGE(held.insert(e->key.text()).second, e->key.text() << " is in two meters");
  }
  BOOST_CHECK(held == all_keys);

  // The old directory again: nobody takes anything from it.
  BOOST_REQUIRE_EQUAL(all.stop(lost).status, 0);
  fs::rename(all.data(lost), all.work / "restored");
  fs::rename(all.work / "old", all.data(lost));
  all.start(lost);
  for (const auto& name : cluster::names)
    if (name != lost)
      BOOST_CHECK_MESSAGE(until([&] {
                            return all.ask(name, {"log", "list", "--event", "fault_recorded", "--json"})
                                     .out.find("peer_log_superseded")
                                   != std::string::npos;
                          }),
                          name << " took the old log");
  // It hears so, and tells its operator.
  BOOST_CHECK(until([&] { return all.ask(lost, {"audit", "errors"}).out.find("peer_turns_away") != std::string::npos; }));
  BOOST_CHECK(until([&] {
    return all.ask(lost, {"status"}).out.find("another node does not let this one in: it says: the other node comes with an earlier log")
           != std::string::npos;
  }));
  BOOST_REQUIRE_EQUAL(all.stop(lost).status, 0);
  fs::rename(all.data(lost), all.work / "old");
  fs::rename(all.work / "restored", all.data(lost));
  all.start(lost);
  all.end();
  const auto old = run_program({"log", "verify", "--data", (all.work / "old").string()});
  BOOST_CHECK_MESSAGE(old.status == 0, old.told());
  // Beside what was restored from it, it is not taken for another node's; in either order.
  const auto now = all.data(lost), before_that = (all.work / "old").string();
  for (const auto& [one, other] : {std::pair{now, before_that}, {before_that, now}}) {
    const auto both = run_program({"audit", "all", "--data", one, "--data", other});
    BOOST_CHECK_MESSAGE(both.status == 1 && both.out.find(now + " was restored from " + before_that) != std::string::npos,
                        both.told() << both.out.substr(0, 3000));
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(the_factory_is_lost_and_comes_back) { lose_and_restore(cluster::names[1], true); }

BOOST_AUTO_TEST_CASE(the_vendor_s_data_centre_is_lost_and_comes_back) { lose_and_restore(cluster::names[0], false); }

BOOST_AUTO_TEST_CASE(a_node_that_is_alone_is_restored_by_its_operator) {
  hand_run_node node;
  node.initialise("factory-1");
  node.enable("factory-1");
  node.done({"domain", "create", "VE"});
  node.initialise("oak-1");
  node.enable("oak-1");
  const auto backup = (node.work / "backup").string();
  node.done({"backup", backup});
  node.initialise("steel-1"); // the backup does not have it
  BOOST_REQUIRE_EQUAL(node.stop().status, 0);
  fs::rename(node.data(), node.work / "lost");

  node.done({"restore", backup});
  const auto refused = run_program({"node", "run", (node.work / "node.toml").string()});
  BOOST_CHECK_MESSAGE(refused.status == 1 && refused.one_line(), refused.told());
  BOOST_CHECK_MESSAGE(refused.err.find("--raise-by") != std::string::npos, refused.told());
  fs::remove_all(node.data());

  node.done({"restore", backup, "--raise-by", "20"});
  node.start();
  // The same shares, whatever the log is called now (EP-10).
  for (const auto* box : {"factory-1", "oak-1"})
    node.enable(box);
  BOOST_CHECK_EQUAL(node.enabled(), 2u);
  // The share of a box that is lost is one of this node's, and of no box that is here.
  const auto shares = run_program({"share", "verify", (node.work / "media" / "Ada" / "S00000001.share").string(), "--data",
                                   node.data(), "--json"});
  BOOST_CHECK_MESSAGE(shares.status == 1 && shares.out.find("share_outdated") != std::string::npos, shares.told());
  node.initialise("steel-1");
  const auto id = node.box("steel-1").at("id").get<std::string>();
  BOOST_CHECK_MESSAGE(id == "S00000021", id);
  BOOST_REQUIRE_EQUAL(node.stop().status, 0);
  for (const auto& words : {std::vector<std::string>{"log", "verify"}, {"replay"}, {"audit", "all"}}) {
    const auto r = node.ask(words);
    BOOST_CHECK_MESSAGE(r.status == 0, words[0] << ": " << r.told() << r.out.substr(0, 3000));
  }
  const auto stat = nlohmann::json::parse(node.ask({"log", "stat", "--json"}).out);
  BOOST_CHECK_EQUAL(stat.at("parents").size(), 1u);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_backup_or_its_place_is_one_line) {
  hand_run_node node;
  const auto backup = (node.work / "backup").string();
  node.done({"backup", backup});
  std::ofstream{node.work / "text"} << "no backup";
  const auto says = [&](std::vector<std::string> words, const std::string& to, int status, const char* what) {
    words.insert(words.end(), {"--data", to});
    const auto r = run_program(words);
    BOOST_CHECK_MESSAGE(r.status == status && r.one_line() && r.err.find(what) != std::string::npos, r.told());
  };
  const auto fresh = (node.work / "fresh").string();
  says({"backup", backup}, node.data(), 1, "lies there already");
  says({"backup", (node.work / "b2").string()}, fresh, 3, "holds no log");
  says({"backup", (node.work / "no" / "b2").string()}, node.data(), 3, "no/b2");
  says({"restore", backup}, node.data(), 1, "is not empty");
  says({"restore", (node.work / "text").string()}, fresh, 3, "no backup as");
  says({"restore", (node.work / "none").string()}, fresh, 3, "none");
  says({"restore", backup, "--raise-by", "100001"}, fresh, 2, "at most 100000");
  says({"restore", backup, "--raise-by", "0"}, fresh, 2, "0 raises nothing");
  if (geteuid() == 0) { // what root restores into a service's empty directory is the service's
    constexpr uid_t nobody = 65534;
    const auto own = node.work / "service";
    fs::create_directory(own);
    BOOST_REQUIRE_EQUAL(chown(own.c_str(), nobody, nobody), 0);
    const auto r = run_program({"restore", backup, "--data", own.string()});
    BOOST_CHECK_MESSAGE(r.status == 0, r.told());
    struct stat is {};
    BOOST_CHECK(stat(own.c_str(), &is) == 0 && is.st_uid == nobody && is.st_gid == nobody);
    for (const auto& entry : fs::directory_iterator{own})
      BOOST_CHECK_MESSAGE(stat(entry.path().c_str(), &is) == 0 && is.st_uid == nobody && is.st_gid == nobody, entry.path());
  } else
    std::cout << "not run as root: an owner who is kept was not tried" << std::endl;
  fs::resize_file(backup, fs::file_size(backup) - 1);
  says({"restore", backup}, fresh, 1, "no whole backup");
  BOOST_CHECK(!fs::exists(fresh) && !fs::exists(node.work / "b2"));
}

// Its seed gives its keys away, and nothing goes on with it.
BOOST_AUTO_TEST_CASE(a_scenarios_log_is_not_backed_up) {
  scratch_directory work;
  finished_day::copy(work / "day");
  std::filesystem::remove(work / "day" / "meters.keys");
  const auto r = run_program({"backup", (work / "day.backup").string(), "--data", (work / "day").string()});
  BOOST_CHECK_MESSAGE(r.status == 1 && r.one_line() && r.err.find("the log of a scenario") != std::string::npos, r.told());
  BOOST_CHECK(!std::filesystem::exists(work / "day.backup"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
