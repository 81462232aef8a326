#pragma once
// One list of fields for each described struct; disk, wire and equality all come from it.
//
//   struct key_retired {
//     key_id key;
//     std::string reason;
//     static auto fields(auto& self, auto take) { return take(self.key, self.reason); }
//   };

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace oaksteel {

namespace fields_detail {

struct anything {
  template <class T>
  operator T() const;
};

template <class T, std::size_t... I>
constexpr bool initialisable(std::index_sequence<I...>) {
  return requires { T{(static_cast<void>(I), anything{})...}; };
}

template <class... Member>
struct members {
  static constexpr std::size_t count = sizeof...(Member);
};
struct list_members {
  template <class... Member>
  members<Member...> operator()(Member&...) const;
};

} // namespace fields_detail

/// A struct that names its members, in order, by a static `fields(self, take)`.
template <class T>
concept described = std::is_aggregate_v<T> && requires(T& x) { T::fields(x, fields_detail::list_members{}); };

/// The types of its fields.
template <described T>
using members_of = decltype(T::fields(std::declval<T&>(), fields_detail::list_members{}));
template <described T>
inline constexpr std::size_t field_count = members_of<T>::count;

/// True when `fields` names as many members as the struct has. Every codec asserts it, so that a
/// member which was added and not listed stops the build.
template <described T>
inline constexpr bool lists_every_field =
  fields_detail::initialisable<T>(std::make_index_sequence<field_count<T>>{})
  && !fields_detail::initialisable<T>(std::make_index_sequence<field_count<T> + 1>{});

/// Calls `visit(member)` for each field in order.
template <described T, class F>
void for_each_field(T& x, F&& visit) {
  std::remove_const_t<T>::fields(x, [&](auto&... member) { (visit(member), ...); });
}

template <described T>
bool operator==(const T& a, const T& b) {
  return T::fields(a, [&](const auto&... of_a) {
    return T::fields(b, [&](const auto&... of_b) { return ((of_a == of_b) && ...); });
  });
}

} // namespace oaksteel
