#pragma once
// What messages hold beside the types that events have. A path goes as its text, a list that is shared within a process
// as an optional, a double as its bits (IEEE 754).

#include "storage/archive.hpp"

#include <filesystem>
#include <memory>

namespace oaksteel {

namespace archive_detail {
template <>
struct smallest_of<std::filesystem::path> : std::integral_constant<std::size_t, 4> {};
template <>
struct smallest_of<double> : std::integral_constant<std::size_t, 8> {};
template <class T>
struct smallest_of<std::shared_ptr<const T>> : std::integral_constant<std::size_t, 1> {};
} // namespace archive_detail

inline void save(archive_output& a, const std::filesystem::path& x) {
  a(x.string());
}
inline void load(archive_input& a, std::filesystem::path& x) {
  std::string text;
  a(text);
  x = text;
}
inline void save(archive_output& a, const double& x) {
  a(std::bit_cast<std::uint64_t>(x));
}
inline void load(archive_input& a, double& x) {
  std::uint64_t bits = 0;
  a(bits);
  x = std::bit_cast<double>(bits);
}
template <class T>
void save(archive_output& a, const std::shared_ptr<const T>& x) {
  a(static_cast<bool>(x));
  if (x)
    a(*x);
}
template <class T>
void load(archive_input& a, std::shared_ptr<const T>& x) {
  bool there = false;
  a(there);
  x.reset();
  if (there) {
    auto value = std::make_shared<T>();
    a(*value);
    x = std::move(value);
  }
}

} // namespace oaksteel
