#pragma once
// The names of the members of described structs, as they stand in the source, for JSON: a list of names
// beside `fields` would be a second list. The compiler writes a member's name when it is asked for the name of
// a function that takes the member's address as its template argument.

#include "events/fields.hpp"

#include <array>
#include <string_view>

namespace oaksteel {

namespace field_names_detail {

template <class T>
struct holder {
  const T value;
};
/// Never defined and never read: only addresses of its members are taken.
template <class T>
extern const holder<T> nowhere;

/// The address of member `I`: structured bindings see the members of an aggregate in their order.
template <class T, std::size_t I>
consteval auto address_of() {
  constexpr auto n = field_count<T>;
  const auto& x = nowhere<T>.value;
  const auto pick = [](const auto&... m) { return std::get<I>(std::tuple{&m...}); };
  if constexpr (n == 1) { const auto& [a] = x; return pick(a); }
  else if constexpr (n == 2) { const auto& [a, b] = x; return pick(a, b); }
  else if constexpr (n == 3) { const auto& [a, b, c] = x; return pick(a, b, c); }
  else if constexpr (n == 4) { const auto& [a, b, c, d] = x; return pick(a, b, c, d); }
  else if constexpr (n == 5) { const auto& [a, b, c, d, e] = x; return pick(a, b, c, d, e); }
  else if constexpr (n == 6) { const auto& [a, b, c, d, e, f] = x; return pick(a, b, c, d, e, f); }
  else if constexpr (n == 7) { const auto& [a, b, c, d, e, f, g] = x; return pick(a, b, c, d, e, f, g); }
  else if constexpr (n == 8) { const auto& [a, b, c, d, e, f, g, h] = x; return pick(a, b, c, d, e, f, g, h); }
  else if constexpr (n == 9) {
    const auto& [a, b, c, d, e, f, g, h, i] = x;
    return pick(a, b, c, d, e, f, g, h, i);
  } else if constexpr (n == 10) {
    const auto& [a, b, c, d, e, f, g, h, i, j] = x;
    return pick(a, b, c, d, e, f, g, h, i, j);
  } else if constexpr (n == 11) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k] = x;
    return pick(a, b, c, d, e, f, g, h, i, j, k);
  } else if constexpr (n == 12) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l] = x;
    return pick(a, b, c, d, e, f, g, h, i, j, k, l);
  } else {
    static_assert(n == 14, "a struct of so many members needs another line here");
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o] = x;
    return pick(a, b, c, d, e, f, g, h, i, j, k, l, m, o);
  }
}

template <auto Address>
consteval std::string_view last_name() {
  // "... [with auto Address = (& nowhere<...>.holder<...>::value.key_id_assigned::order); ...]"
  std::string_view text = __PRETTY_FUNCTION__;
  text = text.substr(text.find("Address = ") + 10);
  text = text.substr(0, text.find_first_of(";]"));
  const auto last = text.find_last_not_of(") ");
  text = text.substr(0, last + 1);
  return text.substr(text.find_last_of(".:") + 1);
}

template <class T, std::size_t... I>
consteval auto names(std::index_sequence<I...>) {
  return std::array<std::string_view, sizeof...(I)>{last_name<address_of<T, I>()>()...};
}

} // namespace field_names_detail

/// The names of T's members, in their order.
template <described T>
inline constexpr auto field_names = field_names_detail::names<T>(
  std::make_index_sequence<field_count<T>>{});

} // namespace oaksteel
