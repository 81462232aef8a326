#pragma once
// A value or the reason why there is none (the part of C++23's std::expected that we need).

#include <utility>
#include <variant>

namespace oaksteel {

/// Marks the error alternative: `return unexpected{refusal::key_id_not_fresh};`.
template <class E>
struct unexpected {
  E error;
};
template <class E>
unexpected(E) -> unexpected<E>;

/// Holds a `T`, or an `E` that says why not. Asking for the wrong one throws std::bad_variant_access.
template <class T, class E>
class expected {
public:
  expected(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  template <class G>
  expected(unexpected<G> u) : content_(std::in_place_index<1>, std::move(u.error)) {}

  bool has_value() const noexcept { return content_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& value() & { return std::get<0>(content_); }
  const T& value() const& { return std::get<0>(content_); }
  T&& value() && { return std::get<0>(std::move(content_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const E& error() const { return std::get<1>(content_); }

private:
  std::variant<T, E> content_;
};

} // namespace oaksteel
