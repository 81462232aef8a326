#pragma once
// The system's command table, record table and the names of its messages (EP-27, EP-28; EP Figs. 21, 30, 31): the one
// list. Which component takes which command follows from the interfaces in actors/actors.hpp; command_table.hpp derives
// each component's subset, and docs/messages.md is printed from both.

#include "actors/link/command.hpp"
#include "actors/link/message_fields.hpp"
#include "actors/messages.hpp"
#include "events/signed_bodies.hpp"

#include <type_traits>

namespace oaksteel {

/// A set of components.
struct components {
  std::uint16_t bits = 0;

  constexpr components() = default;
  constexpr components(std::initializer_list<component> all) {
    for (auto c : all)
      bits |= static_cast<std::uint16_t>(1u << static_cast<unsigned>(c));
  }
  constexpr bool contains(component c) const { return (bits >> static_cast<unsigned>(c) & 1u) != 0; }
};
inline constexpr components every_box{component::manufacturing, component::oak, component::steel, component::brass,
                                      component::tin};

/// One way that a command takes. A command that is passed on has more than one.
struct hop {
  component from;
  components to;
};
inline constexpr std::size_t hops_limit = 3;
using hops = std::array<std::optional<hop>, hops_limit>;

/// Types that a record may have.
struct type_set {
  std::uint16_t bits = 0;

  constexpr type_set() = default;
  constexpr type_set(std::initializer_list<body_type> all) {
    for (auto t : all)
      bits |= static_cast<std::uint16_t>(1u << static_cast<unsigned>(t));
  }
  constexpr bool contains(std::uint8_t t) const { return t < 16 && (bits >> t & 1) != 0; }
};
/// The records that a message holds, in the order of its fields: for each the types that it may be.
struct record_types {
  type_set first;
  type_set second;

