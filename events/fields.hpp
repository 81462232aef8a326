#pragma once
// One list of fields for each described struct; disk, wire and equality all come from it.
//
//   struct key_retired {
//     key_id key;
//     std::string reason;
//     static auto fields(auto& self) { return std::tie(self.key, self.reason); }
//   };

#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace oaksteel {

/// A struct that names its members, in order, by a static `fields(self)`.
template <class T>
concept described = std::is_aggregate_v<T> && requires(T& x) { T::fields(x); };

namespace fields_detail {

struct anything {
  template <class T>
  operator T() const;
};

template <class T, std::size_t... I>
constexpr bool initialisable(std::index_sequence<I...>) {
  return requires { T{(static_cast<void>(I), anything{})...}; };
}

template <class T, std::size_t N = 0>
consteval std::size_t members() {
  if constexpr (initialisable<T>(std::make_index_sequence<N + 1>{}))
    return members<T, N + 1>();
  else
    return N;
}

} // namespace fields_detail

/// True when `fields` names as many members as the struct has. Every codec asserts it, so that a
/// member which was added and not listed stops the build.
template <described T>
inline constexpr bool lists_every_field =
  std::tuple_size_v<decltype(T::fields(std::declval<T&>()))> == fields_detail::members<T>();

/// Calls `visit(member)` for each field in order.
template <described T, class F>
void for_each_field(T& x, F&& visit) {
  std::apply([&](auto&... member) { (visit(member), ...); }, std::remove_const_t<T>::fields(x));
}

template <described T>
bool operator==(const T& a, const T& b) {
  return T::fields(a) == T::fields(b);
}

} // namespace oaksteel
