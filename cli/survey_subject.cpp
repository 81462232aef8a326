// What the subject of an audit is at the end of the logs.

#include "cli/event_json.hpp"
#include "cli/survey.hpp"

namespace oaksteel {
namespace {

using json = nlohmann::ordered_json;

/// The state of a stream, in the first log that has it; null when none does.
template <class State>
const State* state_of(const surveyed& s, stream_kind kind, const std::string& of) {
  for (const auto* one : s.logs)
    if (const auto it = one->log.folded.find({kind, of}); it != one->log.folded.end())
      return std::get_if<State>(&it->second.state);
  return nullptr;
}

/// Calls `f(name, state)` for each stream of a kind, in order of the names.
template <class State, class F>
void for_each_of(const surveyed& s, stream_kind kind, F f) {
  std::map<std::string_view, const State*> sorted;
  for (const auto* one : s.logs)
    for (const auto& [stream, folded] : one->log.folded)
      if (stream.kind == kind)
        if (auto state = std::get_if<State>(&folded.state))
          sorted.emplace(stream.of, state);
  for (const auto& [name, state] : sorted)
    f(name, *state);
}

std::string text_or_none(const box_id& b) { return b.number ? b.text() : "-"; }
std::string text_or_none(const auto& n) { return n.text.empty() ? "-" : n.text; }
std::string date_or_none(const calendar_date& d) { return d.yyyymmdd ? d.text() : "-"; }

json about_key(const surveyed& s, const std::string& id) {
  json out;
  if (auto k = state_of<master_key>(s, stream_kind::key, id)) {
    out["status"] = name(k->status);
    out["oak"] = text_or_none(k->oak);
    out["steel"] = text_or_none(k->steel);
    out["meter"] = text_or_none(k->meter);
    out["serial"] = text_or_none(k->serial);
    out["country"] = text_or_none(k->country);
    out["registered"] = date_or_none(k->registered);
    out["retired"] = date_or_none(k->retired);
    if (k->status == key_status::bad)
      out["reason"] = text(k->reason);
  } else {
    out["status"] = "never stored";
  }
  const auto key = key_id::parse(id);
  const auto life = key ? s.lives.keys().find(*key) : s.lives.keys().end();
  if (life == s.lives.keys().end())
    return out;
  if (life->second.check)
    out["check value"] = hex(*life->second.check);
  json times = json::object();
  for (std::size_t i = 0; i < audit_times; ++i)
    if (life->second.times[i].us != 0)
      times[std::string{name(static_cast<audit_time>(i))}] = life->second.times[i].text();
  out["audit times"] = std::move(times);
  return out;
}

json about_meter(const surveyed& s, const std::string& id) {
  json out;
  const auto m = state_of<meter>(s, stream_kind::meter, id);
  if (!m)
    return {{"memory", "not in this log"}};
  out["product"] = text_or_none(m->product);
  out["serial"] = text_or_none(m->serial);
  out["country"] = text_or_none(m->country);
  out["registered"] = date_or_none(m->registered);
  out["pieces"] = m->pieces;
  out["tampered"] = m->tampered;
  json keys = json::object();
  for (const auto& [domain, key] : m->keys) {
    const key_id k{domain, key.number};
    const auto stored = state_of<master_key>(s, stream_kind::key, k.text());
    keys[k.text()] = std::string{!key.held ? "not held" : key.committed ? "held for good" : "held provisionally"}
                     + (stored ? ", " + std::string{name(stored->status)} : "");
  }
  out["keys"] = std::move(keys);
  return out;
}

json about_box(const surveyed& s, const std::string& id) {
  json out;
  const auto b = state_of<secure_box>(s, stream_kind::box, id);
  if (!b)
    return {{"box", "not in this log"}};
  out["type"] = name(b->id.type);
  out["slot"] = b->slot.text;
  out["suite"] = name(b->suite);
  out["threshold"] = b->threshold;
  json custodians = json::array();
  for (const auto& share : b->shares)
    custodians.push_back(share.custodian.text + (b->entered.contains(share.custodian.text) ? " (share is in)" : ""));
  out["custodians"] = std::move(custodians);
  out["enabled"] = b->enabled;
  out["generators"] = name(b->generators.health);
  out["active domain"] = b->active ? b->active->text : "-";
  json processes = json::object();
  for (const auto& [domain, p] : b->processes)
    processes[domain.text] = "last key id seen " + std::to_string(p.last_seen)
                             + (p.open.empty() ? "" : ", open installations " + std::to_string(p.open.size()));
  out["domains"] = std::move(processes);
  return out;
}

/// Keys of a domain by status.
json keys_by_status(const surveyed& s, const std::string& domain) {
  std::map<key_status, std::uint64_t> counts;
  for_each_of<master_key>(s, stream_kind::key, [&](std::string_view, const master_key& k) {
    if (k.key.domain.text == domain)
      ++counts[k.status];
  });
  json out = json::object();
  for (const auto& [status, n] : counts)
    out[std::string{name(status)}] = n;
  return out;
}

json verdicts_of(const surveyed& s, const domain_id& domain) {
  std::map<verdict, std::uint64_t> counts;
  for (const auto* one : s.logs)
    if (const auto it = one->verdicts.find(domain); it != one->verdicts.end())
      for (const auto& [v, n] : it->second)
        counts[v] += n;
  json out = json::object();
  for (const auto& [v, n] : counts)
    out[std::string{name(v)}] = n;
  return out;
}

/// The error logs together. Components of two nodes may have one name.
refusal_counts faults_of(const surveyed& s) {
  refusal_counts all;
  for (const auto* one : s.logs)
    for (const auto& [component, codes] : one->faults)
      for (const auto& [code, sources] : codes)
        for (const auto& [source, n] : sources)
          all[component][code][source] += n;
  return all;
}

json about_domain(const surveyed& s, const std::string& id) {
  json out;
  if (auto d = state_of<domain>(s, stream_kind::domain, id)) {
    out["kind"] = d->kind;
    out["sub-domain"] = d->sub_domain.text;
    out["suite"] = name(d->suite);
    out["created in"] = d->creator.text();
  }
  if (auto counter = state_of<key_counter>(s, stream_kind::key_counter, id))
    out["last key id"] = counter->last;
  out["keys"] = keys_by_status(s, id);
  out["verdicts"] = verdicts_of(s, {id});
  return out;
}

json about_order(const surveyed& s, const std::string& id) {
  const auto o = state_of<order>(s, stream_kind::order, id);
  if (!o)
    return {{"order", s.logs.size() > 1 ? "its own events are in none of these logs" : "not in this log"}};
  json out;
  out["kind"] = name(o->details.kind);
  out["meter"] = o->details.meter.text;
  out["state"] = !o->closed ? "open" : o->complete ? "complete" : "incomplete";
  json legs = json::object();
  for (const auto& l : o->legs)
    legs[l.plan.domain.text] =
      std::string{l.stage == leg_stage::finished ? "finished" : l.stage == leg_stage::abandoned ? "abandoned" : "open"}
      + (l.key ? ", key " + key_id{l.plan.domain, l.key}.text() : "")
      + (l.tries ? ", keys that ended Bad: " + std::to_string(l.tries) : "")
      + (l.stage == leg_stage::abandoned ? ": " + std::string{text(l.reason)} : "");
  out["legs"] = std::move(legs);
  return out;
}

json about_custodian(const surveyed& s, const std::string& id) {
  json boxes = json::object();
  for_each_of<secure_box>(s, stream_kind::box, [&](std::string_view name, const secure_box& b) {
    for (const auto& share : b.shares)
      if (share.custodian.text == id)
        boxes[std::string{name}] = b.entered.contains(id) ? "share is in" : "share is out";
  });
  return {{"boxes", std::move(boxes)}};
}

json about_operator(const surveyed& s, const std::string& id) {
  std::uint64_t commands = 0, unanswered = 0;
  for_each_of<operation>(s, stream_kind::operation, [&](std::string_view name, const operation& o) {
    if (!name.starts_with(id + '/'))
      return;
    ++commands;
    unanswered += !o.answered;
  });
  return {{"commands", commands}, {"not answered", unanswered}};
}

json about_errors(const surveyed& s) {
  json out = json::object();
  for (const auto& [component, codes] : faults_of(s))
    for (const auto& [code, sources] : codes)
      for (const auto& [source, n] : sources)
        out[component][std::string{name(code)}][source.empty() ? "nobody" : source] = n;
  return {{"errors by component, code and source", std::move(out)}};
}

json about_all(const surveyed& s) {
  json boxes = json::object(), domains = json::object(), errors = json::object();
  for_each_of<secure_box>(s, stream_kind::box, [&](std::string_view id, const secure_box& b) {
    std::string served;
    for (const auto& [domain, p] : b.processes)
      served += (served.empty() ? ", " : " ") + domain.text;
    boxes[std::string{id}] = std::string{name(b.id.type)} + " in slot " + b.slot.text
                             + (b.enabled ? ", enabled" : ", disabled") + served;
  });
  for_each_of<domain>(s, stream_kind::domain, [&](std::string_view id, const domain&) {
    domains[std::string{id}] = about_domain(s, std::string{id});
  });
  std::map<std::string, std::uint64_t> meters, orders;
  for_each_of<meter>(s, stream_kind::meter, [&](std::string_view, const meter& m) {
    ++meters[m.tampered ? "tampered" : !m.serial.empty() ? "registered" : !m.keys.empty() ? "with keys" : "labelled"];
  });
  for_each_of<order>(s, stream_kind::order, [&](std::string_view, const order& o) {
    ++orders[std::string{name(o.details.kind)} + (!o.closed ? " open" : o.complete ? " complete" : " incomplete")];
  });
  std::map<std::string_view, std::uint64_t> by_code;
  for (const auto& [component, codes] : faults_of(s))
    for (const auto& [code, sources] : codes)
      for (const auto& [source, n] : sources)
        by_code[name(code)] += n;
  for (const auto& [code, n] : by_code)
    errors[std::string{code}] = n;
  return {{"boxes", std::move(boxes)}, {"domains", std::move(domains)}, {"meters", meters},
          {"orders", orders},          {"errors", std::move(errors)}};
}

} // namespace

nlohmann::ordered_json describe_subject(const surveyed& s, const audit_arguments& a) {
  switch (a.subject) {
    case audit_subject::key: return about_key(s, a.id);
    case audit_subject::meter: return about_meter(s, a.id);
    case audit_subject::box: return about_box(s, a.id);
    case audit_subject::domain: return about_domain(s, a.id);
    case audit_subject::custodian: return about_custodian(s, a.id);
    case audit_subject::person: return about_operator(s, a.id);
    case audit_subject::order: return about_order(s, a.id);
    case audit_subject::errors: return about_errors(s);
    case audit_subject::all: break;
  }
  return about_all(s);
}

} // namespace oaksteel
