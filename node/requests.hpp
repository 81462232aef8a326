#pragma once
// What an operator can ask of a running node, and what it answers. Each request is a struct with one list of fields;
// the line of JSON that carries it comes from that list, both ways:
//
//   {"request": "enable_box", "box": "oak-1", "custodian": "Ada", "media": "/media"}
//   {"refusal": null, "error": null, "boxes": [...], "domains": [...], ...}
//
// Spaces may come before an answer: the node sends one each second while it works, so that a node that is slow can be
// told from one that is not there.
//
// No secret is in any of them: a share is named by the directory of its medium, and the box reads it itself.
//
// The user of the node asks through its control socket (node/control.hpp); operators with a certificate over the
// network (node/signed_request.hpp), where a request is only for those who have one of its roles.

#include "events/box.hpp"
#include "events/domain.hpp"
#include "events/expected.hpp"
#include "events/operator_role.hpp"
#include "events/order.hpp"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace oaksteel {
class log;
}

namespace oaksteel::requests {

using oaksteel::operator==; // for the structs below, where they lie in a container

/// Longest line of a request, which may be a file of mail, and of an answer, which may describe every box.
inline constexpr std::size_t request_limit = 1024 * 1024;
inline constexpr std::size_t answer_limit = 1024 * 1024;

/// Who may ask for something over the network: whoever has one of these roles.
struct permitted_roles {
  bool officer = false, custodian = false, operating = false, verifier = false, auditor = false;

  constexpr bool include(operator_role role) const {
    switch (role) {
      case operator_role::officer: return officer;
      case operator_role::custodian: return custodian;
      case operator_role::operating: return operating;
      case operator_role::verifier: return verifier;
      case operator_role::auditor: return auditor;
    }
    return false;
  }
};
inline constexpr permitted_roles everybody{true, true, true, true, true}, officers{.officer = true},
  custodians{.custodian = true}, operators{.operating = true}, verifiers{.verifier = true};

// --- requests --------------------------------------------------------------------------------------------
// A box is named by its slot or by its id. Media are directories at the node, with one directory for each custodian.
// `roles`: who may ask over the network. What changes nothing says so by `only_asks`.

/// The node, who is connected to it, its boxes, and how many keys its archives have of each status.
struct node_status {
  static constexpr std::string_view name = "node_status";
  static constexpr permitted_roles roles = everybody;
  static constexpr bool only_asks = true;
  static auto fields(auto&, auto take) { return take(); }
};
/// Every box, in the order of the configuration.
struct list_boxes {
  static constexpr std::string_view name = "list_boxes";
  static constexpr permitted_roles roles = everybody;
  static constexpr bool only_asks = true;
  static auto fields(auto&, auto take) { return take(); }
};
/// The box takes an id, makes its secrets and writes the shares. Custodians and threshold are those of the
/// configuration when they are left out.
struct initialise_box {
  label box;
  std::vector<label> custodians;
  std::optional<std::uint64_t> threshold;
  std::filesystem::path media;

  static constexpr std::string_view name = "initialise_box";
  static constexpr permitted_roles roles = officers;
  static auto fields(auto& self, auto take) { return take(self.box, self.custodians, self.threshold, self.media); }
};
/// A custodian puts his share in.
struct enable_box {
  label box;
  label custodian;
  std::filesystem::path media;

  static constexpr std::string_view name = "enable_box";
  static constexpr permitted_roles roles = custodians;
  static auto fields(auto& self, auto take) { return take(self.box, self.custodian, self.media); }
};
/// A custodian takes his share out.
struct disable_box {
  label box;
  label custodian;

  static constexpr std::string_view name = "disable_box";
  static constexpr permitted_roles roles = custodians;
  static auto fields(auto& self, auto take) { return take(self.box, self.custodian); }
};
/// The box works for this domain from now on; it gets the domain's keys first when it has none.
struct activate_domain {
  label box;
  domain_id domain;

  static constexpr std::string_view name = "activate_domain";
  static constexpr permitted_roles roles = officers;
  static auto fields(auto& self, auto take) { return take(self.box, self.domain); }
};
/// The box tests its generators and its software now (EP-11).
struct test_box {
  label box;

  static constexpr std::string_view name = "test_box";
  static constexpr permitted_roles roles = officers;
  static auto fields(auto& self, auto take) { return take(self.box); }
};
struct list_domains {
  static constexpr std::string_view name = "list_domains";
  static constexpr permitted_roles roles = everybody;
  static constexpr bool only_asks = true;
  static auto fields(auto&, auto take) { return take(); }
};
/// Kind and country are those of the configuration when they are left out.
struct create_domain {
  domain_id domain;
  std::optional<std::string> kind;
  std::optional<country_code> country;
  std::optional<time_zone> zone;

