// The plan of a deployment over several nodes: where each part is, and mistakes in it, a line each with its place.

#include "node/configuration.hpp"
#include "tests/program.hpp"

#include <fstream>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(plans)
namespace {

namespace fs = std::filesystem;

const std::string own = "name = \"a\"\ndata = \"data\"\nplan = \"plan.toml\"\ncertificates = \"pki\"\n";
const std::string nodes = R"([[node]]
name = "a"
address = "tcp:127.0.0.1:7001"
computers = ["kmc"]
[[node]]
name = "b"
address = "tcp:127.0.0.1:7002"
computers = ["kdc", "data_capture"]
)";
const std::string parts = R"([[domain]]
id = "VE"
kind = "vendor"
sub_domain = "US"
archive = "a"
[[box]]
slot = "factory-1"
node = "a"
type = "manufacturing"
custodians = ["Ada", "Bela"]
[[box]]
slot = "steel-1"
node = "b"
type = "steel"
domains = ["VE"]
custodians = ["Ada", "Bela"]
)";

struct files {
  scratch_directory place;
  expected<node_configuration, text_error> read(const std::string& plan, const std::string& configuration = own) {
    std::ofstream{place / "plan.toml"} << plan;
    std::ofstream{place / "node.toml"} << configuration;
    return read_configuration(place / "node.toml");
  }
  /// The mistake lies in this file, and says so.
  void wrong(const std::string& plan, const std::string& says, const std::string& file = "plan.toml",
             const std::string& configuration = own) {
    const auto r = read(plan, configuration);
    BOOST_REQUIRE_MESSAGE(!r, "taken, but: " << says);
    BOOST_TEST(r.error().file == (place / file).string());
    BOOST_TEST(r.error().problem.find(says) != std::string::npos, r.error().text());
    BOOST_TEST(r.error().text().find('\n') == std::string::npos);
  }
};

std::string without(std::string text, const std::string& what, const std::string& instead = "") {
  const auto at = text.find(what);
  BOOST_REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), instead);
}

} // namespace

BOOST_FIXTURE_TEST_CASE(every_part_is_at_its_node, files) {
  const auto c = read(nodes + parts);
  BOOST_REQUIRE_MESSAGE(c, (c ? "" : c.error().text()));
  using enum component;
  const std::vector<std::pair<party, std::string>> where{
    {{component::kmc, ""}, "a"},     {{component::kdc, ""}, "b"}, {{data_capture, ""}, "b"},
    {{archive, "VE"}, "a"},          {{archive, "XX"}, ""},       {{manufacturing, "factory-1"}, "a"},
    {{steel, "steel-1"}, "b"},       {{psr, "steel-1"}, "b"},     {{steel, "none"}, ""},
    {{component::site, ""}, "a"},    {{component::meter, "M1"}, "a"},
    {{neighbour, "b"}, "b"},
  };
  for (const auto& [who, node] : where)
    BOOST_TEST(c->node_of(who) == node, who.text());
}

