#include "storage/find_domain_key.hpp"

#include "events/signed_bodies.hpp"
#include "storage/find_event.hpp"
#include "storage/signed_body.hpp"

namespace oaksteel {

namespace {

std::optional<signed_record> signed_keys_of(const log_view& view, const domain_id& domain) {
  if (auto created = find_event<domain_created>(view, lookup::domain_keys, domain.text))
    return std::move(created->event.signed_keys);
  if (auto introduced = find_event<domain_introduced>(view, lookup::domain_keys, domain.text))
    return std::move(introduced->event.signed_keys);
  return std::nullopt;
}

std::optional<domain_keys_body> public_side_of(const log_view& view, const domain_id& domain) {
  const auto keys = signed_keys_of(view, domain);
  return keys ? decode_body<domain_keys_body>(keys->body) : std::nullopt;
}

std::optional<time_zone> zone_in(const std::optional<domain_keys_body>& body) {
  return body && body->zone && valid(*body->zone) ? body->zone : std::nullopt;
}

} // namespace

std::optional<time_zone> find_time_zone(const log_view& view, const domain_id& domain) {
  return zone_in(public_side_of(view, domain));
}

std::optional<time_zone> named_zone(const any_event& e) {
  if (const auto* created = std::get_if<domain_created>(&e))
    return zone_in(decode_body<domain_keys_body>(created->signed_keys.body));
  if (const auto* introduced = std::get_if<domain_introduced>(&e))
    return zone_in(decode_body<domain_keys_body>(introduced->signed_keys.body));
  return std::nullopt;
}

std::optional<public_key> find_domain_key(const log_view& view, const domain_id& domain, key_role role) {
  const auto body = public_side_of(view, domain);
  if (!body)
    return std::nullopt;
  for (const auto& key : body->keys)
    if (key.role == role)
      if (auto parsed = public_key::parse(body->suite, key.spki))
        return std::move(*parsed);
  return std::nullopt;
}

std::optional<public_key> domain_keys_of::find(const log_view& view, const domain_id& domain) {
  auto it = known_.find(domain);
  if (it == known_.end()) {
    auto found = find_domain_key(view, domain, role_);
    if (!found)
      return std::nullopt; // a domain may be created later
    it = known_.emplace(domain, std::move(*found)).first;
  }
  return it->second;
}

} // namespace oaksteel
