#include "cli/pki.hpp"

#include "actors/surroundings.hpp"
#include "cli/output.hpp"

#include <iostream>

namespace oaksteel {

namespace {

using json = nlohmann::ordered_json;

instant now() { return system_clock_after({})->now(); }

std::unique_ptr<generator> random_stream() { return system_randomness()->stream("pki", 0); }

int complain(const authority_problem& problem) {
  return complain(problem.text, problem.refused ? exit_refused : exit_io);
}

int when_printed() { return output_arrived() ? exit_done : exit_io; }

std::string_view state_of(const issued_certificate& c, instant at) {
  return c.revoked ? "revoked" : c.good_at(at) ? "valid" : "expired";
}

json as_json(const issued_certificate& c, instant at) {
  auto roles = json::array();
  for (const auto role : c.roles)
    roles.push_back(name(role));
  return {{"kind", name(c.holder.kind)},
          {"name", c.holder.name.text},
          {"roles", roles},
          {"serial", c.serial.text()},
          {"fingerprint", c.fingerprint.hex()},
          {"not_before", c.valid.from.text()},
          {"not_after", c.valid.to.text()},
          {"revoked", c.revoked ? json(c.revoked->text()) : json()},
          {"state", state_of(c, at)}};
}

json as_json(const authority_view& a) {
  return {{"name", printable(a.certificate.name)},
          {"serial", a.certificate.serial.text()},
          {"fingerprint", a.certificate.fingerprint.hex()},
          {"not_before", a.certificate.valid.from.text()},
          {"not_after", a.certificate.valid.to.text()}};
}

json as_json(const revocation_list& list) {
  return {{"number", list.number}, {"this_update", list.this_update.text()}, {"next_update", list.next_update.text()}};
}

/// `operator:Ada (officer,auditor)`
std::string holder_text(const issued_certificate& c) {
  return c.holder.text() + (c.roles.empty() ? "" : " (" + roles_text(c.roles) + ")");
}

void print(const authority_view& a) {
  std::cout << "authority " << printable(a.certificate.name) << "\n  fingerprint  " << a.certificate.fingerprint.hex()
            << "\n  valid until  " << a.certificate.valid.to.text() << "\n  list         number " << a.list.number
            << ", the next by " << a.list.next_update.text() << '\n';
}

} // namespace

int pki_init(const pki_arguments& arguments) {
  const auto made = make_authority_directory(arguments.authority, now(), *random_stream());
  if (!made)
    return complain(made.error());
  if (arguments.json)
    print_line(std::cout, {{"directory", arguments.authority.string()}, {"authority", as_json(*made)}});
  else
    print(*made);
  return when_printed();
}

int pki_issue(const pki_arguments& arguments, const certificate_order& order) {
  const auto at = now();
  const auto result = issue(arguments.authority, order, at, *random_stream());
  if (!result)
    return complain(result.error());
  if (arguments.json)
    print_line(std::cout, {{"folder", result->folder.string()}, {"certificate", as_json(result->issued, at)}});
  else
    std::cout << printable(result->folder.string()) << ": certificate and key of " << holder_text(result->issued)
              << ", serial " << result->issued.serial.text() << ", valid until " << result->issued.valid.to.text()
              << '\n';
  return when_printed();
}

int pki_revoke(const pki_arguments& arguments, const std::string& what) {
  const auto at = now();
  const auto revoked = revoke(arguments.authority, what, at, *random_stream());
  if (!revoked)
    return complain(revoked.error());
  const auto list = (arguments.authority / "ca.crl.pem").string();
  if (arguments.json) {
    auto all = json::array();
    for (const auto& c : *revoked)
      all.push_back(as_json(c, at));
    print_line(std::cout, {{"list", list}, {"revoked", all}});
  } else {
    for (const auto& c : *revoked)
      std::cout << "revoked " << c.serial.text() << " of " << holder_text(c) << '\n';
    if (revoked->empty())
      std::cout << printable(what) << " was revoked before\n";
    std::cout << "copy " << printable(list) << " to every node\n";
  }
  return when_printed();
}

int pki_list(const pki_arguments& arguments) {
  const auto at = now();
  const auto a = look_at_authority(arguments.authority);
  if (!a)
    return complain(a.error());
  if (a->list.number != a->index.list)
    return complain((arguments.authority / "ca.crl.pem").string() + ": is list " + std::to_string(a->list.number) +
                        ", the index is at " + std::to_string(a->index.list) +
                        "; do again what was cut short, with oaksteel pki revoke or issue",
                    exit_refused);
  if (arguments.json) {
    auto all = json::array();
    for (const auto& c : a->index.issued)
      all.push_back(as_json(c, at));
    print_line(std::cout, {{"authority", as_json(*a)}, {"list", as_json(a->list)}, {"certificates", all}});
    return when_printed();
  }
  print(*a);
  for (const auto& c : a->index.issued)
    std::cout << c.serial.text() << "  " << state_of(c, at) << "  until " << c.valid.to.text() << "  " << holder_text(c)
              << '\n';
  return when_printed();
}

} // namespace oaksteel
