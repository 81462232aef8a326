#include "cli/words.hpp"

#include "cli/event_json.hpp"
#include "events/mail.hpp"
#include "storage/signed_body.hpp"

#include <map>

namespace oaksteel {
namespace {

/// Joins texts and things that have a text.
std::string part(const std::string& s) { return s; }
std::string part(std::string_view s) { return std::string{s}; }
std::string part(const char* s) { return s; }
std::string part(std::uint64_t n) { return std::to_string(n); }
std::string part(refusal r) { return std::string{text(r)}; }
template <class Form>
std::string part(const name_of<Form>& n) {
  return n.text;
}
template <class T>
  requires requires(const T& x) { x.text(); }
std::string part(const T& x) {
  return x.text();
}
template <class... T>
std::string join(const T&... all) {
  std::string s;
  ((s += part(all)), ...);
  return s;
}

std::string box(const box_id& b) {
  return join(name(b.type), " box ", b);
}

std::string which(const std::optional<share_name>& share) {
  return share ? join("share ", std::uint64_t{share->index}, " of set ", share->set) : "a share";
}

std::string legs(const std::vector<leg_plan>& plan) {
  std::string s;
  for (const auto& l : plan)
    s += (s.empty() ? "" : ", ") + l.domain.text + (l.steel.number ? " with " + box(l.steel) : "");
  return s;
}

struct sentence {
  // node
  std::string operator()(const log_opened& e) const {
    return join(e.simulated ? "the simulated log" : "the log", " of node ", e.node, " begins");
  }
  std::string operator()(const node_restarted& e) const {
    return join("the node started again on ", e.durable, " durable records",
                e.public_log_key.empty() ? "" : ", with a new key for the log");
  }
  std::string operator()(const log_restored& e) const {
    return join("node ", e.node, " was restored from a backup: a new log begins behind record ", e.position, " of log ",
                e.parent.hex(), e.raise_by ? join(", each counter to be raised by ", e.raise_by) : std::string{});
  }
  std::string operator()(const counters_raised& e) const {
    std::string nodes;
    for (const auto& node : e.nodes)
      nodes += (nodes.empty() ? "" : ", ") + node;
    return join("the node's counters are above all that is known, its epoch is ", std::uint64_t{e.epoch},
                nodes.empty() ? "" : "; told by ", nodes);
  }
  std::string operator()(const scenario_input& e) const {
    return join("part ", std::uint64_t{e.part} + 1, " of ", std::uint64_t{e.parts}, " of the scenario's file ", e.file);
  }
  std::string operator()(const scenario_started& e) const {
    return join("scenario ", e.name, " begins, with seed ", e.seed);
  }
  std::string operator()(const scenario_step_finished& e) const {
    return join("step ", std::uint64_t{e.step}, " is done: ", e.what);
  }
  std::string operator()(const fault_recorded& e) const {
    // A gate says of a command which way it came.
    const auto before = e.about.empty() ? "" : e.about.starts_with("from ") ? ", " : " about ";
    if (e.reason == refusal::clocks_differ || e.reason == refusal::plans_differ)
      return join(e.where, " noticed", before, e.about, ": ", e.reason); // and refused nothing
    return join(e.where, " refused ", e.command, " of ", e.source.empty() ? "nobody" : e.source, before, e.about, ": ",
                e.reason);
  }

