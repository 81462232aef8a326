#pragma once
// Carries out the steps of a ceremony: what the KMC's operator does at the boxes (EP Figs. 22, 23). Whoever runs a site
// does it this way: a scenario, a node by hand, a bench, a test.

#include "actors/messages.hpp"
#include "node/ceremony.hpp"
#include "node/site.hpp"

namespace oaksteel {

/// True when the log says that a step was done before. Its shares: that they are in, or not needed any more.
bool done_before(const log& written, const ceremony_step& s);
/// The box in a slot; nothing before it has its id.
std::optional<box_id> box_in_slot(const log& written, const label& slot);
/// As its events give it.
secure_box state_of(const log& written, const box_id& box);

/// What people do at an enrolment: they make up a secret and type it in at both ends, here each into a file on an
/// officer's medium. The error is that of a medium that cannot be written.
stored<done> type_in_enrolment_secret(const std::filesystem::path& media, const std::vector<label>& officers,
                                      const label& slot, generator& random);
/// Afterwards they clear it away.
void clear_enrolment_secret(const std::filesystem::path& media, const std::vector<label>& officers,
                            const label& slot);

/// Sends the messages of a ceremony. `Asker` has
///
///   template <class Answer, class Handle, class Message>
///   Answer ask(const Handle& whom, Message m, const std::string& what);
///
/// which waits for the answer, and at a refusal ends the ceremony in its own way.
template <class Asker>
class ceremony_operator {
public:
  ceremony_operator(const site& boxes, const log& written, suite_id suite, std::filesystem::path media, Asker& asker)
    : boxes_(boxes), written_(written), suite_(suite), media_(std::move(media)), asker_(asker) {}

  /// Shares boxes that take their ids from now on among these, and not as the plan says.
  void share_among(unsigned threshold, std::vector<label> custodians) {
    shares_ = sharing{static_cast<std::uint8_t>(threshold), std::move(custodians), media_};
  }

  /// Who types the enrolment secret in: the first custodian of the source and of the new box.
  std::vector<label> officers(const ceremony_step& s) const {
    return {first_custodian(s.source), shares_of(box(s).plan).custodians.front()};
  }

  /// Does a step, unless it was done before. `restart` is for who runs the process.
  void carry_out(const ceremony_step& s) {
    if (!done_before(written_, s))
      do_now(s);
  }

  /// The Steel boxes with an id that are to serve a domain: an Oak is told of them.
  std::vector<box_id> steels_of(const domain_id& domain) const {
    std::vector<box_id> steels;
    for (const auto& other : boxes_.boxes())
      if (other.plan.type == box_type::steel && other.plan.lists(domain))
        if (auto steel = id_of(other))
          steels.push_back(*steel);
    return steels;
  }

  /// Does a step, whatever was done before.
  void do_now(const ceremony_step& s) {
    switch (s.act) {
      case ceremony_act::set_first_id: return set_first_id(s);
      case ceremony_act::enrol: return enrol(s);
      case ceremony_act::enter_share:
        ask<box_report>(box(s).common, put_share{{}, s.custodian, media_},
                        "share of " + s.custodian.text + " for " + s.slot.text);
        return;
      case ceremony_act::remove_share:
        ask<box_report>(box(s).common, take_share{{}, s.custodian},
                        s.custodian.text + " takes the share of " + s.slot.text + " out");
        return;
      case ceremony_act::hand_over_key_set: return hand_over(s);
      case ceremony_act::create_domain: return create(s);
      case ceremony_act::make_domain_process: return make_process(s);
      case ceremony_act::activate_domain:
        ask<acknowledged>(box(s).common, activate_domain{{}, s.domain}, "active domain of " + s.slot.text);
        return;
      case ceremony_act::restart: return;
    }
  }

private:
  template <class Answer, class Handle, class Message>
  Answer ask(const Handle& whom, Message m, const std::string& what) const {
    return asker_.template ask<Answer>(whom, std::move(m), what);
  }

  /// The log here knows the boxes here; another node says what its own are.
  secure_box told_of(const site_box& other) const {
    return ask<box_report>(other.common, ask_box{}, "box in " + other.plan.slot.text).box;
  }
  std::optional<box_id> id_of(const site_box& other) const {
    if (other.here)
      return box_in_slot(written_, other.plan.slot);
    const auto box = told_of(other);
    return box.id.number == 0 ? std::nullopt : std::optional{box.id};
  }
  /// The first custodian of a box that has its id.
  label first_custodian(const label& slot) const {
    const auto& other = *boxes_.box_in(slot);
    const auto id = id_of(other);
    const auto box = !id ? secure_box{} : other.here ? state_of(written_, *id) : told_of(other);
    return box.shares.empty() ? label{} : box.shares.front().custodian;
  }
  const site_box& box(const ceremony_step& s) const { return *boxes_.box_in(s.slot); }
  const manufacturing_actor& source(const ceremony_step& s) const { return boxes_.box_in(s.source)->manufacturing; }
  sharing shares_of(const box_plan& plan) const {
    if (shares_)
      return *shares_;
    return {static_cast<std::uint8_t>(plan.threshold), plan.custodians, media_};
  }

  void set_first_id(const ceremony_step& s) {
    ask<box_id_set>(
      box(s).manufacturing,
      set_first_secure_box_id{{}, {box_type::manufacturing, 1}, s.slot, suite_, shares_of(box(s).plan)},
      "initialising " + s.slot.text);
  }

  void enrol(const ceremony_step& s) {
    const auto what = "enrolling " + s.slot.text;
    const auto& plan = box(s).plan;
    const auto typing = officers(s);
    const auto order = ask<box_id_allocated>(
      source(s), allocate_box_id{{}, s.slot, plan.type, typing.front(), media_}, what);
    const auto offered = ask<start_up_key_offered>(box(s).common,
                                                   set_secure_box_id{{}, order.id, s.slot, order.source,
                                                                     order.challenge, order.signature, typing.back(),
                                                                     media_},
                                                   what);
    const auto admission = ask<box_admission>(
      source(s), admit_box{{}, s.slot, offered.start_up_key, offered.answer, offered.proof}, what);
    ask<box_id_set>(box(s).common, take_box_id{{}, admission.proof, admission.signature, shares_of(plan)}, what);
  }

  void hand_over(const ceremony_step& s) {
    const auto what = "domain key set for " + s.slot.text;
    const auto sent =
      ask<package_of_keys>(source(s), hand_over_key_set{{}, *box_in_slot(written_, s.slot)}, what);
    ask<acknowledged>(box(s).manufacturing, take_key_set{{}, sent.keys}, what);
  }

  void create(const ceremony_step& s) {
    const auto& plan = boxes_.plan_of(s.domain);
    ask<acknowledged>(box(s).manufacturing, create_domain{{}, s.domain, plan.kind, plan.sub_domain, plan.zone},
                      "domain " + s.domain.text);
  }

  void make_process(const ceremony_step& s) {
    const auto what = "domain process of " + s.domain.text + " in " + s.slot.text;
    make_domain_process order{{}, *box_in_slot(written_, s.slot), s.domain, {}};
    if (box(s).plan.type == box_type::oak)
      order.steels = steels_of(s.domain);
    const auto sent = ask<package_of_keys>(source(s), order, what);
    ask<acknowledged>(box(s).common, take_domain_process{{}, s.domain, sent.keys}, what);
  }

  const site& boxes_;
  const log& written_;
  suite_id suite_;
  std::filesystem::path media_;
  Asker& asker_;
  std::optional<sharing> shares_;
};

} // namespace oaksteel
