#include "node/requests.hpp"

#include "events/field_names.hpp"
#include "node/text.hpp"
#include "storage/archive.hpp"
#include "storage/log.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

namespace oaksteel::requests {
namespace {

using json = nlohmann::ordered_json;

constexpr unsigned nesting_limit = 8;
constexpr std::size_t element_limit = 1024; ///< of an array
constexpr std::array box_types{box_type::manufacturing, box_type::oak, box_type::steel, box_type::brass, box_type::tin};
constexpr std::array suites{suite_id::rsa3072, suite_id::p256};

// --- a value as JSON --------------------------------------------------------------------------------------

json value(const std::string& x) { return x; }
json value(bool x) { return x; }
json value(std::uint64_t x) { return x; }
json value(const std::filesystem::path& x) { return x.string(); }
json value(const box_id& x) { return x.text(); }
json value(const key_id& x) { return x.text(); }
json value(const time_zone& x) { return x.text(); }
json value(box_type x) { return std::string{name(x)}; }
json value(suite_id x) { return std::string{name(x)}; }
template <class Form>
json value(const name_of<Form>& x) {
  return x.text;
}
template <described T>
json value(const T& x);
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

/// `each(name, member)` for every member.
template <class T>
void each_field(T& x, auto&& each) {
  using plain = std::remove_const_t<T>;
  static_assert(lists_every_field<plain>);
  if constexpr (field_count<plain> > 0) {
    std::size_t i = 0;
    for_each_field(x, [&](auto& member) { each(std::string{field_names<plain>[i++]}, member); });
  }
}

template <described T>
json value(const T& x) {
  json object = json::object();
  each_field(x, [&](const std::string& name, const auto& member) { object[name] = value(member); });
  return object;
}

/// What is no UTF-8 (a path may be none) is replaced.
std::string dumped(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }

// --- and back; the answer is what it must be instead, or nothing ---------------------------------------------

using wanted = std::optional<std::string>;

wanted read(const json& j, std::string& x) {
  if (!j.is_string())
    return "a text";
  x = j.get<std::string>();
  return std::nullopt;
}
wanted read(const json& j, bool& x) {
  if (!j.is_boolean())
    return "true or false";
  x = j.get<bool>();
  return std::nullopt;
}
wanted read(const json& j, std::uint64_t& x) {
  if (!j.is_number_unsigned())
    return "a whole number from 0";
  x = j.get<std::uint64_t>();
  return std::nullopt;
}
wanted read(const json& j, std::filesystem::path& x) {
  std::string text;
  if (read(j, text) || !text.starts_with('/') || text.find('\0') != std::string::npos)
    return "the path of a directory, from the root";
  x = text;
  return std::nullopt;
}
wanted read(const json& j, box_id& x) {
  const auto id = j.is_string() ? box_id::parse(j.get<std::string>()) : std::nullopt;
  if (!id)
    return "the id of a box";
  x = *id;
  return std::nullopt;
}
wanted read(const json& j, key_id& x) {
  const auto id = j.is_string() ? key_id::parse(j.get<std::string>()) : std::nullopt;
  if (!id)
    return "the id of a key (VE/1)";
  x = *id;
  return std::nullopt;
}
wanted read(const json& j, time_zone& x) {
  const auto zone = j.is_string() ? time_zone::parse(j.get<std::string>()) : std::nullopt;
  if (!zone)
    return std::string{form_in_words<time_zone>};
  x = *zone;
  return std::nullopt;
}
template <class Enum, std::size_t N>
wanted read_named(const json& j, Enum& x, const std::array<Enum, N>& all) {
  const auto named = [&](Enum e) { return j.is_string() && j.get<std::string>() == name(e); };
  const auto found = std::ranges::find_if(all, named);
  if (found == all.end())
    return "one of the known names";
  x = *found;
  return std::nullopt;
}
wanted read(const json& j, box_type& x) { return read_named(j, x, box_types); }
wanted read(const json& j, suite_id& x) { return read_named(j, x, suites); }
template <class Form>
wanted read(const json& j, name_of<Form>& x) {
  const auto parsed = j.is_string() ? name_of<Form>::parse(j.get<std::string>()) : std::nullopt;
  if (!parsed)
    return std::string{form_in_words<name_of<Form>>};
  x = *parsed;
  return std::nullopt;
}
template <described T>
wanted read(const json& j, T& x);
template <class T>
wanted read(const json& j, std::optional<T>& x) {
  if (j.is_null())
    return std::nullopt;
  return read(j, x.emplace());
}
template <class T>
wanted read(const json& j, std::vector<T>& x) {
  if (!j.is_array() || j.size() > element_limit)
    return "an array of at most " + std::to_string(element_limit);
  for (const auto& one : j)
    if (auto problem = read(one, x.emplace_back()))
      return "an array; each in it " + *problem;
  return std::nullopt;
}

/// Null stands for a member that is not there; the first wrong one in words. `besides` is one that was read before.
template <class T>
std::optional<std::string> read_members(const json& object, T& x, std::string_view besides = {}) {
  std::optional<std::string> problem;
  std::vector<std::string> names;
  if (!besides.empty())
    names.emplace_back(besides);
  each_field(x, [&](const std::string& name, auto&) { names.push_back(name); });
  for (const auto& [name, given] : object.items())
    if (std::ranges::find(names, name) == names.end())
      return unknown_word("member", name, std::vector<std::string_view>{names.begin(), names.end()});
  each_field(x, [&](const std::string& name, auto& member) {
    if (problem)
      return;
    const auto found = object.find(name);
    const json none;
    const auto& given = found == object.end() ? none : *found;
    if (auto right = read(given, member))
      problem = "`" + name + "` is " + on_one_line(dumped(given), 40) + "; it must be " + *right;
  });
  return problem;
}

template <described T>
wanted read(const json& j, T& x) {
  return j.is_object() ? read_members(j, x) : "an object";
}

/// Nesting is bounded before the library builds a tree of it.
bool too_deep(std::string_view line) {
  unsigned open = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '"') {
      for (++at; at < line.size() && line[at] != '"'; ++at)
        if (line[at] == '\\')
          ++at;
    } else if (line[at] == '[' || line[at] == '{') {
      if (++open > nesting_limit)
        return true;
    } else if ((line[at] == ']' || line[at] == '}') && open > 0) {
      --open;
    }
  }
  return false;
}