  // boxes
  std::string operator()(const box_id_reserved& e) const {
    return join("id ", e.box, " is reserved for slot ", e.slot);
  }
  std::string operator()(const box_initialised& e) const {
    return join(box(e.box), " in slot ", e.slot, " took its id: ", std::uint64_t{e.threshold}, " of ",
                std::uint64_t{e.shares.size()}, " shares enable it",
                e.domain_key_set.empty() ? "" : "; it made the domain key set");
  }
  std::string operator()(const share_entered& e) const {
    return join(e.custodian, " put ", which(e.share), " into ", box(e.box));
  }
  std::string operator()(const share_refused& e) const {
    return join(box(e.box), " refused ", which(e.share), " of ", e.custodian, ": ", e.reason);
  }
  std::string operator()(const box_enabled& e) const { return join(box(e.box), " is enabled"); }
  std::string operator()(const box_disabled& e) const {
    return join(box(e.box), " is disabled: ", e.custodian ? e.custodian->text + " took a share out" : e.reason);
  }
  std::string operator()(const box_admitted& e) const {
    return join(box(e.source), " admitted ", box(e.box), " in slot ", e.slot, ": it knows the enrolment secret");
  }
  std::string operator()(const keys_issued& e) const {
    return e.domain ? join(box(e.box), " issued keys of domain ", *e.domain, " to ", box(e.target))
                    : join(box(e.box), " issued the domain key set to ", box(e.target));
  }
  std::string operator()(const key_set_received& e) const {
    return join(box(e.box), " received the domain key set of ", box(e.source), ", check ", hex(e.key_set));
  }
  std::string operator()(const domain_process_made& e) const {
    if (e.key_data)
      return join(box(e.box), " holds all keys of domain ", e.domain, ", check ", hex(*e.key_data));
    return join(box(e.box), " received its keys of domain ", e.domain);
  }
  std::string operator()(const active_domain_switched& e) const {
    return join(box(e.box), " works for domain ", e.domain, " from now on");
  }
  std::string operator()(const last_seen_raised& e) const {
    return join(box(e.box), " takes no key id up to ", e.key, " any more");
  }
  std::string operator()(const box_ids_raised& e) const {
    return join("no id up to ", e.box, " is handed out any more");
  }
  std::string operator()(const generators_changed& e) const {
    std::string faults;
    for (const auto& [part, fault] : {std::pair{"hardware generator ", &e.hardware},
                                      std::pair{"software generator ", &e.software},
                                      std::pair{"both generators together ", &e.combination}})
      if (*fault)
        faults += (faults.empty() ? ": " : "; ") + join(part, **fault);
    return join(box(e.box), " says ", name(e.health), faults.empty() ? " of its generators" : "", faults);
  }
  std::string operator()(const domain_created& e) const {
    return join(box(e.creator), " created the ", e.kind, " domain ", e.domain, " of ", e.sub_domain, " with suite ",
                name(e.suite));
  }
  std::string operator()(const authority_introduced& e) const {
    return join("node ", e.node, " introduced ", box(e.box), " as the one that all others come from");
  }
  std::string operator()(const neighbour_met& e) const {
    return join("node ", e.node, " came with log ", e.log.hex(), ", epoch ", std::uint64_t{e.epoch});
  }
  std::string operator()(const key_ids_raised& e) const {
    return join("no key id up to ", e.key, " is given out any more");
  }
  std::string operator()(const order_numbers_raised& e) const {
    return join("no order number up to ", e.order, " is given out any more");
  }
  std::string operator()(const domain_introduced& e) const {
    return join("node ", e.node, " introduced the ", e.kind, " domain ", e.domain, " of ", e.sub_domain, ", made by ",
                box(e.creator));
  }
  std::string operator()(const operation_asked& e) const {
    const auto body = decode_body<operation_body>(e.command.body);
    return join("operator ", e.operator_name, " asked, as command ", e.id, ": ",
                !body                  ? "something that cannot be read"
                : body->request.empty() ? "to verify mail, SHA-256 " + body->attached.hex()
                                        : body->request);
  }
  std::string operator()(const operation_answered& e) const {
    return join("operator ", e.operator_name, " was answered, command ", e.id, ": ", e.answer);
  }
  std::string operator()(const key_generated& e) const {
    return join(box(e.oak), " generated key ", e.key, " for ", box(e.steel), ", MI3 and MI4");
  }
  std::string operator()(const installation_attempted& e) const {
    return join(box(e.steel), " is about to give key ", e.key, " of ", box(e.oak), " to meter ", e.meter);
  }
  std::string operator()(const installation_finished& e) const {
    if (e.failure)
      return join(box(e.steel), " reports that key ", e.key, " is not in meter ", e.meter, ": ", *e.failure, ", MI7");
    return join(box(e.steel), " reports that key ", e.key, " is in meter ", e.meter, ", MI7");
  }
  std::string operator()(const installation_confirmed& e) const {
    return join(box(e.brass), " found that meter ", e.meter, " holds key ", e.key, ", MI9 and MI10");
  }
  std::string operator()(const key_condemned& e) const {
    return join(box(e.brass), " declared key ", e.key, " Bad: ", e.reason, ", MB2 and MB3");
  }
  std::string operator()(const registration_confirmed& e) const {
    return join(box(e.brass), " found the registration of meter ", e.meter, " under key ", e.key, " with serial ",
                e.serial, " good, MR3 and MR4");
  }
  std::string operator()(const retirement_confirmed& e) const {
    return join(box(e.brass), " took key ", e.key, " of meter ", e.meter, " out of service, MO2 and MO3");
  }
  std::string operator()(const tokens_verified& e) const {
    return join(box(e.brass), " verified ", std::uint64_t{e.count}, " tokens of domain ", e.domain, " for request ",
                e.request, ": ", verdicts_in_words(e));
  }

  // archive
  std::string operator()(const key_id_assigned& e) const {
    return join("key id ", e.key, " is assigned for ", box(e.steel), " and order ", e.order);
  }
  std::string operator()(const key_created& e) const {
    return join("key ", e.key, " is New: MI3 of ", box(e.oak), " is stored");
  }
  std::string operator()(const key_installed& e) const {
    return join("key ", e.key, " is Installed in meter ", e.meter, ": MI9 of ", box(e.brass), " is stored");
  }
  std::string operator()(const key_activated& e) const {
    return join("key ", e.key, " is Active: meter ", e.meter, ", product ", e.product, ", has serial ", e.serial,
                " in ", e.country, " since ", e.date, "; MR3 of ", box(e.brass), " is stored");
  }
  std::string operator()(const key_retired& e) const {
    return join("key ", e.key, " is Obsolete: meter ", e.meter, " is out of service since ", e.date, " (", e.reason,
                "); MO2 of ", box(e.brass), " is stored");
  }
  std::string operator()(const key_marked_bad& e) const {
    return join("key ", e.key, " is Bad: ", e.reason, "; MB2 of ", box(e.brass), " is stored");
  }

