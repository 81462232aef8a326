#include "cli/cluster_demo.hpp"

#include "cli/output.hpp"
#include "cli/status.hpp"
#include "node/child_program.hpp"
#include "node/configuration.hpp"
#include "node/mail_file.hpp"
#include "node/meter_process.hpp"
#include "node/node.hpp"
#include "node/remote_client.hpp"
#include "node/tls_identity.hpp"
#include "storage/authority.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <thread>

#include <unistd.h>

namespace oaksteel {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// Ends the demonstration.
struct demo_failed {
  std::string line;
  exit_status status = exit_refused;
};

/// What is done, and how the nodes are meanwhile: a picture each second on a terminal, else a line for each step.
class live_view {
public:
  live_view(std::vector<node_plan> nodes, fs::path as)
      : nodes_(std::move(nodes)), as_(std::move(as)), terminal_(isatty(STDOUT_FILENO) == 1) {
    if (terminal_)
      thread_ = std::thread{[this] { watch(); }};
  }
  ~live_view() {
    {
      const std::lock_guard lock{mutex_};
      over_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable())
      thread_.join();
  }

  void say(const std::string& line) {
    const std::lock_guard lock{mutex_};
    lines_.push_back(line);
    if (!terminal_)
      std::cout << line << std::endl;
  }
  /// The nodes as they are now, below what was said.
  void show() {
    if (!terminal_) {
      std::cout << '\n';
      print_status(ask_nodes(nodes_, as_));
      std::cout << std::endl;
    }
  }

private:
  void watch() {
    std::unique_lock lock{mutex_};
    for (bool last = false; !last;) {
      last = over_; // the end is shown too
      lock.unlock();
      const auto state = ask_nodes(nodes_, as_);
      lock.lock();
      std::cout << "\033[H\033[2J"; // the whole screen anew
      for (const auto& line : lines_)
        std::cout << line << '\n';
      std::cout << '\n';
      print_status(state);
      std::cout.flush();
      changed_.wait_for(lock, 1s, [this] { return over_; });
    }
  }

  std::vector<node_plan> nodes_;
  fs::path as_;
  bool terminal_, over_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  std::thread thread_;
};

/// Who does the day's work; custodians are those of the plan.
constexpr std::pair<std::string_view, operator_role> staff[] = {{"Olga", operator_role::officer},
                                                                {"Oscar", operator_role::operating},
                                                                {"Vera", operator_role::verifier},
                                                                {"Augusta", operator_role::auditor}};
constexpr auto officer = "Olga", day_operator = "Oscar", verifier = "Vera", auditor = "Augusta";

class demonstration {
public:
  explicit demonstration(const cluster_demo_arguments& a) : a_(a), dir_(fs::absolute(a.data)) {}

  void run() {
    try {
      prepare();
      look();
      start();
    } catch (...) {
      view_ = nullptr;
      nodes_.clear();
      leave_nothing();
      throw;
    }
    ceremonies();
    for (auto& [domains, mail] : factory_day())
      verify(domains, mail);
    for (const auto& f : factories_)
      for (std::size_t n = 0; n < std::min<std::size_t>(2, f.meters.size() / 2); ++n)
        retire(f, n, "withdrawn");
    view_->show();
    audit();
  }

private:
  // --- what is there before ------------------------------------------------------------------------------------