BOOST_FIXTURE_TEST_CASE(mistakes_have_their_file_and_place, files) {
  wrong(without(nodes, "computers = [\"kmc\"]\n") + parts, "no node has the kmc");
  wrong(without(nodes, "[\"kdc\", ", "[") + parts, "no node has the kdc");
  wrong(without(nodes, "name = \"b\"", "name = \"a\"") + parts, "there is a node \"a\" already");
  wrong(without(nodes, "7002", "7001") + parts, "node \"a\" has this address already");
  wrong(without(nodes, "tcp:127.0.0.1:7002", "/dev/ttyS0") + parts, "an address such as");
  wrong(nodes + without(parts, "archive = \"a\"\n"), "no `archive` here");
  wrong(nodes + without(parts, "node = \"b\"\n"), "no `node` here");
  wrong(nodes + without(parts, "node = \"b\"", "node = \"c\""), "unknown node \"c\"");
  wrong(nodes + parts + "[[meter]]\n", "meter");
  wrong(parts, "[[node]]");
  wrong(nodes + parts, "the plan has no node \"c\"; it has a, b", "node.toml", without(own, "\"a\"", "\"c\""));
  wrong(nodes + parts, "no `certificates`", "node.toml", without(own, "certificates = \"pki\"\n"));
  wrong(nodes + parts, "`suite` is in the plan", "node.toml", own + "suite = \"rsa3072\"\n");
  wrong(nodes + parts, "`box` is in the plan", "node.toml", own + "[[box]]\nslot = \"x\"\n");
  wrong(nodes + parts, "an address such as", "node.toml", own + "listen = \"/dev/null\"\n");
  wrong(nodes + parts, "stands at node b", "node.toml",
        own + "[[meter]]\nnumber = \"M1\"\nline = \"x\"\nsteel = [\"steel-1\"]\n");
  const auto missing = read(nodes + parts, without(own, "plan.toml", "none.toml"));
  BOOST_REQUIRE(!missing);
  BOOST_TEST(missing.error().text().find("none.toml") != std::string::npos);
}

// EP-4: each vendor has its own KMC and KDC.
BOOST_FIXTURE_TEST_CASE(several_kmcs_have_each_their_own, files) {
  const std::string more = R"([[node]]
name = "c"
address = "tcp:127.0.0.1:7003"
computers = ["kmc"]
[[node]]
name = "d"
address = "tcp:127.0.0.1:7004"
computers = ["kdc"]
kmc = "c"
)";
  const auto whose = without(nodes, "\"data_capture\"]\n", "\"data_capture\"]\nkmc = \"a\"\n");
  const auto c = read(whose + more + parts);
  BOOST_REQUIRE_MESSAGE(c, (c ? "" : c.error().text()));
  const auto all = c->computers();
  using enum component;
  BOOST_CHECK((all.all(component::kmc) == std::vector<party>{{component::kmc, "a"}, {component::kmc, "c"}}));
  BOOST_CHECK((all.all(data_capture) == std::vector<party>{{data_capture, ""}}));
  for (const auto& [node, kmc, kdc] : {std::tuple{"a", "a", "b"}, {"b", "a", "b"}, {"c", "c", "d"}, {"d", "c", "d"}}) {
    BOOST_CHECK((all.kmc_for(node) == party{component::kmc, kmc}));
    BOOST_CHECK((all.kdc_for(node) == party{component::kdc, kdc}));
  }
  BOOST_TEST(c->node_of({component::kmc, "c"}) == "c");
  BOOST_TEST(c->node_of({component::kdc, "d"}) == "d");
  BOOST_TEST(c->node_of({data_capture, ""}) == "b");

  wrong(nodes + more + parts, "the KDC stands at node \"b\", and there are several KMCs; add kmc = \"NODE\"");
  wrong(whose + without(more, "kmc = \"c\"", "kmc = \"a\"") + parts, "node \"d\" has a second KDC of the same KMC");
  wrong(whose + without(more, "kmc = \"c\"", "kmc = \"b\"") + parts, "node \"b\" has no KMC");
  wrong(whose + without(more, "kmc = \"c\"", "kmc = \"x\"") + parts, "there is no [[node]] \"x\" here");
  BOOST_TEST(read(more + whose + parts).has_value()); // in whatever order
  wrong(whose + without(more, "[\"kmc\"]", "[\"kmc\"]\nkmc = \"a\"") + parts, "node \"c\" has a KMC of its own");
  wrong(whose + more + "[[node]]\nname = \"e\"\naddress = \"tcp:127.0.0.1:7005\"\n" + without(parts, "node = \"b\"", "node = \"e\""),
        "steel box \"steel-1\" stands at node \"e\"");
}

