#pragma once
// Random values of whatever messages hold, for round trips.

#include "actors/link/message_fields.hpp"

#include <bit>
#include <random>

namespace oaksteel {

/// Gives every member a value that its type can have; containers have up to three elements.
class random_values {
public:
  explicit random_values(std::uint64_t seed) : random_(seed) {}

  template <described T>
  void fill(T& x) {
    for_each_field(x, [this](auto& field) { fill(field); });
  }
  template <class T>
  requires std::is_integral_v<T>
  void fill(T& x) { x = static_cast<T>(random_()); }
  void fill(bool& x) { x = random_() % 2 == 1; }
  void fill(double& x) { x = static_cast<double>(random_() % 10'000) / 8; }
  template <class E>
  requires std::is_enum_v<E>
  void fill(E& x) {
    do
      x = static_cast<E>(random_());
    while (!valid(x));
  }
  void fill(std::string& x) {
    x.resize(random_() % 20);
    for (auto& c : x)
      c = static_cast<char>(random_());
  }
  void fill(std::filesystem::path& x) { x = "media/" + std::to_string(random_()); }
  template <std::size_t N>
  void fill(std::array<std::uint8_t, N>& x) {
    for (auto& b : x)
      fill(b);
  }
  template <class T>
  void fill(std::optional<T>& x) {
    x.reset();
    if (random_() % 2 == 1)
      fill(x.emplace());
  }
  template <class T>
  void fill(std::shared_ptr<const T>& x) {
    auto made = std::make_shared<T>();
    fill(*made);
    x = made;
  }
  template <class T>
  void fill(std::vector<T>& x) {
    x.resize(random_() % 4);
    for (auto& element : x)
      fill(element);
  }
  template <class K, class V>
  void fill(std::map<K, V>& x) {
    for (auto n = random_() % 4; n > 0; --n) {
      std::pair<K, V> entry;
      fill(entry.first);
      fill(entry.second);
      x.insert(std::move(entry));
    }
  }
  template <class T>
  void fill(std::set<T>& x) {
    for (auto n = random_() % 4; n > 0; --n) {
      T element{};
      fill(element);
      x.insert(std::move(element));
    }
  }

private:
  std::mt19937_64 random_;
};

} // namespace oaksteel
