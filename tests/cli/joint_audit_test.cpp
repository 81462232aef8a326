// SYS-4 over several nodes: the logs of the facilities of EP Figs. 1-5 and of a meter, told as one history, and what is
// said when one of them lacks what the others speak of.

#include "tests/cli/cluster.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(joint_audits)
namespace {

using json = nlohmann::json;

/// An audit of the logs in some directories or exports.
program_result audit_of(std::vector<std::string> words, const std::vector<std::string>& data) {
  words.insert(words.begin(), "audit");
  for (const auto& one : data)
    words.insert(words.end(), {"--data", one});
  return run_program(words);
}

/// What `--json` says: the events, then a summary of each log, then of all together.
struct told_as_one {
  std::vector<json> events, summaries;
  json joined;

  told_as_one(std::vector<std::string> words, const std::vector<std::string>& data, int status) {
    words.push_back("--json");
    const auto r = audit_of(words, data);
    BOOST_REQUIRE_MESSAGE(r.status == status, r.status << ": " << r.told() << r.out.substr(0, 5000));
    std::istringstream lines{r.out};
    for (std::string line; std::getline(lines, line);) {
      auto one = json::parse(line);
      if (one.contains("summary"))
        summaries.push_back(one.at("summary"));
      else if (one.contains("joined"))
        joined = one.at("joined");
      else
        events.push_back(std::move(one));
    }
    BOOST_REQUIRE(joined.is_object());
  }

  /// Of those that name it.
  std::set<std::string> nodes_with(const std::string& event) const {
    std::set<std::string> all;
    for (const auto& e : events)
      if (e.at("event") == event)
        all.insert(e.at("node").get<std::string>());
    return all;
  }
  bool lacks(const std::string& node, const std::string& what) const {
    return std::ranges::any_of(joined.at("missing"), [&](const json& m) {
      return m.at("node") == node && m.at("text").get<std::string>().find(what) != std::string::npos;
    });
  }
};

/// No event comes before its cause or before what began it, in whichever log they are.
void in_order_of_causes(const std::vector<json>& events) {
  using place = std::pair<std::string, std::uint64_t>;
  std::map<place, std::size_t> told;
  for (std::size_t i = 0; i < events.size(); ++i)
    told[{events[i].at("log"), events[i].at("position")}] = i;
  for (std::size_t i = 0; i < events.size(); ++i)
    for (const auto* which : {"cause", "correlation"}) {
      const auto& r = events[i].at(which);
      if (r.is_null())
        continue;
      const auto found =
          told.find({r.contains("log") ? r.at("log").get<std::string>() : events[i].at("log").get<std::string>(),
                     r.at("position").get<std::uint64_t>()});
      if (found != told.end())
        BOOST_CHECK_MESSAGE(found->second <= i, which << " of " << events[i]);
    }
}

const auto &data_centre = cluster::names[0], &plant = cluster::names[1], &post = cluster::names[2];
const std::string first_meter = "meter-M0000001", second_meter = "meter-M0000002";

/// A cluster that gave two meters their keys, and copies of two logs from before the second.
class finished_order {
public:
  finished_order() {
    all.set_up();
    BOOST_REQUIRE((keys_of(1) == std::set<std::string>{"USPS/1", "VE/1"}));
    all.stop(plant);
    std::filesystem::copy(all.data(plant), earlier_plant, std::filesystem::copy_options::recursive);
    all.come_back(plant);
    all.done(post, {"log", "export", earlier_post});
    BOOST_REQUIRE((keys_of(2) == std::set<std::string>{"USPS/2", "VE/2"}));
    all.end();
  }
  /// Gives a meter its keys.
  std::set<std::string> keys_of(unsigned meter) const {
    const line_meter on_line{all, cluster::meter(meter)};
    return installed_keys(run_program(all.key_request(cluster::meter(meter))));
  }
  /// The logs of the nodes and the meters; another in the place of one, or none.
  std::vector<std::string> logs(const std::string& instead_of = {}, const std::string& other = {}) const {
    std::vector<std::string> data;
    for (const auto& name : cluster::names)
      if (name != instead_of)
        data.push_back(all.data(name));
    for (const unsigned meter : {1, 2})
      data.push_back(line_meter::data(all, cluster::meter(meter)).string());
    if (!other.empty())
      data.push_back(other);
    return data;
  }

  cluster all;
  std::string earlier_plant = (all.work.path() / "plant.earlier").string();
  std::string earlier_post = (all.work.path() / "post.earlier").string();
};

} // namespace