expected<json, std::string> parse_object(std::string_view line, std::size_t limit) {
  if (line.size() > limit)
    return unexpected{"the line is longer than " + std::to_string(limit) + " bytes"};
  if (too_deep(line))
    return unexpected{std::string{"the line is nested too deeply"}};
  std::vector<std::set<std::string>> open; // names in the objects around
  std::optional<std::string> twice;
  const auto watch = [&](int, json::parse_event_t event, json& at) {
    if (event == json::parse_event_t::object_start)
      open.emplace_back();
    else if (event == json::parse_event_t::object_end)
      open.pop_back();
    else if (event == json::parse_event_t::key && !open.back().insert(at.get<std::string>()).second && !twice)
      twice = at.get<std::string>();
    return true;
  };
  auto parsed = json::parse(line, watch, false);
  if (parsed.is_discarded() || !parsed.is_object())
    return unexpected{std::string{"the line is no JSON object"}};
  if (twice)
    return unexpected{"member " + in_quotes(*twice) + " is there twice"};
  return parsed;
}

/// The request of the variant that has this name.
template <class... Request>
expected<any_request, std::string> read_named_request(const json& object, std::variant<Request...>*) {
  constexpr std::array<std::string_view, sizeof...(Request)> known{Request::name...};
  std::string name;
  if (read(object.contains("request") ? object["request"] : json(), name))
    return unexpected{std::string{"no `request` in the line; it must be the name of one"}};
  expected<any_request, std::string> result = unexpected{unknown_word("request", name, known)};
  const auto attempt = [&]<class R>() {
    if (R::name != name)
      return false;
    R request;
    if (auto problem = read_members(object, request, "request"))
      result = unexpected{*problem};
    else
      result = any_request{std::move(request)};
    return true;
  };
  (attempt.template operator()<Request>() || ...);
  return result;
}

} // namespace

answer failed(std::string error) {
  answer a;
  a.error = std::move(error);
  return a;
}

answer failed(oaksteel::refusal why, std::string_view about, std::string_view told) {
  auto line = std::string{about} + ": " + std::string{text(why)};
  if (!told.empty())
    line += " (" + std::string{told} + ')';
  auto a = failed(std::move(line));
  a.refusal = std::string{name(why)};
  return a;
}