  static constexpr std::string_view name = "create_domain";
  static constexpr permitted_roles roles = officers;
  static auto fields(auto& self, auto take) { return take(self.domain, self.kind, self.country, self.zone); }
};

/// A meter on a line of the node gets its label, and a key of each domain.
struct request_key {
  sequence_number meter;
  product_code product;
  std::vector<domain_id> domains;

  static constexpr std::string_view name = "request_key";
  static constexpr permitted_roles roles = operators;
  static auto fields(auto& self, auto take) { return take(self.meter, self.product, self.domains); }
};

/// A key as its domain's archive has it, which must be at this node.
struct show_key {
  key_id key;

  static constexpr std::string_view name = "show_key";
  static constexpr permitted_roles roles = {.officer = true, .operating = true, .verifier = true, .auditor = true};
  static constexpr bool only_asks = true;
  static auto fields(auto& self, auto take) { return take(self.key); }
};
/// The keys of these domains in this meter go out of service (EP Fig. 27).
struct retire_keys {
  sequence_number meter;
  std::vector<domain_id> domains;
  std::string reason; ///< one line of at most reason_limit characters

  static constexpr std::string_view name = "retire_keys";
  static constexpr permitted_roles roles = operators;
  static auto fields(auto& self, auto take) { return take(self.meter, self.domains, self.reason); }
};
inline constexpr std::size_t reason_limit = 120;
/// A meter on a line of the node is set to a country and an indicia serial number, and its keys become Active
/// (EP Fig. 26).
struct register_meter {
  sequence_number meter;
  product_code product;
  indicia_serial serial;
  country_code country;

  static constexpr std::string_view name = "register_meter";
  static constexpr permitted_roles roles = operators;
  static auto fields(auto& self, auto take) { return take(self.meter, self.product, self.serial, self.country); }
};
/// Mail that a facility read is verified in each of these domains, or in all (EP Fig. 28).
struct verify_mail {
  std::vector<domain_id> domains;
  std::string mail; ///< a file of mail (node/mail_file.hpp)

  static constexpr std::string_view name = "verify_mail";
  static constexpr permitted_roles roles = verifiers;
  static auto fields(auto& self, auto take) { return take(self.domains, self.mail); }
};

using any_request = std::variant<node_status, list_boxes, initialise_box, enable_box, disable_box, activate_domain,
                                 test_box, list_domains, create_domain, request_key, show_key, retire_keys,
                                 register_meter, verify_mail>;

/// Whether it changes nothing.
bool only_asks(const any_request& r);
/// Whether an operator with these roles may ask for it over the network. A share is put in and taken out by its own
/// custodian.
bool may_ask(const any_request& r, const label& who, const std::vector<operator_role>& roles);
std::string_view name_of_request(const any_request& r);

// --- answers ---------------------------------------------------------------------------------------------

/// What anybody may know of a box.
struct box_view {
  label slot;
  std::optional<box_id> id; ///< none before its ceremony
  box_type type = box_type::oak;
  bool enabled = false;
  std::uint64_t threshold = 0;
  std::vector<label> custodians;
  std::vector<label> entered; ///< those whose share is in
  std::optional<domain_id> active;
  std::vector<domain_id> domains;
  std::string generators; ///< "OK", "DEGRADED" or "FAILED" (EP-11); empty before its ceremony

  static auto fields(auto& self, auto take) {
    return take(self.slot, self.id, self.type, self.enabled, self.threshold, self.custodians, self.entered,
                self.active, self.domains, self.generators);
  }
};

struct domain_view {
  domain_id id;
  std::string kind;
  country_code country;
  suite_id suite = suite_id::rsa3072;
  time_zone zone; ///< of its days
  box_id creator;

  static auto fields(auto& self, auto take) {
    return take(self.id, self.kind, self.country, self.suite, self.zone, self.creator);
  }
};

/// What an order came to in one domain.
struct leg_view {
  domain_id domain;
  std::optional<std::string> key;    ///< the last one that was taken: VE/1
  std::string outcome;               ///< that key's status: Installed, Bad; "no key" when there is none
  bool done = false;                 ///< what was asked for
  std::uint64_t failed = 0;          ///< keys of this order that came to nothing
  std::optional<std::string> reason; ///< of the last of those, in words