  // KMC and KDC
  std::string operator()(const order_numbered& e) const { return join("number ", e.order, " is taken by an order"); }
  std::string operator()(const order_opened& e) const {
    const auto& d = e.details;
    return join("order ", e.order, " is opened: ", name(d.kind), " of meter ", d.meter,
                d.serial.empty() ? "" : ", serial ", d.serial, d.reason.empty() ? "" : ", ", d.reason, "; ",
                legs(e.legs));
  }
  std::string operator()(const leg_key_assigned& e) const { return join("order ", e.order, " uses key ", e.key); }
  std::string operator()(const leg_delivered& e) const {
    return join("order ", e.order, ": the install record of key ", e.key, " is with the KDC");
  }
  std::string operator()(const leg_reported& e) const {
    if (e.failure)
      return join("order ", e.order, ": MI7 says that key ", e.key, " did not get in: ", *e.failure);
    return join("order ", e.order, ": MI7 says that key ", e.key, " is installed");
  }
  std::string operator()(const leg_timed_out& e) const {
    return join("order ", e.order, ": no report of key ", e.key, " came in time");
  }
  std::string operator()(const leg_key_failed& e) const {
    return join("order ", e.order, " gave key ", e.key, " up: ", e.reason);
  }
  std::string operator()(const leg_finished& e) const {
    return join("order ", e.order, " is done in domain ", e.key.domain, ", key ", e.key);
  }
  std::string operator()(const leg_abandoned& e) const {
    return join("order ", e.order, " cannot go on in domain ", e.domain, ": ", e.reason);
  }
  std::string operator()(const order_closed& e) const {
    return join("order ", e.order, " is closed, ", e.complete ? "complete" : "incomplete");
  }
  std::string operator()(const install_record_received& e) const {
    return join("the install record of key ", e.key, " for meter ", e.meter, " came in, MI4");
  }
  std::string operator()(const install_record_handed_out& e) const {
    return join("the install record of key ", e.key, " went out for meter ", e.meter);
  }
  std::string operator()(const install_record_settled& e) const {
    if (e.failure)
      return join("the install record of key ", e.key, " is settled, MB3: ", *e.failure);
    return join("the install record of key ", e.key, " is settled, MI10: installed");
  }

  // meters
  std::string operator()(const meter_labelled& e) const {
    return join("meter ", e.meter, " took its label, product ", e.product);
  }
  std::string operator()(const key_provisioned& e) const {
    return join("meter ", e.meter, " stored key ", e.key, " provisionally");
  }
  std::string operator()(const meter_key_refused& e) const {
    if (e.reason == refusal::installation_interrupted)
      return join("meter ", e.meter, " started again and dropped key ", e.key, ", which was not committed");
    return join("meter ", e.meter, " would not take key ", e.key, ": ", e.reason);
  }
  std::string operator()(const key_committed& e) const {
    return join("meter ", e.meter, " keeps key ", e.key, " for good");
  }
  std::string operator()(const meter_registered& e) const {
    return join("meter ", e.meter, " was set to serial ", e.serial, " in ", e.country, " on ", e.date);
  }
  std::string operator()(const indicia_printed& e) const {
    return join("meter ", e.meter, " printed ", std::uint64_t{e.count}, " indicia dated ", e.date,
                ", piece counts from ", e.first);
  }
  std::string operator()(const tamper_detected& e) const {
    return join("meter ", e.meter, " was opened; its keys are wiped");
  }
};

} // namespace

std::string in_words(const any_event& e) {
  return std::visit(sentence{}, e);
}

std::string in_words(const std::vector<participant>& who) {
  std::string s;
  for (const auto& p : who)
    s += (s.empty() ? "" : ", ") + std::string{name(p.kind)} + " " + p.id;
  return s.empty() ? "nobody" : s;
}

std::string verdicts_in_words(const tokens_verified& e) {
  std::map<verdict, std::uint64_t> counts;
  for (auto v : unpack(e.verdicts, e.count))
    ++counts[v];
  std::string s;
  for (const auto& [v, n] : counts)
    s += (s.empty() ? "" : ", ") + std::to_string(n) + " " + std::string{name(v)};
  return s;
}

std::string counted(std::size_t n, const std::string& one, const std::string& many) {
  return (n == 0 ? "no " : std::to_string(n) + " ") + (n < 2 ? one : many.empty() ? one + 's' : many);
}

} // namespace oaksteel