BOOST_FIXTURE_TEST_CASE(four_nodes_and_a_meter_tell_one_history, finished_order) {
  const told_as_one order{{"order", "1"}, logs(), 0};
  in_order_of_causes(order.events);
  // One correlation through the events of all who took part (EP-17).
  const auto& opened = *std::ranges::find(order.events, "order_opened", [](const json& e) { return e.at("event"); });
  for (const auto& e : order.events) {
    const auto& began = e.at("correlation");
    BOOST_CHECK_MESSAGE(began.at("position") == opened.at("correlation").at("position")
                            && (began.contains("log") ? began.at("log") : e.at("log")) == opened.at("log"),
                        e);
  }
  BOOST_TEST((order.nodes_with("order_opened") == std::set{data_centre}));
  BOOST_TEST((order.nodes_with("key_id_assigned") == std::set{data_centre, post}));
  BOOST_TEST((order.nodes_with("key_generated") == std::set{data_centre}));
  BOOST_TEST((order.nodes_with("install_record_handed_out") == std::set{plant}));
  BOOST_TEST((order.nodes_with("installation_attempted") == std::set{plant}));
  BOOST_TEST((order.nodes_with("key_committed") == std::set{first_meter}));
  BOOST_TEST((order.nodes_with("installation_confirmed") == std::set{data_centre, post}));
  BOOST_TEST((order.nodes_with("key_installed") == std::set{data_centre, post}));
  // A key of the post: assigned at one node, made at the second, installed at the third, in a meter that is a fourth.
  const told_as_one key{{"key", "USPS/1"}, logs(), 0};
  in_order_of_causes(key.events);
  BOOST_TEST(key.joined.at("about").at("status") == "Installed");
  BOOST_TEST(key.joined.at("about").at("meter") == "M0000001");
  BOOST_TEST(key.joined.at("about").at("audit times").size() == 6u);
  BOOST_TEST((key.nodes_with("key_provisioned") == std::set{first_meter}));
  BOOST_TEST((key.nodes_with("key_installed") == std::set{post}));
  for (const auto& summary : key.summaries)
    BOOST_TEST(summary.at("violations") == 0);
  // Each line says whose log it is.
  const auto text = audit_of({"meter", "M0000001"}, logs());
  BOOST_REQUIRE_MESSAGE(text.status == 0 && text.err.empty(), text.told() << text.out);
  for (const auto* part : {"  vendor-data-centre  ", "  vendor-factory  ", "  postal-data-centre  ",
                           "  meter-M0000001  ", "held for good, Installed", "across the logs: all good"})
    BOOST_CHECK_MESSAGE(text.out.find(part) != std::string::npos, part << text.out);
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"all"}, {"errors"}, {"domain", "USPS"}, {"box", "S00000001"}, {"custodian", "Clara"}}) {
    const auto r = audit_of(words, logs());
    BOOST_CHECK_MESSAGE(r.status == 0 && r.err.empty(), words[0] << ": " << r.told() << r.out.substr(0, 5000));
  }
}

BOOST_FIXTURE_TEST_CASE(what_a_log_lacks_is_named_and_what_was_not_given_is_listed, finished_order) {
  // The log of the factory as it was before the second order: the KMC, the archives and the meter know more of it.
  const told_as_one without_steel{{"all"}, logs(plant, earlier_plant), 1};
  BOOST_TEST(without_steel.lacks(plant, "to which that of " + data_centre + " refers"));
  BOOST_TEST(without_steel.lacks(plant, "to which that of " + second_meter + " refers"));
  BOOST_TEST(!without_steel.lacks(plant, "to which that of " + first_meter + " refers"));
  BOOST_TEST(without_steel.lacks(plant, "that the KDC received key VE/2"));
  BOOST_TEST(without_steel.lacks(plant, "that Steel box S00000001 reported key VE/2 as installed"));
  BOOST_TEST(!without_steel.lacks(plant, "VE/1"));
  BOOST_TEST(without_steel.lacks(plant, "lacks MI7 of key VE/2 by box S00000001"));
  BOOST_TEST(without_steel.lacks(plant, "lacks MI7 of key USPS/2 by box S00000002"));
  // The post's archive and Brass as they were before it, as an export.
  const told_as_one without_archive{{"key", "USPS/2"}, logs(post, earlier_post), 1};
  BOOST_TEST(without_archive.lacks(post, "lacks that key id USPS/2 was assigned"));
  BOOST_TEST(without_archive.lacks(post, "lacks that key USPS/2 became Installed"));
  const auto text = audit_of({"key", "USPS/2"}, logs(post, earlier_post));
  BOOST_CHECK_MESSAGE(text.status == 1 && text.out.find("MISSING                 the log of postal-data-centre has ")
                                              != std::string::npos,
                      text.out);
  // Without a log nothing is said of it but that it is not there.
  const told_as_one not_given{{"all"}, logs(post), 0};
  BOOST_REQUIRE(not_given.joined.at("not_given").size() == 1u);
  const auto& named_by = not_given.joined.at("not_given")[0].at("named_by");
  BOOST_TEST(std::ranges::any_of(named_by, [](const json& n) { return n == data_centre; }));
  BOOST_TEST(not_given.joined.at("not_given")[0].at("node") == post);
  const auto said = audit_of({"all"}, logs(post));
  BOOST_TEST(said.out.find("not given               log ") != std::string::npos);
  BOOST_TEST(said.out.find(" of " + post + ", named by ") != std::string::npos);
  // An order whose own events are lost is told by what the others have of it.
  const told_as_one rest{{"order", "1"}, logs(data_centre), 0};
  BOOST_TEST((rest.nodes_with("installation_attempted") == std::set{plant}));
  BOOST_TEST((rest.nodes_with("key_installed") == std::set{post}));
  BOOST_TEST((rest.nodes_with("key_committed") == std::set{first_meter}));
  // A copy beside the log is the log.
  const auto twice = audit_of({"all"}, logs({}, earlier_plant));
  BOOST_CHECK_MESSAGE(twice.status == 0 && twice.out.find(" are the same log: the first, with ") != std::string::npos,
                      twice.told() << twice.out);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
