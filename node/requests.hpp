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

#include "events/box.hpp"
#include "events/domain.hpp"
#include "events/expected.hpp"
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

/// Longest line of a request; an answer may be longer, since it may describe every box.
inline constexpr std::size_t request_limit = 64 * 1024;
inline constexpr std::size_t answer_limit = 1024 * 1024;

// --- requests --------------------------------------------------------------------------------------------
// A box is named by its slot or by its id. Media are directories at the node, with one directory for each custodian.

/// Every box, in the order of the configuration.
struct list_boxes {
  static constexpr std::string_view name = "list_boxes";
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
  static auto fields(auto& self, auto take) { return take(self.box, self.custodians, self.threshold, self.media); }
};
/// A custodian puts his share in.
struct enable_box {
  label box;
  label custodian;
  std::filesystem::path media;

  static constexpr std::string_view name = "enable_box";
  static auto fields(auto& self, auto take) { return take(self.box, self.custodian, self.media); }
};
/// A custodian takes his share out.
struct disable_box {
  label box;
  label custodian;

  static constexpr std::string_view name = "disable_box";
  static auto fields(auto& self, auto take) { return take(self.box, self.custodian); }
};
/// The box works for this domain from now on; it gets the domain's keys first when it has none.
struct activate_domain {
  label box;
  domain_id domain;

  static constexpr std::string_view name = "activate_domain";
  static auto fields(auto& self, auto take) { return take(self.box, self.domain); }
};
/// The box tests its generators and its software now (EP-11).
struct test_box {
  label box;

  static constexpr std::string_view name = "test_box";
  static auto fields(auto& self, auto take) { return take(self.box); }
};
struct list_domains {
  static constexpr std::string_view name = "list_domains";
  static auto fields(auto&, auto take) { return take(); }
};
/// Kind and country are those of the configuration when they are left out.
struct create_domain {
  domain_id domain;
  std::optional<std::string> kind;
  std::optional<country_code> country;

  static constexpr std::string_view name = "create_domain";
  static auto fields(auto& self, auto take) { return take(self.domain, self.kind, self.country); }
};

/// A meter on a line of the node gets its label, and a key of each domain.
struct request_key {
  sequence_number meter;
  product_code product;
  std::vector<domain_id> domains;

  static constexpr std::string_view name = "request_key";
  static auto fields(auto& self, auto take) { return take(self.meter, self.product, self.domains); }
};

using any_request = std::variant<list_boxes, initialise_box, enable_box, disable_box, activate_domain, test_box,
                                 list_domains, create_domain, request_key>;

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
  box_id creator;

  static auto fields(auto& self, auto take) { return take(self.id, self.kind, self.country, self.suite, self.creator); }
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

/// Done when there is no `error`; then the boxes or domains that were asked about or changed.
struct answer {
  std::optional<std::string> refusal; ///< its name, where a box refused
  std::optional<std::string> error;   ///< one line for people
  std::vector<box_view> boxes;
  std::vector<domain_view> domains;
  std::optional<std::uint64_t> order; ///< its number, and what it came to
  std::vector<leg_view> keys;
  std::optional<std::string> test;     ///< what test_box found, as lines (node/self_test.hpp)
  std::optional<std::string> document; ///< the same as a document of JSON
  std::optional<bool> passed;          ///< whether it found nothing wrong

  static auto fields(auto& self, auto take) {
    return take(self.refusal, self.error, self.boxes, self.domains, self.order, self.keys, self.test, self.document,
                self.passed);
  }
};
/// An answer that says what is wrong.
answer failed(std::string error);
/// `told` is what the box said beside it, such as a file that is damaged.
answer failed(oaksteel::refusal why, std::string_view about, std::string_view told = {});

box_view view_of(const secure_box& box);
domain_view view_of(const domain_id& id, const oaksteel::domain& state);
/// A leg of an order that is closed, with its key as the archive in `written` has it.
leg_view view_of(const order_leg& leg, const log& written);

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

} // namespace oaksteel::requests
