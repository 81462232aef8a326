#include "cli/operate_commands.hpp"

#include "cli/cluster_demo.hpp"
#include "cli/operate.hpp"
#include "cli/output.hpp"
#include "node/plan.hpp"
#include "node/text.hpp"

#include <charconv>
#include <memory>

namespace oaksteel {
namespace {

/// What can be given, as it was typed.
struct typed_operation {
  operate_arguments to;
  std::string configuration, box, domain, media, threshold, kind, country, zone, meter, product, key, serial, reason, mail;
  std::vector<std::string> custodians, domains;
};
using operation_pointer = std::shared_ptr<typed_operation>;

/// A name in its form; what is none ends the command with wrong usage.
struct wrong_word {
  std::string line;
};
template <class Name>
Name named(std::string_view option, const std::string& text) {
  auto name = Name::parse(text);
  if (!name)
    throw wrong_word{std::string{option} + " is " + in_quotes(text) + "; it must be " +
                     std::string{form_in_words<Name>}};
  return std::move(*name);
}

std::optional<std::uint64_t> threshold_in(const std::string& text) {
  if (text.empty())
    return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size())
    throw wrong_word{"--threshold is " + in_quotes(text) + "; it must be a whole number"};
  return number;
}

/// The node does not stand where the program was called, and another machine's directories are not those of this one.
std::filesystem::path media_in(const typed_operation& t) {
  if (!t.to.node.empty() && !std::filesystem::path{t.media}.is_absolute())
    throw wrong_word{"--media is " + in_quotes(t.media) + "; with --node it must be the whole path at that node's machine"};
  return std::filesystem::absolute(t.media);
}

void add_network(CLI::App& c, const operation_pointer& t) {
  c.add_option("--plan", t->to.plan, "the deployment's plan, which says where the node is");
  c.add_option("--as", t->to.as, "the operator's folder, as `oaksteel pki issue operator` made it");
  c.add_flag("--json", t->to.json, "print JSON");
}

/// Which node: by --data on its own machine, or by --node, --plan and --as over the network.
void add_data(CLI::App& c, const operation_pointer& t) {
  c.add_option("--data", t->to.data, "the node's data directory: for its user, on its own machine");
  c.add_option("--node", t->to.node, "the node's name: for an operator, over the network, with --plan and --as");
  c.add_option("--id", t->to.id, "of the command, with --node: the same id again gets the first answer");
  add_network(c, t);
}

void check_data(const CLI::App& c, const operate_arguments& a) {
  if (!c.get_option_no_throw("--plan"))
    return;
  const bool all_nodes = c.get_name() == "status";
  if (a.data.empty() && (a.plan.empty() || a.as.empty() || (a.node.empty() && !all_nodes)))
    throw wrong_word{"it is not said which node is asked; give --data, or " +
                     std::string{all_nodes ? "--plan and --as" : "--node, --plan and --as"}};
  if (!a.data.empty() && !(a.node.empty() && a.plan.empty() && a.as.empty() && a.id.empty()))
    throw wrong_word{"--data is for the node's user on its own machine; leave --node, --plan, --as and --id out"};
  if (!a.id.empty())
    named<label>("--id", a.id);
}

/// A command of `parent` that does what `work` says of what was typed.
CLI::App& operate_command(CLI::App& parent, std::function<int()>& run, const operation_pointer& t,
                          const std::string& name, const std::string& does, const std::string& example,
                          std::function<int(const typed_operation&)> work) {
  auto& c = *parent.add_subcommand(name, does);
  c.footer("Example: " + example);
  c.callback([&run, &c, t, work = std::move(work)] {
    run = [&c, t, work] {
      try {
        check_data(c, t->to);
        return work(*t);
      } catch (const wrong_word& wrong) {
        return complain(wrong.line, exit_usage);
      }
    };
  });
  return c;
}

void add_box_name(CLI::App& c, const operation_pointer& t, const std::string& what) {
  c.add_option(what, t->box, "the box, by its slot or its id (O00000001)")->required();
}

constexpr auto media_help = "directory at the node's machine that holds the media, one directory for each custodian; a "
                            "share is MEDIA/NAME/BOX.share";

void add_node(CLI::App& app, std::function<int()>& run, const operation_pointer& t) {
  auto& node = *app.add_subcommand("node", "Run one node of a deployment");
  node.require_subcommand(1);
  auto& start =
      operate_command(node, run, t, "run", "Run the node until SIGTERM or SIGINT", "oaksteel node run factory.toml",
                      [](const typed_operation& a) { return node_run(a.configuration); });
  start.add_option("CONFIG", t->configuration, "the node's configuration (node/README.md)")->required();
  auto& check = operate_command(node, run, t, "check", "Check a configuration", "oaksteel node check factory.toml",
                                [](const typed_operation& a) { return node_check(a.configuration, a.to.json); });
  check.add_option("CONFIG", t->configuration, "the node's configuration (node/README.md)")->required();
  check.add_flag("--json", t->to.json, "print JSON");
}

void add_box_shares(CLI::App& box, std::function<int()>& run, const operation_pointer& t) {
  auto& init = operate_command(
      box, run, t, "init", "Give the box of a slot its id and its secrets; write the shares to media",
      "oaksteel box init oak-1 --custodian Ada Bela --threshold 2 --media /media --data factory",
      [](const typed_operation& a) {
        requests::initialise_box r{named<label>("SLOT", a.box), {}, threshold_in(a.threshold), media_in(a)};
        for (const auto& custodian : a.custodians)
          r.custodians.push_back(named<label>("--custodian", custodian));
        return operate(a.to, r);
      });
  add_box_name(init, t, "SLOT");
  init.add_option("--custodian", t->custodians,
                  "the custodians, a share each; those of the configuration when left out");
  init.add_option("--threshold", t->threshold, "how many enable the box; as in the configuration when left out");
  init.add_option("--media", t->media, media_help)->required();
  add_data(init, t);

  auto& enable = operate_command(
      box, run, t, "enable", "A custodian puts a share in; the last of a quorum enables the box",
      "oaksteel box enable oak-1 --custodian Ada --media /media --data factory", [](const typed_operation& a) {
        return operate(a.to,
                       requests::enable_box{named<label>("BOX", a.box),
                                            named<label>("--custodian", a.custodians.front()), media_in(a)});
      });
  add_box_name(enable, t, "BOX");
  enable.add_option("--custodian", t->custodians, "whose share")->required()->expected(1);
  enable.add_option("--media", t->media, media_help)->required();
  add_data(enable, t);

  auto& disable =
      operate_command(box, run, t, "disable", "A custodian takes the share out: the box forgets its keys",
                      "oaksteel box disable oak-1 --custodian Ada --data factory", [](const typed_operation& a) {
                        return operate(a.to, requests::disable_box{named<label>("BOX", a.box),
                                                                   named<label>("--custodian", a.custodians.front())});
                      });
  add_box_name(disable, t, "BOX");
  disable.add_option("--custodian", t->custodians, "whose share")->required()->expected(1);
  add_data(disable, t);
}

void add_box(CLI::App& app, std::function<int()>& run, const operation_pointer& t) {
  auto& box = *app.add_subcommand("box", "Secure boxes: what they are, their custodians, their domains");
  box.require_subcommand(1);
  auto& list =
      operate_command(box, run, t, "list", "All boxes; without a running node those of the log, none of them enabled",
                      "oaksteel box list --data factory",
                      [](const typed_operation& a) { return operate(a.to, requests::list_boxes{}); });
  add_data(list, t);
  auto& status =
      operate_command(box, run, t, "status", "One box, with its custodians", "oaksteel box status oak-1 --data factory",
                      [](const typed_operation& a) { return box_status(a.to, named<label>("BOX", a.box)); });
  add_box_name(status, t, "BOX");
  add_data(status, t);
  add_box_shares(box, run, t);
  auto& selftest = operate_command(box, run, t, "selftest", "Test the generators and the software of a box now",
                                   "oaksteel box selftest oak-1 --data factory", [](const typed_operation& a) {
                                     return box_selftest(a.to, named<label>("BOX", a.box));
                                   });
  add_box_name(selftest, t, "BOX");
  add_data(selftest, t);
  auto& activate =
      operate_command(box, run, t, "activate", "Make a domain the active one; its keys are made for the box first",
                      "oaksteel box activate oak-1 VE --data factory", [](const typed_operation& a) {
                        return operate(a.to, requests::activate_domain{named<label>("BOX", a.box),
                                                                       named<domain_id>("DOMAIN", a.domain)});
                      });
  add_box_name(activate, t, "BOX");
  activate.add_option("DOMAIN", t->domain, "the domain (VE)")->required();
  add_data(activate, t);
}

void add_domain(CLI::App& app, std::function<int()>& run, const operation_pointer& t) {
  auto& domain = *app.add_subcommand("domain", "Domains");
  domain.require_subcommand(1);
  auto& create = operate_command(
      domain, run, t, "create", "Have an enabled Manufacturing box make a domain and its keys",
      "oaksteel domain create VE --kind vendor --country US --data factory", [](const typed_operation& a) {
        requests::create_domain r{named<domain_id>("ID", a.domain), {}, {}, {}};
        if (!a.kind.empty() && !is_domain_kind(a.kind))
          throw wrong_word{"--kind is " + in_quotes(a.kind) + "; it must be vendor or postal"};
        if (!a.kind.empty())
          r.kind = a.kind;
        if (!a.country.empty())
          r.country = named<country_code>("--country", a.country);
        if (!a.zone.empty())
          r.zone = named<time_zone>("--zone", a.zone);
        return operate(a.to, r);
      });
  create.add_option("ID", t->domain, "its id (VE)")->required();
  create.add_option("--kind", t->kind, "vendor or postal; as in the configuration when left out");
  create.add_option("--country", t->country, "its country (US); as in the configuration when left out");
  create.add_option("--zone", t->zone, "the time zone of its days (-05:00); as in the configuration, or UTC, when left out");
  add_data(create, t);
  auto& list = operate_command(domain, run, t, "list", "All domains; without a running node those of the log",
                               "oaksteel domain list --data factory",
                               [](const typed_operation& a) { return operate(a.to, requests::list_domains{}); });
  add_data(list, t);
}

void add_key_orders(CLI::App& key, std::function<int()>& run, const operation_pointer& t) {
  auto& show = operate_command(key, run, t, "show", "A key as its domain's archive has it",
                               "oaksteel key show VE/1 --data post", [](const typed_operation& a) {
                                 const auto id = key_id::parse(a.key);
                                 if (!id)
                                   throw wrong_word{"KEY is " + in_quotes(a.key) + "; it must be a domain and a number, such as VE/1"};
                                 return key_show(a.to, *id);
                               });
  show.add_option("KEY", t->key, "its id (VE/1)")->required();
  add_data(show, t);
  auto& retire = operate_command(
      key, run, t, "retire", "Take the keys of a meter out of service; one line for each domain",
      "oaksteel key retire --meter M0000001 --domain VE --domain USPS --reason withdrawn --data data-centre",
      [](const typed_operation& a) {
        requests::retire_keys r{named<sequence_number>("--meter", a.meter), {}, a.reason};
        for (const auto& domain : a.domains)
          r.domains.push_back(named<domain_id>("--domain", domain));
        return order_for(a.to, r.meter, r);
      });
  retire.add_option("--meter", t->meter, "its sequence number")->required();
  retire.add_option("--domain", t->domains, "a domain whose key goes; may be given several times")
      ->required()
      ->take_all()
      ->allow_extra_args(false);
  retire.add_option("--reason", t->reason, "why, on one line")->required();
  add_data(retire, t);
}

void add_key(CLI::App& app, std::function<int()>& run, const operation_pointer& t) {
  auto& key = *app.add_subcommand("key", "Master keys");
  key.require_subcommand(1);
  auto& request = operate_command(
      key, run, t, "request", "Have a meter on a line of the node get its label and keys; one line for each domain",
      "oaksteel key request --meter M0000001 --product DM400 --domain VE --domain USPS --data factory",
      [](const typed_operation& a) {
        requests::request_key r{
            named<sequence_number>("--meter", a.meter), named<product_code>("--product", a.product), {}};
        for (const auto& domain : a.domains)
          r.domains.push_back(named<domain_id>("--domain", domain));
        return order_for(a.to, r.meter, r);
      });
  request.add_option("--meter", t->meter, "its sequence number")->required();
  request.add_option("--product", t->product, "its product code, for its label")->required();
  request.add_option("--domain", t->domains, "a domain whose key it gets; may be given several times")
      ->required()
      ->take_all()
      ->allow_extra_args(false);
  add_data(request, t);
  add_key_orders(key, run, t);
}

void add_meter_registration(CLI::App& app, std::function<int()>& run, const operation_pointer& t) {
  auto& meter = *app.get_subcommand("meter");
  auto& enter = operate_command(
      meter, run, t, "register", "Set a meter on a line of the node to a country and a serial number; its keys become Active",
      "oaksteel meter register --meter M0000001 --product DM400 --serial 000000100001 --country US --data factory",
      [](const typed_operation& a) {
        const requests::register_meter r{named<sequence_number>("--meter", a.meter), named<product_code>("--product", a.product),
                                         named<indicia_serial>("--serial", a.serial), named<country_code>("--country", a.country)};
        return order_for(a.to, r.meter, r);
      });
  enter.add_option("--meter", t->meter, "its sequence number")->required();
  enter.add_option("--product", t->product, "its product code, as on its label")->required();
  enter.add_option("--serial", t->serial, "the indicia serial number that it gets")->required();
  enter.add_option("--country", t->country, "the country (US)")->required();
  add_data(enter, t);
}

void add_verify(CLI::App& app, std::function<int()>& run, const operation_pointer& t) {
  auto& verify = operate_command(
      app, run, t, "verify", "Verify a file of mail at the node that has the data capture system",
      "oaksteel verify mail.csv --node mail-facility --plan plan.toml --as vera", [](const typed_operation& a) {
        std::vector<domain_id> domains;
        for (const auto& domain : a.domains)
          domains.push_back(named<domain_id>("--domain", domain));
        return verify_file(a.to, a.mail, domains);
      });
  verify.add_option("FILE", t->mail, "a piece a line: serial,date,piece,postage_thousandths,origin,tokens")->required();
  verify.add_option("--domain", t->domains, "a domain that is asked; may be given several times; all when left out")
      ->take_all()
      ->allow_extra_args(false);
  add_data(verify, t);
}

void add_status(CLI::App& app, std::function<int()>& run, const operation_pointer& t) {
  auto& status = operate_command(
      app, run, t, "status", "The nodes of a deployment, or one: connections, boxes, keys by status",
      "oaksteel status --plan plan.toml --as ada", [](const typed_operation& a) { return show_status(a.to); });
  status.add_option("--data", t->to.data, "a node's data directory: that node alone, for its user");
  status.add_option("--node", t->to.node, "that node alone");
  add_network(status, t);
}

void add_cluster(CLI::App& app, std::function<int()>& run) {
  const auto a = std::make_shared<cluster_demo_arguments>();
  auto& cluster = *app.add_subcommand("cluster", "Several nodes");
  cluster.require_subcommand(1);
  auto& demo = *cluster.add_subcommand(
      "demo", "The nodes of a deployment as processes on this machine, and a day of work across them");
  demo.add_option("DEPLOYMENT", a->deployment, "a folder with plan.toml and NODE.toml for each node (deploy/four-facilities)")
      ->required();
  demo.add_option("--data", a->data, "a new or empty directory, in which everything is and stays")->required();
  demo.add_option("--meters", a->meters, "meters that get keys, 24 when left out; a sixth of them is not registered")->check(CLI::Range(1, 200));
  demo.add_option("--pieces", a->pieces, "pieces that each registered meter prints, 20 when left out")->check(CLI::Range(1, 1000));
  demo.footer("Example: oaksteel cluster demo deploy/four-facilities --data demo");
  demo.callback([&run, a] { run = [a] { return cluster_demo(*a); }; });
}

} // namespace

void add_operating_commands(CLI::App& app, std::function<int()>& run) {
  const auto t = std::make_shared<typed_operation>();
  add_node(app, run, t);
  add_box(app, run, t);
  add_domain(app, run, t);
  add_key(app, run, t);
  add_meter_registration(app, run, t);
  add_verify(app, run, t);
  add_status(app, run, t);
  add_cluster(app, run);
}

} // namespace oaksteel