  static auto fields(auto& self, auto take) {
    return take(self.domain, self.key, self.outcome, self.done, self.failed, self.reason);
  }
};

/// What verification says of mail in one domain.
struct verdicts_view {
  domain_id domain;
  std::uint64_t count = 0;
  std::string packed; ///< hex of pack() (events/mail.hpp)

  static auto fields(auto& self, auto take) { return take(self.domain, self.count, self.packed); }
};

/// A key as its archive has it; what a key does not have yet is null.
struct key_view {
  key_id key;
  std::string status;
  box_id oak;
  box_id steel;
  std::optional<sequence_number> meter;
  std::optional<product_code> product;
  std::optional<indicia_serial> serial;
  std::optional<country_code> country;
  std::optional<std::string> registered; ///< day
  std::optional<std::string> retired;    ///< day
  std::optional<std::string> reason;     ///< why it is Bad

  static auto fields(auto& self, auto take) {
    return take(self.key, self.status, self.oak, self.steel, self.meter, self.product, self.serial, self.country,
                self.registered, self.retired, self.reason);
  }
};

/// Keys of one status in one domain.
struct key_count {
  domain_id domain;
  std::string status;
  std::uint64_t keys = 0;

  static auto fields(auto& self, auto take) { return take(self.domain, self.status, self.keys); }
};

/// Another node, as the one that is asked sees it.
struct neighbour_view {
  label node;
  bool reached = false; ///< commands can go there
  bool came = false;    ///< commands can come from there
  std::optional<std::string> ahead; ///< by how many seconds its clock is ahead, as last heard: -0.012
  std::optional<std::string> problem; ///< why it is not reached, or what is wrong with it

  static auto fields(auto& self, auto take) {
    return take(self.node, self.reached, self.came, self.ahead, self.problem);
  }
};

/// What a node says of itself; its boxes stand beside this.
struct node_view {
  label node;
  std::string log; ///< its id, hex
  std::uint64_t records = 0;
  std::uint64_t epoch = 0;
  std::string time; ///< by its clock
  std::vector<neighbour_view> neighbours;
  std::vector<key_count> keys; ///< of the domains whose archives are there

  static auto fields(auto& self, auto take) {
    return take(self.node, self.log, self.records, self.epoch, self.time, self.neighbours, self.keys);
  }
};

/// Done when there is no `error`; then the boxes or domains that were asked about or changed.
struct answer {
  std::optional<std::string> refusal; ///< its name, where a box refused
  std::optional<std::string> error;   ///< one line for people
  std::vector<box_view> boxes;
  std::vector<domain_view> domains;
  std::optional<std::uint64_t> order; ///< its number, and what it came to
  std::vector<leg_view> keys;
  std::vector<verdicts_view> verdicts;
  std::optional<key_view> held;        ///< the key that was asked about
  std::optional<node_view> node;
  std::optional<std::string> lines;    ///< what test_box found, for people (node/self_test.hpp)
  std::optional<std::string> document; ///< the same as a document of JSON
  std::optional<bool> passed;          ///< whether test_box found nothing wrong

  static auto fields(auto& self, auto take) {
    return take(self.refusal, self.error, self.boxes, self.domains, self.order, self.keys, self.verdicts, self.held, self.node,
                self.lines, self.document, self.passed);
  }
};
/// An answer that says what is wrong.
answer failed(std::string error);
/// `told` is what the box said beside it, such as a file that is damaged.
answer failed(oaksteel::refusal why, std::string_view about, std::string_view told = {});

box_view view_of(const secure_box& box);
key_view view_of(const master_key& key);
domain_view view_of(const domain_id& id, const oaksteel::domain& state, const time_zone& zone);
/// A leg of an order that is closed, with its key as the archive in `written` has it.
leg_view view_of(order_kind kind, const order_leg& leg, const log& written);

// --- lines -----------------------------------------------------------------------------------------------

/// Without the line feed.
std::string line_of(const any_request& r);
std::string line_of(const answer& a);
/// Whatever the bytes are: a request, or one line that says why it is none. A member that is not known or comes twice
/// is a mistake.
expected<any_request, std::string> read_request(std::string_view line);
expected<answer, std::string> read_answer(std::string_view line);

nlohmann::ordered_json as_json(const box_view& v);
nlohmann::ordered_json as_json(const domain_view& v);
nlohmann::ordered_json as_json(const leg_view& v);
nlohmann::ordered_json as_json(const key_view& v);
nlohmann::ordered_json as_json(const node_view& v);

} // namespace oaksteel::requests
