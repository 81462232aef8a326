#include "events/seen_numbers.hpp"

#include <algorithm>
#include <array>

namespace oaksteel {
namespace {

constexpr std::array box_types{box_type::manufacturing, box_type::oak, box_type::steel, box_type::brass, box_type::tin};

template <class Id, class Number>
Number number_of(const std::map<Id, Number>& numbers, const Id& id) {
  const auto found = numbers.find(id);
  return found == numbers.end() ? 0 : found->second;
}

template <class Number>
void at_least(Number& number, Number other) {
  number = std::max(number, other);
}

} // namespace

void seen_numbers::add(const participant& p) {
  if (p.kind == participant_kind::key) {
    if (const auto key = key_id::parse(p.id))
      at_least(keys[key->domain], key->number);
  } else if (p.kind == participant_kind::box) {
    if (const auto box = box_id::parse(p.id))
      at_least(boxes[box->type], box->number);
  } else if (p.kind == participant_kind::order) {
    if (const auto order = order_id::parse(p.id))
      at_least(orders, order->number);
  }
}

void seen_numbers::add(const seen_numbers& other) {
  for (const auto& [domain, number] : other.keys)
    at_least(keys[domain], number);
  for (const auto& [type, number] : other.boxes)
    at_least(boxes[type], number);
  at_least(orders, other.orders);
  at_least(epoch, other.epoch);
}

void seen_numbers::raise_by(std::uint32_t n, const std::vector<domain_id>& domains) {
  if (n == 0)
    return;
  for (const auto& domain : domains)
    keys[domain] += n;
  for (const auto type : box_types)
    boxes[type] += n;
  orders += n;
  epoch += n;
}

bool seen_numbers::far_beyond(const seen_numbers& other, std::uint32_t step) const {
  const auto far = [step](std::uint64_t number, std::uint64_t from) { return number > from && number - from > step; };
  return far(orders, other.orders) || far(epoch, other.epoch)
         || std::ranges::any_of(keys, [&](const auto& k) { return far(k.second, number_of(other.keys, k.first)); })
         || std::ranges::any_of(boxes, [&](const auto& b) { return far(b.second, number_of(other.boxes, b.first)); });
}

} // namespace oaksteel