  /// Record `index` of a message may be of type `t`.
  constexpr bool allows(std::size_t index, std::uint8_t t) const {
    return index == 0 ? first.contains(t) : index == 1 && second.contains(t);
  }
};

/// A message of the system. One without hops is an answer: it comes from whoever was asked.
template <class Message>
struct listed {
  using type = Message;
  std::uint16_t code;
  std::string_view name; ///< as EP Figs. 30 and 31 have it
  std::string_view text;
  hops ways{};
  record_types records{};
};

namespace message_list_detail {

/// Each line is found by its message: a base of the list.
template <class... Line>
struct lines : Line... {
  template <class F>
  constexpr void each(F& visit) const {
    (visit(static_cast<const Line&>(*this)), ...);
  }
};
template <class... Line>
lines(Line...) -> lines<Line...>;

using enum component;
using enum body_type;

constexpr hops from(component a, components to) {
  return {hop{a, to}};
}
/// From the operator here, and from those of other nodes.
constexpr hops from_all_nodes(components to) {
  return {hop{site, to}, hop{neighbour, to}};
}
/// From each to the next.
constexpr hops along(component a, component b, component c) {
  return {hop{a, {b}}, hop{b, {c}}};
}
constexpr hops along(component a, component b, component c, component d) {
  return {hop{a, {b}}, hop{b, {c}}, hop{c, {d}}};
}

/// Codes are on the wire: never reused.
inline constexpr lines list{
  // installation (EP Figs. 24, 25)
  listed<open_order>{0x0101, "MO0", "an order: install, register or take out", from_all_nodes({kmc})},
  listed<order_result>{0x0102, "order result", "what became of the order"},
  listed<begin_leg>{0x0103, "begin leg", "a leg of an order needs a key", from(kmc, {kdc})},
  listed<mi0>{0x0104, "MI0", "request key", from(kdc, {kmc})},
  listed<new_key_id>{0x0105, "new key id", "the next key id", from(kmc, {archive})},
  listed<mi0_answer>{0x0106, "MI0'", "key id, and what it was assigned for"},
  listed<mi1>{0x0107, "MI1", "generate key", from(kmc, {oak})},
  listed<mi2>{0x0108, "MI2", "MI3 and MI4 of the same key", {}, {{mi3}, {mi4}}},
  listed<store_record>{0x0109, "store record", "MI3, MI9, MB2, MR3 or MO2, to be kept", from(kmc, {archive}),
                       {{mi3, mi9, mb2, mr3, mo2}}},
  listed<record_stored>{0x010a, "record stored", "the archive's response"},
  listed<pass_response>{0x010b, "pass response", "the archive's response, for the Oak that made MI3", from(kmc, {oak})},
  listed<generate_response>{0x010c, "Generate Response", "Oak has heard that MI3 is kept"},
  listed<oaksteel::mi4>{0x010d, "MI4", "install record", from(kmc, {kdc}), {{mi4}}},
  listed<record_ready>{0x010e, "record ready", "an install record waits for a meter", from(kdc, {psr})},
  listed<mi4r>{0x010f, "MI4r", "request an install record", from(psr, {kdc})},
  listed<mi4_prime>{0x0110, "MI4'", "the install record, handed out once", {}, {{mi4}}},
  listed<install_key>{0x0111, "install key", "MI4' for this meter", from(psr, {steel}), {{mi4}}},
  listed<ask_report>{0x0112, "ask report", "what became of a key?", along(kmc, kdc, psr, steel)},
  listed<oaksteel::mi7>{0x0113, "MI7", "Installed, or Failed with a code; from Steel as an answer", along(psr, kdc, kmc),
                        {{mi7}}},
  listed<load_label>{0x0114, "load label", "product code and sequence number", along(site, psr, meter)},
  listed<mi5q>{0x0115, "MI5q", "who are you?", along(steel, psr, meter)},
  listed<mi5i>{0x0116, "MI5i", "the meter says who it is"},
  listed<mi5>{0x0117, "MI5", "(K) to this session of Steel and meter", along(steel, psr, meter)},
  listed<mi5s>{0x0118, "MI5s", "stored provisionally, or a code"},
  listed<mi6r>{0x0119, "MI6r", "test tokens wanted", along(steel, psr, meter)},
  listed<mi6>{0x011a, "MI6", "test tokens"},
  listed<mi6c>{0x011b, "MI6c", "commit", along(steel, psr, meter)},
  listed<mi6c_answer>{0x0127, "MI6c'", "the key is the meter's for good"},
  listed<fetch_record>{0x011c, "fetch record", "the current record of a key", from(kmc, {archive})},
  listed<record_fetched>{0x011d, "record fetched", "that record, or that there is none", {}, {{mi3, mi9, mb2, mr3, mo2}}},
  listed<mi8>{0x011e, "MI8", "MI3 and MI7 of the same key id", from(kmc, {brass}), {{mi3}, {mi7}}},
  listed<oaksteel::mi9>{0x011f, "MI9", "Installed, with (K) to Brass", {}, {{mi9}}},
  listed<mb1>{0x0120, "MB1", "MI3 and the reason, with MI7 when there is one", from(kmc, {brass}), {{mi3}, {mi7}}},
  listed<oaksteel::mb2>{0x0121, "MB2", "Bad", {}, {{mb2}}},
  listed<confirm_stored>{0x0122, "confirm stored", "the archive's response, for the Brass that made the record",
                         from(kmc, {brass})},
  listed<confirmed>{0x0123, "confirmed", "MI10, MB3, MR4 or MO3", {}, {{mi10, mb3, mr4, mo3}}},
  listed<settle>{0x0124, "settle", "MI10 or MB3", from(kmc, {kdc}), {{mi10, mb3}}},
  listed<take_up_orders>{0x0125, "take up orders", "go on with every open order", from_all_nodes({kmc})},
  listed<acknowledged>{0x0126, "acknowledged", "done"},
  // registration and retirement (EP Figs. 26, 27)
  listed<register_meter>{0x0201, "register meter", "set country, indicia serial number and date", along(site, psr, meter)},
  listed<mr1>{0x0202, "MR1", "the meter's report, with a registration token for each domain", along(psr, kdc, kmc)},
  listed<mr2>{0x0203, "MR2", "MR1 and MI9 of the same meter", from(kmc, {brass}), {{mi9}}},
  listed<oaksteel::mr3>{0x0204, "MR3", "Active", {}, {{mr3}}},
  listed<mo1>{0x0205, "MO1", "take out, with MR3 or MI9", from(kmc, {brass}), {{mr3, mi9}}},
  listed<oaksteel::mo2>{0x0206, "MO2", "Obsolete", {}, {{mo2}}},
  listed<tamper>{0x0207, "tamper", "the meter's case was opened", from(site, {meter})},
  // mail (EP Fig. 28)
  listed<print_request>{0x0301, "print", "print indicia", from(site, {meter})},
  listed<printed>{0x0302, "printed", "the indicia"},
  listed<verify_mail>{0x0303, "verify mail", "indicia to verify, and in which domains",
                      along(site, data_capture, kmc)},
  listed<mail_verified>{0x0304, "mail verified", "a verdict for each piece and domain"},
  listed<fetch_verification>{0x0305, "fetch verification", "what Brass needs for these serials", from(kmc, {archive})},
  listed<verification_material>{0x0306, "verification material", "the registered keys, under S_B"},
  listed<verify_tokens>{0x0307, "verify tokens", "pieces and that material", from(kmc, {brass})},
  listed<tokens_checked>{0x0308, "tokens checked", "a verdict for each piece"},
  // boxes, domains, custodians (EP Figs. 22, 23)
  listed<set_first_secure_box_id>{0x0401, "Set First Secure Box ID", "the first Manufacturing box makes itself",
                                  from(site, {manufacturing})},
  listed<box_id_set>{0x0402, "box id set", "the box has its id"},
  listed<allocate_box_id>{0x0403, "allocate box id", "an id for the box in a slot", from_all_nodes({manufacturing})},
  listed<box_id_allocated>{0x0404, "box id allocated", "the id, a challenge, and the type's signature"},
  listed<set_secure_box_id>{0x0405, "Set Secure Box ID", "that challenge, for the box", from(site, every_box)},
  listed<start_up_key_offered>{0x0406, "start-up key offered", "the box's key, and that it knows the secret"},
  listed<admit_box>{0x0407, "admit box", "that answer, for the source", from_all_nodes({manufacturing})},
  listed<box_admission>{0x0408, "box admission", "the source's proof and signature"},
  listed<take_box_id>{0x0409, "take box id", "the admission, for the box", from(site, every_box)},
  listed<create_domain>{0x040a, "create domain", "a domain and its keys", from(site, {manufacturing})},
  listed<make_domain_process>{0x040b, "make domain process", "a domain's keys for a box", from_all_nodes({manufacturing})},
  listed<package_of_keys>{0x040c, "package of keys", "keys, encrypted to the box that they are for"},
  listed<take_domain_process>{0x040d, "take domain process", "that package, for the box", from(site, every_box)},
  listed<hand_over_key_set>{0x040e, "hand over key set", "the domain key set for another Manufacturing box",
                            from_all_nodes({manufacturing})},
  listed<take_key_set>{0x040f, "take key set", "that package, for the box", from(site, {manufacturing})},
  listed<put_share>{0x0410, "put share", "a custodian's medium is in the box", from(site, every_box)},
  listed<take_share>{0x0411, "take share", "a custodian takes his share out", from(site, every_box)},
  listed<activate_domain>{0x0412, "activate domain", "another domain becomes the active one", from(site, every_box)},
  listed<ask_box>{0x0413, "ask box", "what anybody may know of a box", from_all_nodes(every_box)},
  listed<box_report>{0x0414, "box report", "that"},
  listed<test_box>{0x0415, "test box", "test generators and software now", from(site, every_box)},
  listed<box_tested>{0x0416, "box tested", "what was found"},
  // between nodes
  listed<ask_authority>{0x0501, "ask authority", "whom are boxes to believe?", from(neighbour, {manufacturing})},
  listed<authority_told>{0x0502, "authority told", "the public start-up keys, and the domain key set's"},
  listed<ask_domain>{0x0503, "ask domain", "who is this domain?", from(neighbour, {manufacturing})},
  listed<domain_told>{0x0504, "domain told", "its public keys, signed with the domain key set", {},
                      {{domain_keys}}},
};

} // namespace message_list_detail

/// The list has this message.
template <class Message>
inline constexpr bool is_listed = std::is_base_of_v<listed<Message>, decltype(message_list_detail::list)>;

/// Its line.
template <class Message>
requires is_listed<Message>
inline constexpr const auto& line_of = static_cast<const listed<Message>&>(message_list_detail::list);

/// Calls `visit(line)` for each message of the list.
template <class F>
constexpr void for_each_listed(F visit) {
  message_list_detail::list.each(visit);
}

} // namespace oaksteel