  void prepare() {
    std::error_code problem;
    if (!fs::is_regular_file(a_.deployment / "plan.toml", problem))
      throw demo_failed{(a_.deployment / "plan.toml").string() + ": is not there; name a directory such as deploy/four-facilities",
                        exit_io};
    const bool made = fs::create_directories(dir_, problem);
    if (problem || !fs::is_empty(dir_, problem) || problem)
      throw demo_failed{dir_.string() + ": must be a new or an empty directory"};
    own_ = made ? ours::all : ours::content;
    copy("plan.toml");
    auto plan = read_deployment(dir_ / "plan.toml");
    if (!plan)
      throw demo_failed{plan.error().text(), status_of_mistake(a_.deployment / "plan.toml")};
    plan_ = std::move(*plan);
    for (const auto& node : plan_.nodes) {
      copy(node.name.text + ".toml");
      auto read = read_configuration(file_of(node.name));
      if (!read)
        throw demo_failed{read.error().text(), status_of_mistake(a_.deployment / (node.name.text + ".toml"))};
      if (!read->meters.empty())
        factories_.push_back({node.name, read->meters.front().line, {}, {}});
    }
    if (factories_.empty())
      throw demo_failed{a_.deployment.string() + ": no node has a [[meter]] on a line"};
    for (auto& factory : factories_)
      name_meters(factory);
    issue_certificates();
    for (const auto* folder : {"prints", "meters"})
      fs::create_directories(dir_ / folder);
    for (const auto& box : plan_.boxes)
      for (const auto& custodian : box.custodians)
        fs::create_directories(dir_ / "media" / custodian.text);
  }
  /// Nothing is begun where a node could not run.
  void look() const {
    for (const auto& node : plan_.nodes)
      if (const auto problem = look_at_node(*read_configuration(file_of(node.name))))
        throw demo_failed{"node " + node.name.text + ": " + problem->text, exit_io};
  }
  void leave_nothing() const {
    std::error_code ignored;
    if (own_ == ours::all)
      fs::remove_all(dir_, ignored);
    if (own_ == ours::content)
      for (const auto& entry : std::vector<fs::directory_entry>{fs::directory_iterator{dir_, ignored}, {}})
        fs::remove_all(entry, ignored);
  }
  fs::path file_of(const label& node) const { return dir_ / (node.text + ".toml"); }
  void copy(const std::string& file) const {
    std::error_code problem;
    fs::copy_file(a_.deployment / file, dir_ / file, problem);
    if (problem)
      throw demo_failed{system_error(problem.value(), "cannot be copied", a_.deployment / file).text, exit_io};
  }
  /// Meters that a factory makes: they take turns on its line, and each gets a key of the vendor and one of a post.
  struct factory {
    label node;
    line_address line;
    std::vector<sequence_number> meters;
    std::vector<std::vector<domain_id>> pairs; ///< of domains, a meter after another
  };
  /// As many as are asked for, shared among the factories; those of the configuration first.
  void name_meters(factory& f) {
    const auto c = read_configuration(file_of(f.node));
    const auto share = std::max<std::size_t>(1, a_.meters / factories_.size());
    std::ofstream more{file_of(f.node), std::ios::app};
    for (const auto& meter : c->meters)
      if (f.meters.size() < share)
        f.meters.push_back(meter.number);
    while (f.meters.size() < share) {
      const auto digits = std::to_string(++extra_);
      f.meters.push_back({"MX" + std::string(6 - digits.size(), '0') + digits});
      more << "\n[[meter]]\nnumber = \"" << f.meters.back().text << "\"\nline = \"" << f.line.text() << "\"\n";
    }
    std::vector<domain_id> vendors;
    const auto made_here = [&](const domain_plan& d) {
      return std::ranges::any_of(plan_.boxes, [&](const box_plan& b) {
        return b.type == box_type::steel && b.node == f.node && b.active == d.id;
      });
    };
    for (const auto& d : plan_.domains)
      if (d.kind == "vendor" && made_here(d))
        vendors.push_back(d.id);
    for (const auto& d : plan_.domains)
      if (d.kind == "postal" && made_here(d)) {
        f.pairs.push_back(vendors);
        f.pairs.back().push_back(d.id);
      }
    if (f.pairs.empty())
      throw demo_failed{f.node.text + ": no Steel box there works for a post"};
  }
  void issue_certificates() {
    const auto random = system_randomness()->stream("cluster demo", 0);
    const auto authority = dir_ / "authority";
    const auto made = make_authority_directory(authority, machine_time(), *random);
    if (!made)
      throw demo_failed{made.error().text};
    std::map<holder_name, std::vector<operator_role>> holders;
    for (const auto& node : plan_.nodes)
      holders[{holder_kind::node, node.name}] = {};
    for (const auto& box : plan_.boxes)
      for (const auto& custodian : box.custodians)
        holders[operator_named(custodian)] = {operator_role::custodian};
    for (const auto& [name, role] : staff)
      holders[operator_named({std::string{name}})].push_back(role);
    for (const auto& [holder, roles] : holders) {
      const auto folder = dir_ / (holder.kind == holder_kind::node ? "pki" : "people") / holder.name.text;
      fs::create_directories(folder.parent_path());
      if (const auto given = issue(authority, {holder, roles, certificate_days, folder, false}, machine_time(), *random); !given)
        throw demo_failed{given.error().text};
    }
  }

  // --- asking --------------------------------------------------------------------------------------------------

  stored<requests::answer> try_to_ask(const label& node, const std::string& who, const requests::any_request& r) const {
    const auto& plan = *std::ranges::find(plan_.nodes, node, &node_plan::name);
    return ask_over_network({dir_ / "people" / who, node, plan.address, {}}, r);
  }
  requests::answer ask(const label& node, const std::string& who, const requests::any_request& r) const {
    auto a = try_to_ask(node, who, r);
    if (!a)
      throw demo_failed{a.error().text};
    if (a->error)
      throw demo_failed{node.text + ": " + *a->error};
    return std::move(*a);
  }
  template <class Ready>
  void wait_until(const std::string& what, Ready ready) {
    for (int n = 0; n < 600; ++n) {
      if (ready())
        return;
      for (auto& [name, node] : nodes_)
        if (node->ended())
          throw demo_failed{"node " + name + " ended: " + node->last_line()};
      std::this_thread::sleep_for(100ms);
    }
    throw demo_failed{"not within a minute: " + what};
  }
  label capture_node() const {
    const auto node = plan_.node_of({component::data_capture, {}});
    if (node.empty())
      throw demo_failed{"no node of the plan has a data capture system"};
    return {node};
  }

