#pragma once
// Bytes of described structs: two archives over memory.
//
//   integer, bool, enum   little-endian at its width; a bool is 0 or 1, an enum must be valid()
//   string, vector, set, map   count(u32) elements; those of a set, and a map's keys, ascend
//   array<u8, N>          N bytes
//   optional              0(u8) | 1(u8) value
//   pair, struct          the members in order (`fields`)
//
// The input knows how many bytes remain. A count which they cannot hold is refused before anything is
// allocated: other archives believe a hostile length and allocate gigabytes.

#include "events/expected.hpp"
#include "events/fields.hpp"
#include "events/ids.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace oaksteel {

static_assert(std::endian::native == std::endian::little, "integers are copied as they lie in memory");

/// An enum that says which of its values there are. Every enum on disk must.
template <class E>
concept checked_enum = std::is_enum_v<E> && requires(E e) {
  { valid(e) } -> std::same_as<bool>;
};

/// What is wrong with bytes that were read.
struct archive_error : std::runtime_error {
  using runtime_error::runtime_error;
};

/// Appends to `out`, so that a kept buffer is used again. `out` has its final size once the archive is gone.
class archive_output {
public:
  explicit archive_output(bytes& out) : out_(out), at_(out.size()) {}
  archive_output(const archive_output&) = delete;
  archive_output& operator=(const archive_output&) = delete;
  ~archive_output() { out_.resize(at_); }

  template <class... T>
  void operator()(const T&... x) {
    (save(*this, x), ...);
  }

  void raw(const void* data, std::size_t size) {
    // Room is made in large steps: most members have 1 to 8 bytes.
    if (size > out_.size() - at_)
      out_.resize(at_ + size + 512); // the capacity behind it doubles
    if (size > 0)
      std::memcpy(out_.data() + at_, data, size);
    at_ += size;
  }
  void count(std::size_t n) {
    if (n > std::numeric_limits<std::uint32_t>::max())
      throw archive_error("more elements than a count can say");
    auto stored = static_cast<std::uint32_t>(n);
    raw(&stored, sizeof stored);
  }

private:
  bytes& out_;
  std::size_t at_;
};

/// Reads from `data`, which outlives it. Throws archive_error at the first wrong byte.
class archive_input {
public:
  explicit archive_input(std::span<const std::uint8_t> data) : rest_(data) {}

  template <class... T>
  void operator()(T&... x) {
    (load(*this, x), ...);
  }

  std::size_t remaining() const { return rest_.size(); }
  /// The next `size` bytes, where they lie.
  std::span<const std::uint8_t> raw(std::size_t size) {
    if (size > rest_.size())
      throw archive_error("ends too early");
    auto result = rest_.first(size);
    rest_ = rest_.subspan(size);
    return result;
  }
  /// A count of elements of at least `smallest` bytes each.
  std::size_t count(std::size_t smallest) {
    std::uint32_t n;
    std::memcpy(&n, raw(sizeof n).data(), sizeof n);
    if (n > rest_.size() / smallest)
      throw archive_error("a count exceeds the bytes that are left");
    return n;
  }

private:
  std::span<const std::uint8_t> rest_;
};

namespace archive_detail {

template <class T>
struct smallest_of;

/// The fewest bytes that a `T` can take: what a count is held against.
template <class T>
inline constexpr std::size_t smallest = smallest_of<std::remove_cvref_t<T>>::value;

template <class T>
requires(std::is_integral_v<T> || std::is_enum_v<T>) struct smallest_of<T>
    : std::integral_constant<std::size_t, sizeof(T)> {
};
template <>
struct smallest_of<std::string> : std::integral_constant<std::size_t, 4> {};
template <class T>
struct smallest_of<std::vector<T>> : std::integral_constant<std::size_t, 4> {};
template <class K, class V>
struct smallest_of<std::map<K, V>> : std::integral_constant<std::size_t, 4> {};
template <class T>
struct smallest_of<std::set<T>> : std::integral_constant<std::size_t, 4> {};
template <class T>
struct smallest_of<std::optional<T>> : std::integral_constant<std::size_t, 1> {};
template <std::size_t N>
struct smallest_of<std::array<std::uint8_t, N>> : std::integral_constant<std::size_t, N> {};
template <class A, class B>
struct smallest_of<std::pair<A, B>> : std::integral_constant<std::size_t, smallest<A> + smallest<B>> {};
template <class... M>
struct smallest_of<fields_detail::members<M...>> : std::integral_constant<std::size_t, (std::size_t{0} + ... + smallest<M>)> {};
template <described T>
struct smallest_of<T> : smallest_of<members_of<T>> {};

/// An element of no bytes would make a count of any size look honest.
template <class T>
consteval std::size_t element_size() {
  static_assert(smallest<T> > 0, "an element must take at least one byte");
  return smallest<T>;
}

template <class T>
concept integer = std::is_integral_v<T> && !std::is_same_v<T, bool>;

} // namespace archive_detail

// ---- writing ---------------------------------------------------------------------------------------