box_view view_of(const secure_box& box) {
  box_view v{box.slot, {}, box.id.type, box.enabled, box.threshold, {}, {}, box.active, {}, {}};
  if (box.id.number != 0) {
    v.id = box.id;
    v.generators = name(box.generators.health);
  }
  for (const auto& share : box.shares)
    v.custodians.push_back(share.custodian);
  for (const auto& custodian : box.entered)
    v.entered.push_back({custodian});
  for (const auto& [domain, process] : box.processes)
    v.domains.push_back(domain);
  return v;
}

key_view view_of(const master_key& key) {
  const auto if_set = [](const auto& x) { return x.empty() ? std::nullopt : std::optional{x}; };
  const auto day = [](const calendar_date& d) { return d.yyyymmdd == 0 ? std::nullopt : std::optional{d.text()}; };
  key_view v{key.key, std::string{name(key.status)}, key.oak, key.steel, if_set(key.meter), if_set(key.product),
             if_set(key.serial), if_set(key.country), day(key.registered), day(key.retired), {}};
  if (key.status == key_status::bad)
    v.reason = std::string{text(key.reason)};
  return v;
}

domain_view view_of(const domain_id& id, const oaksteel::domain& state, const time_zone& zone) {
  return {id, state.kind, state.sub_domain, state.suite, zone, state.creator};
}

bool only_asks(const any_request& r) {
  return std::visit([](const auto& request) { return requires { request.only_asks; }; }, r);
}

bool may_ask(const any_request& r, const label& who, const std::vector<operator_role>& roles) {
  return std::visit(
    [&](const auto& request) {
      if constexpr (requires { request.custodian; })
        if (request.custodian != who)
          return false;
      return std::ranges::any_of(roles, [&](operator_role role) { return request.roles.include(role); });
    },
    r);
}

std::string_view name_of_request(const any_request& r) {
  return std::visit([](const auto& request) { return request.name; }, r);
}

namespace {

/// What an order makes of a key.
key_status aim_of(order_kind kind) {
  switch (kind) {
    case order_kind::registration: return key_status::active;
    case order_kind::retirement: return key_status::obsolete;
    case order_kind::install: break;
  }
  return key_status::installed;
}

} // namespace

leg_view view_of(order_kind kind, const order_leg& leg, const log& written) {
  leg_view v{leg.plan.domain, {}, "no key", leg.stage == leg_stage::finished, leg.tries, {}};
  if (leg.key != 0) {
    v.key = key_id{leg.plan.domain, leg.key}.text();
    const auto row = written.view().row({stream_kind::key, *v.key});
    const auto key = row ? decode<master_key>(row->state) : expected<master_key, std::string>{master_key{}};
    // Its archive may be at another node.
    const auto status = key && key->status != key_status::none ? key->status
                        : v.done                               ? aim_of(kind)
                                                               : key_status::none;
    v.outcome = status == key_status::none ? "unknown" : std::string{name(status)};
  }
  if (leg.tries > 0 || !v.done)
    v.reason = leg.reason == refusal::box_disabled ? "busy: box disabled" : std::string{text(leg.reason)};
  return v;
}

std::string line_of(const any_request& r) {
  return std::visit(
    [](const auto& request) {
      json object{{"request", std::string{request.name}}};
      object.update(value(request));
      return dumped(object);
    },
    r);
}

std::string line_of(const answer& a) { return dumped(value(a)); }

expected<any_request, std::string> read_request(std::string_view line) {
  const auto object = parse_object(line, request_limit);
  if (!object)
    return unexpected{object.error()};
  return read_named_request(*object, static_cast<any_request*>(nullptr));
}

expected<answer, std::string> read_answer(std::string_view line) {
  const auto object = parse_object(line, answer_limit);
  if (!object)
    return unexpected{object.error()};
  answer a;
  if (auto problem = read_members(*object, a))
    return unexpected{*problem};
  return a;
}

nlohmann::ordered_json as_json(const box_view& v) { return value(v); }
nlohmann::ordered_json as_json(const domain_view& v) { return value(v); }
nlohmann::ordered_json as_json(const leg_view& v) { return value(v); }
nlohmann::ordered_json as_json(const key_view& v) { return value(v); }
nlohmann::ordered_json as_json(const node_view& v) { return value(v); }

} // namespace oaksteel::requests