  // --- the day -------------------------------------------------------------------------------------------------

  void start() {
    for (const auto& node : plan_.nodes)
      nodes_[node.name.text] = std::make_unique<child_program>(
          std::vector<std::string>{"node", "run", file_of(node.name).string()}, dir_ / "prints" / node.name.text);
    view_ = std::make_unique<live_view>(plan_.nodes, dir_ / "people" / auditor);
    wait_until("all nodes answer", [&] {
      return std::ranges::all_of(plan_.nodes, [&](const node_plan& n) {
        return try_to_ask(n.name, auditor, requests::node_status{}).has_value();
      });
    });
    view_->say(std::to_string(nodes_.size()) + " nodes run, each a process, over TLS with certificates both ways");
  }

  /// Steel boxes come before the Oaks that are told of them.
  void ceremonies() {
    const auto of_type = [&](box_type type, auto work) {
      for (const auto& box : plan_.boxes)
        if (box.type == type)
          work(box);
    };
    const auto come_into_being = [&](const box_plan& box) {
      ask(box.node, officer, requests::initialise_box{box.slot, {}, {}, dir_ / "media"});
      for (std::size_t n = 0; n < box.threshold; ++n)
        ask(box.node, box.custodians[n].text, requests::enable_box{box.slot, box.custodians[n], dir_ / "media"});
      view_->say("box " + box.slot.text + " at " + box.node.text + ": initialised by " + officer + ", enabled by " +
                 std::to_string(box.threshold) + " custodians");
    };
    of_type(box_type::manufacturing, come_into_being);
    const auto& maker = *std::ranges::find(plan_.boxes, box_type::manufacturing, &box_plan::type);
    for (const auto& domain : plan_.domains)
      ask(maker.node, officer, requests::create_domain{domain.id, {}, {}, {}});
    wait_until("all nodes know the domains", [&] {
      return std::ranges::all_of(plan_.nodes, [&](const node_plan& n) {
        return ask(n.name, auditor, requests::list_domains{}).domains.size() == plan_.domains.size();
      });
    });
    view_->say(std::to_string(plan_.domains.size()) + " domains made, and known to every node");
    for (const auto type : {box_type::steel, box_type::oak, box_type::brass, box_type::tin})
      of_type(type, come_into_being);
    wait_until("all boxes have their keys", [&] {
      return std::ranges::all_of(plan_.nodes, [&](const node_plan& n) {
        const auto boxes = ask(n.name, auditor, requests::list_boxes{}).boxes;
        return std::ranges::all_of(boxes, [](const requests::box_view& b) {
          return b.type == box_type::manufacturing || b.active.has_value();
        });
      });
    });
    view_->show();
  }

  /// Mail, by the domains whose tokens it has.
  using mail_by_domains = std::map<std::vector<domain_id>, std::vector<indicium>>;

  /// Each meter gets its keys at its factory; but for a sixth they are registered, and print by themselves.
  mail_by_domains factory_day() {
    mail_by_domains mail;
    for (const auto& f : factories_) {
      const auto registered = f.meters.size() - f.meters.size() / 6;
      for (std::size_t n = 0; n < f.meters.size(); ++n) {
        const auto& domains = f.pairs[n % f.pairs.size()];
        const auto printed = make_meter(f, f.meters[n], domains, n < registered);
        auto& pieces = mail[domains];
        pieces.insert(pieces.end(), printed.begin(), printed.end());
      }
      if (registered < f.meters.size())
        retire(f, f.meters.size() - 1, "scrapped before registration");
    }
    view_->show();
    return mail;
  }
  std::vector<indicium> make_meter(const factory& f, const sequence_number& number, const std::vector<domain_id>& domains,
                                   bool registered) {
    const auto data = dir_ / "meters" / number.text;
    const auto& post = *std::ranges::find(plan_.domains, domains.back(), &domain_plan::id);
    std::string keys;
    for (const auto& domain : domains)
      keys += (keys.empty() ? "" : " and ") + domain.text;
    {
      child_program meter{{"meter", "run", "--line", f.line.text(), "--meter", number.text, "--data", data.string()},
                          dir_ / "prints" / number.text};
      done(ask(f.node, day_operator, requests::request_key{number, product, domains}), "keys of " + number.text);
      if (registered) {
        const auto digits = std::to_string(++serials_);
        done(ask(f.node, day_operator,
                 requests::register_meter{number, product, {std::string(12 - digits.size(), '0') + digits}, post.sub_domain}),
             "registration of " + number.text);
      }
    }
    view_->say("meter " + number.text + " at " + f.node.text + ": keys of " + keys + (registered ? ", registered, prints" : ""));
    if (!registered)
      return {};
    auto printed = print_mail({number, data, {}, {}}, {a_.pieces, 730, "06484", post.zone});
    if (!printed)
      throw demo_failed{printed.error().text};
    return std::move(*printed);
  }
  static void done(const requests::answer& a, const std::string& what) {
    for (const auto& key : a.keys)
      if (!key.done)
        throw demo_failed{what + ", domain " + key.domain.text + ": " + key.reason.value_or("not done")};
  }

