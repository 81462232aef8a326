#include "cli/pki_commands.hpp"

#include "cli/output.hpp"
#include "cli/pki.hpp"
#include "cli/whole_number.hpp"
#include "node/text.hpp"

#include <algorithm>
#include <memory>

namespace oaksteel {
namespace {

/// What can be given, as it was typed.
struct typed_certificate {
  pki_arguments to;
  std::string holder, out, what;
  std::vector<std::string> roles;
  std::uint64_t days = certificate_days;
  bool again = false;
};
using certificate_pointer = std::shared_ptr<typed_certificate>;

/// In the order of their numbers, each once; or what is wrong.
expected<std::vector<operator_role>, std::string> roles_in(const std::vector<std::string>& words) {
  std::vector<operator_role> roles;
  for (const auto& word : words) {
    const auto role = parse_operator_role(word);
    if (!role) {
      std::vector<std::string_view> known;
      for (const auto r : operator_roles)
        known.push_back(name(r));
      return unexpected{"--role: " + unknown_word("role", word, known)};
    }
    roles.push_back(*role);
  }
  std::ranges::sort(roles);
  const auto twice = std::ranges::unique(roles);
  roles.erase(twice.begin(), twice.end());
  return roles;
}

int issue_to(holder_kind kind, const typed_certificate& a) {
  const auto holder = holder_name::parse(std::string{name(kind)} + ":" + a.holder);
  if (!holder)
    return complain("NAME is " + in_quotes(a.holder) + "; it must be " + std::string{form_in_words<label>} +
                        ", a letter or digit first",
                    exit_usage);
  if (a.days < 1 || a.days > certificate_days_limit)
    return complain("--days is " + std::to_string(a.days) + "; it must be 1 to " +
                        std::to_string(certificate_days_limit),
                    exit_usage);
  auto roles = roles_in(a.roles);
  if (!roles)
    return complain(roles.error(), exit_usage);
  certificate_order order{*holder, std::move(*roles), static_cast<unsigned>(a.days), {}, a.again};
  if (!a.out.empty())
    order.out = a.out;
  return pki_issue(a.to, order);
}

CLI::App& pki_command(CLI::App& parent, std::function<int()>& run, const certificate_pointer& t,
                      const std::string& name, const std::string& does, const std::string& example,
                      std::function<int(const typed_certificate&)> work) {
  auto& c = *parent.add_subcommand(name, does);
  c.footer("Example: " + example);
  c.add_flag("--json", t->to.json, "print JSON");
  c.callback([&run, t, work = std::move(work)] { run = [t, work] { return work(*t); }; });
  return c;
}

void add_authority(CLI::App& c, const certificate_pointer& t) {
  c.add_option("--ca", t->to.authority, "the authority's directory")->required();
}

CLI::App& add_issue(CLI::App& issue, std::function<int()>& run, const certificate_pointer& t, holder_kind kind,
                    const std::string& does, const std::string& example) {
  auto& c = pki_command(issue, run, t, std::string{name(kind)}, does, example,
                        [kind](const typed_certificate& a) { return issue_to(kind, a); });
  c.add_option("NAME", t->holder, "the holder's name")->required();
  add_authority(c, t);
  c.add_option("--out", t->out,
               "the folder to make; nodes/NAME or operators/NAME in the authority's directory when "
               "left out");
  c.add_option("--days", t->days, "how long it is valid, 1 to 90 days; 30 when left out")->check(whole_number);
  c.add_flag("--again", t->again, "though the holder has a certificate that is valid");
  return c;
}

} // namespace

void add_pki_commands(CLI::App& app, std::function<int()>& run) {
  const auto t = std::make_shared<typed_certificate>();
  auto& pki = *app.add_subcommand("pki", "Certificates of the nodes and operators of a trial deployment");
  pki.require_subcommand(1);
  auto& init = pki_command(pki, run, t, "init", "Make an authority: a directory with its key and certificate",
                           "oaksteel pki init authority", [](const typed_certificate& a) { return pki_init(a.to); });
  init.add_option("DIR", t->to.authority, "the directory to make")->required();

  auto& issue = *pki.add_subcommand("issue", "Issue a certificate and its key");
  issue.require_subcommand(1);
  add_issue(issue, run, t, holder_kind::node, "Of a node, which serves and calls",
            "oaksteel pki issue node factory --ca authority");
  auto& person = add_issue(issue, run, t, holder_kind::person, "Of an operator, who calls",
                           "oaksteel pki issue operator Ada --role officer --role auditor --ca authority");
  person
      .add_option("--role", t->roles, "officer, custodian, operator, verifier or auditor; may be given several times")
      ->required()
      ->take_all()
      ->allow_extra_args(false);

  auto& revoke = pki_command(pki, run, t, "revoke", "Revoke certificates, and make the list of revoked ones anew",
                             "oaksteel pki revoke --ca authority Ada",
                             [](const typed_certificate& a) { return pki_revoke(a.to, a.what); });
  add_authority(revoke, t);
  revoke
      .add_option("WHAT", t->what,
                  "a holder (Ada, or operator:Ada), all of whose valid certificates go; a serial; "
                  "or a file with a certificate")
      ->required();
  auto& list = pki_command(pki, run, t, "list", "All certificates that were issued", "oaksteel pki list --ca authority",
                           [](const typed_certificate& a) { return pki_list(a.to); });
  add_authority(list, t);
}

} // namespace oaksteel
