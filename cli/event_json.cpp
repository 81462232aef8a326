#include "cli/event_json.hpp"

#include "events/field_names.hpp"
#include "events/mail.hpp"
#include "events/signed_bodies.hpp"
#include "storage/signed_body.hpp"

namespace oaksteel {

namespace {

using json = nlohmann::ordered_json;

json value(const std::string& x) { return x; }
json value(const bytes& x) { return hex(x); }
json value(const key_id& x);
json value(const order_id& x);
json value(const calendar_date& x);
json value(const instant& x);
json value(const box_id& x);
json value(const digest& x);
json value(const share_set_id& x);
json value(const participant& x);
json value(const signed_record& x);
template <std::size_t N>
json value(const std::array<std::uint8_t, N>& x) {
  return hex(x);
}
template <std::integral T>
json value(const T& x) {
  return x;
}
template <class T>
  requires std::is_enum_v<T>
json value(const T& x) {
  return std::string{name(x)};
}
template <class Form>
json value(const name_of<Form>& x) {
  return x.text;
}
template <class T>
json value(const std::optional<T>& x);
template <class T>
json value(const std::vector<T>& x);
template <described T>
json value(const T& x);

json value(const key_id& x) { return x.text(); }
json value(const order_id& x) { return x.number; }
json value(const calendar_date& x) { return x.yyyymmdd == 0 ? json() : json(x.text()); }
json value(const instant& x) { return x.us == 0 ? json() : json(x.text()); }
json value(const box_id& x) { return x.number == 0 ? json() : json(x.text()); }
json value(const participant& x) { return {{"kind", name(x.kind)}, {"id", x.id}}; }
json value(const digest& x) { return x.hex(); }
json value(const share_set_id& x) { return x.text(); }

/// A body of one of the types, or null: from elsewhere it may be anything.
template <class... Body>
json body_of_any(const bytes& data) {
  json found;
  const auto attempt = [&]<class B>() {
    auto body = decode_body<B>(data);
    if (body)
      found = value(*body);
    return body.has_value();
  };
  (attempt.template operator()<Body>() || ...);
  return found;
}

json value(const signed_record& x) {
  return {{"says", body_of_any<mi3_body, mi4_body, mi7_body, mi9_body, mi10_body, mb2_body, mb3_body, mr3_body,
                               mr4_body, mo2_body, mo3_body, domain_keys_body, operation_body>(x.body)},
          {"body", hex(x.body)},
          {"proof", hex(x.proof)}};
}

template <class T>
json value(const std::optional<T>& x) {
  return x ? value(*x) : json();
}
template <class T>
json value(const std::vector<T>& x) {
  json all = json::array();
  for (const auto& one : x)
    all.push_back(value(one));
  return all;
}
template <described T>
json value(const T& x) {
  json object = json::object();
  std::size_t i = 0;
  for_each_field(x, [&](const auto& field) { object[std::string{field_names<T>[i++]}] = value(field); });
  return object;
}

json value(const reference& x) {
  json object{{"position", x.position}};
  if (x.log)
    object["log"] = x.log->hex();
  return object;
}

/// Verdicts are packed; people and programs want them counted.
json value(const tokens_verified& x) {
  json object = value<tokens_verified>(x);
  json counts = json::object();
  for (auto v : unpack(x.verdicts, x.count)) {
    auto& n = counts[std::string{name(v)}];
    n = (n.is_null() ? 0 : n.get<std::uint64_t>()) + 1;
  }
  object["counts"] = std::move(counts);
  return object;
}

} // namespace

nlohmann::ordered_json as_json(const any_event& e) {
  return std::visit([](const auto& event) { return value(event); }, e);
}

nlohmann::ordered_json as_json(const record& r, std::string_view name) {
  json who = json::array();
  for (const auto& p : r.participants)
    who.push_back(value(p));
  return {{"position", r.position},
          {"time", r.time.text()},
          {"stream", r.stream.text()},
          {"previous", r.previous},
          {"actor", r.actor},
          {"event", name},
          {"version", r.version},
          {"epoch", r.epoch},
          {"command", {{"sender", r.command.sender}, {"counter", r.command.counter}}},
          {"cause", r.cause ? value(*r.cause) : json()},
          {"correlation", r.correlation ? value(*r.correlation) : json()},
          {"participants", std::move(who)}};
}

} // namespace oaksteel