  /// Somebody wrote a higher postage on every tenth piece, and on every fifteenth a serial that no meter has.
  void verify(const std::vector<domain_id>& domains, std::vector<indicium> mail) {
    std::vector<verdict> wanted(mail.size(), verdict::good);
    for (std::size_t n = 0; n < mail.size(); ++n) {
      if (n % 10 == 0) {
        mail[n].postage_thousandths += 1000;
        wanted[n] = verdict::bad_token;
      }
      if (n % 15 == 0) {
        mail[n].serial = {"999999999999"};
        wanted[n] = verdict::not_registered;
      }
    }
    std::map<domain_id, std::vector<verdict>> said;
    for (const auto& part : mail_files(mail, requests::request_limit - 4096))
      for (const auto& v : ask(capture_node(), verifier, requests::verify_mail{domains, part}).verdicts)
        for (const auto one : unpack(from_hex(v.packed).value_or(bytes{}), v.count))
          said[v.domain].push_back(one);
    for (const auto& domain : domains) {
      const auto& verdicts = said[domain];
      std::string line = "mail, " + domain.text + ":";
      for (const auto kind : {verdict::good, verdict::bad_token, verdict::not_registered})
        line += ' ' + std::to_string(std::ranges::count(verdicts, kind)) + ' ' + std::string{name(kind)};
      view_->say(line);
      if (verdicts != wanted)
        throw demo_failed{"mail, " + domain.text + ": a piece did not get its right verdict"};
    }
  }

  void retire(const factory& f, std::size_t meter, const std::string& reason) {
    const auto& number = f.meters[meter];
    done(ask(f.node, day_operator, requests::retire_keys{number, f.pairs[meter % f.pairs.size()], reason}),
         "retirement of " + number.text);
    view_->say("meter " + number.text + ": taken out of service, " + reason);
  }

  /// By anybody, from the logs alone, while the nodes run.
  void audit() {
    for (const auto& node : plan_.nodes) {
      const auto data = read_configuration(file_of(node.name))->data;
      for (const auto& words : {std::vector<std::string>{"log", "verify"}, {"replay"}, {"audit", "all"}}) {
        auto command = words;
        command.insert(command.end(), {"--data", data.string()});
        child_program check{command, dir_ / "prints" / ("audit-" + node.name.text)};
        if (check.finish() != exit_done)
          throw demo_failed{"log of " + node.name.text + ", " + words.front() + ": " + check.last_line()};
      }
      view_->say("log of " + node.name.text + ": verified, replayed, audited; good");
    }
    std::vector<std::string> together{"audit", "all", "--clock-tolerance", "1000"};
    for (const auto& node : plan_.nodes)
      together.insert(together.end(), {"--data", read_configuration(file_of(node.name))->data.string()});
    for (const auto& f : factories_)
      for (const auto& meter : f.meters)
        together.insert(together.end(), {"--data", (dir_ / "meters" / meter.text).string()});
    child_program check{together, dir_ / "prints" / "audit-of-all"};
    if (check.finish() != exit_done)
      throw demo_failed{"all logs together: " + check.last_line() + " (" + (dir_ / "prints" / "audit-of-all").string() + ')'};
    view_->say("all logs together, those of the meters too: one history, audited; good");
    view_->say("everything is in " + dir_.string());
  }

  static inline const product_code product{"DM400"};

  const cluster_demo_arguments& a_;
  fs::path dir_;
  enum class ours { nothing, content, all } own_ = ours::nothing; ///< of dir_
  node_configuration plan_;
  std::vector<factory> factories_;
  unsigned extra_ = 0;        ///< meters that are in no configuration
  unsigned serials_ = 100000; ///< the last that was given
  std::map<std::string, std::unique_ptr<child_program>> nodes_;
  std::unique_ptr<live_view> view_; ///< ends before the nodes
};

} // namespace

int cluster_demo(const cluster_demo_arguments& arguments) {
  try {
    demonstration{arguments}.run();
  } catch (const demo_failed& e) {
    return complain(e.line, e.status);
  } catch (const program_not_run& e) {
    return complain(e.line, exit_io);
  }
  return output_arrived() ? exit_done : exit_io;
}

} // namespace oaksteel