template <archive_detail::integer T>
void save(archive_output& a, const T& x) {
  a.raw(&x, sizeof x);
}
template <std::same_as<bool> T>
void save(archive_output& a, const T& x) {
  std::uint8_t stored = x ? 1 : 0;
  a.raw(&stored, 1);
}
template <class E>
requires std::is_enum_v<E>
void save(archive_output& a, const E& x) {
  static_assert(checked_enum<E>, "an enum on disk needs `bool valid(E)`");
  a.raw(&x, sizeof x);
}
inline void save(archive_output& a, const std::string& x) {
  a.count(x.size());
  a.raw(x.data(), x.size());
}
inline void save(archive_output& a, const bytes& x) {
  a.count(x.size());
  a.raw(x.data(), x.size());
}
template <std::size_t N>
void save(archive_output& a, const std::array<std::uint8_t, N>& x) {
  a.raw(x.data(), N);
}
template <class T>
void save(archive_output& a, const std::vector<T>& x) {
  a.count(x.size());
  for (const auto& element : x)
    a(element);
}
template <class K, class V>
void save(archive_output& a, const std::map<K, V>& x) {
  a.count(x.size());
  for (const auto& [key, value] : x)
    a(key, value);
}
template <class T>
void save(archive_output& a, const std::set<T>& x) {
  a.count(x.size());
  for (const auto& element : x)
    a(element);
}
template <class T>
void save(archive_output& a, const std::optional<T>& x) {
  std::uint8_t there = x ? 1 : 0;
  a.raw(&there, 1);
  if (x)
    a(*x);
}
template <class A, class B>
void save(archive_output& a, const std::pair<A, B>& x) {
  a(x.first, x.second);
}
template <described T>
void save(archive_output& a, const T& x) {
  static_assert(lists_every_field<T>, "a member is missing from fields()");
  for_each_field(x, [&a](const auto& member) { a(member); });
}

// ---- reading ---------------------------------------------------------------------------------------

template <archive_detail::integer T>
void load(archive_input& a, T& x) {
  std::memcpy(&x, a.raw(sizeof x).data(), sizeof x);
}
template <std::same_as<bool> T>
void load(archive_input& a, T& x) {
  auto stored = a.raw(1)[0];
  if (stored > 1)
    throw archive_error("a bool is neither 0 nor 1");
  x = stored == 1;
}
template <class E>
requires std::is_enum_v<E>
void load(archive_input& a, E& x) {
  static_assert(checked_enum<E>, "an enum on disk needs `bool valid(E)`");
  std::memcpy(&x, a.raw(sizeof x).data(), sizeof x);
  if (!valid(x))
    throw archive_error("a value that its enum does not have");
}
inline void load(archive_input& a, std::string& x) {
  auto data = a.raw(a.count(1));
  x.assign(reinterpret_cast<const char*>(data.data()), data.size());
}
inline void load(archive_input& a, bytes& x) {
  auto data = a.raw(a.count(1));
  x.assign(data.begin(), data.end());
}
template <std::size_t N>
void load(archive_input& a, std::array<std::uint8_t, N>& x) {
  std::memcpy(x.data(), a.raw(N).data(), N);
}
template <class T>
void load(archive_input& a, std::vector<T>& x) {
  x.clear();
  x.resize(a.count(archive_detail::element_size<T>()));
  for (auto& element : x)
    a(element);
}
template <class K, class V>
void load(archive_input& a, std::map<K, V>& x) {
  x.clear();
  for (auto n = a.count(archive_detail::element_size<std::pair<K, V>>()); n > 0; --n) {
    std::pair<K, V> entry;
    a(entry);
    if (!x.empty() && !(x.rbegin()->first < entry.first))
      throw archive_error("the keys of a map do not ascend");
    x.emplace_hint(x.end(), std::move(entry));
  }
}
template <class T>
void load(archive_input& a, std::set<T>& x) {
  x.clear();
  for (auto n = a.count(archive_detail::element_size<T>()); n > 0; --n) {
    T element{};
    a(element);
    if (!x.empty() && !(*x.rbegin() < element))
      throw archive_error("a set's elements do not ascend");
    x.insert(x.end(), std::move(element));
  }
}
template <class T>
void load(archive_input& a, std::optional<T>& x) {
  auto there = a.raw(1)[0];
  if (there > 1)
    throw archive_error("an optional is neither there nor absent");
  x.reset();
  if (there == 1)
    a(x.emplace());
}
template <class A, class B>
void load(archive_input& a, std::pair<A, B>& x) {
  a(x.first, x.second);
}
template <described T>
void load(archive_input& a, T& x) {
  static_assert(lists_every_field<T>, "a member is missing from fields()");
  for_each_field(x, [&a](auto& member) { a(member); });
}

// ---- the whole of a value --------------------------------------------------------------------------

/// Appends the bytes of `x` to `out`.
template <class T>
void encode_into(bytes& out, const T& x) {
  archive_output a{out};
  a(x);
}

template <class T>
bytes encode(const T& x) {
  bytes out;
  encode_into(out, x);
  return out;
}

/// Reads what encode() wrote, all of it: bytes that are left over are an error too. Never throws and
/// never allocates more than a small multiple of `data`. Says why it cannot be read; then `x` is of no use.
template <class T>
std::optional<std::string> decode_into(std::span<const std::uint8_t> data, T& x) {
  try {
    archive_input a{data};
    a(x);
    if (a.remaining() != 0)
      return std::to_string(a.remaining()) + " bytes too many";
    return std::nullopt;
  } catch (const archive_error& e) {
    return std::string{e.what()};
  }
}
/// The same as a value of its own.
template <class T>
expected<T, std::string> decode(std::span<const std::uint8_t> data) {
  T x{};
  if (auto why = decode_into(data, x))
    return unexpected{std::move(*why)};
  return x;
}

} // namespace oaksteel