BOOST_FIXTURE_TEST_CASE(a_node_that_is_alone_has_nothing_of_a_plan, files) {
  const std::string alone = "name = \"a\"\ndata = \"data\"\n" + without(without(without(parts, "archive = \"a\"\n"), "node = \"a\"\n"), "node = \"b\"\n");
  BOOST_TEST(read("", alone).has_value());
  wrong("", "this node is alone; leave `domain_key_set` out", "node.toml",
        "domain_key_set = \"" + std::string(64, 'a') + "\"\n" + alone);
  wrong("", "this node is alone; leave `certificates` out", "node.toml", "certificates = \"pki\"\n" + alone);
  wrong("", "leave this out", "node.toml", "name = \"a\"\ndata = \"data\"\n" + parts);
  wrong("", "no [[domain]] and [[box]]", "node.toml", "name = \"a\"\ndata = \"data\"\n");
}

BOOST_FIXTURE_TEST_CASE(the_domain_key_set_that_is_believed, files) {
  const std::string hex(64, 'a');
  BOOST_TEST(!read(nodes + parts)->domain_key_set);
  BOOST_TEST(read(nodes + parts, own + "domain_key_set = \"" + hex + "\"\n")->domain_key_set->hex() == hex);
  for (const auto& not_one : {hex.substr(1), std::string(64, 'A'), std::string{"none"}})
    wrong(nodes + parts, "it must be 64 digits of hex, small letters", "node.toml", own + "domain_key_set = \"" + not_one + "\"\n");
}

BOOST_AUTO_TEST_CASE(the_shipped_ones_can_be_read) {
  std::size_t read = 0;
  for (const auto& entry : fs::recursive_directory_iterator{"deploy"})
    if (entry.path().extension() == ".toml" && entry.path().filename() != "plan.toml") {
      const auto c = read_configuration(entry.path());
      BOOST_TEST(c.has_value(), (c ? "" : c.error().text()));
      ++read;
    }
  BOOST_TEST(read >= 17u);
}


// Nodes tell one another whether they have the same plan: an address may be another one elsewhere, all else may not.
BOOST_AUTO_TEST_CASE(what_nodes_share_is_all_but_addresses) {
  files f;
  const auto shared = [&](const std::string& plan) {
    const auto r = f.read(plan);
    BOOST_REQUIRE_MESSAGE(r, (r ? "" : r.error().text()));
    return r->shared();
  };
  const auto whole = nodes + parts;
  const auto first = shared(whole);
  BOOST_TEST((shared("# a comment\n" + whole) == first));
  BOOST_TEST((shared(without(whole, "7002", "7003")) == first));
  const std::pair<std::string, std::string> changes[] = {
    {"computers = [\"kmc\"]", "computers = [\"kmc\", \"kdc\"]"},
    {"archive = \"a\"", "archive = \"b\""},
    {"sub_domain = \"US\"", "sub_domain = \"GB\""},
    {"id = \"VE\"\n", "id = \"VE\"\nzone = \"+01:00\"\n"},
    {"slot = \"steel-1\"\nnode = \"b\"", "slot = \"steel-1\"\nnode = \"a\""},
    {"slot = \"steel-1\"", "slot = \"steel-2\""},
    {"domains = [\"VE\"]\ncustodians = [\"Ada\", \"Bela\"]", "domains = [\"VE\"]\ncustodians = [\"Ada\", \"Clara\"]"},
    {"[[node]]\nname = \"a\"", "suite = \"p256\"\n[[node]]\nname = \"a\""},
  };
  for (const auto& [what, instead] : changes) {
    BOOST_REQUIRE_MESSAGE(whole.find(what) != std::string::npos, what);
    auto changed = whole;
    changed.replace(changed.find(what), what.size(), instead);
    if (what.starts_with("computers"))
      changed = without(changed, "computers = [\"kdc\", \"data_capture\"]", "computers = [\"data_capture\"]");
    BOOST_TEST((shared(changed) != first), instead);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
