#pragma once
// A search of the process's own memory, as an intruder with a core dump would make it.

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <fstream>
#include <map>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace oaksteel::testing {

/// Names of secrets, and how often a piece of each lies in memory.
using memory_hits = std::map<std::string, std::size_t>;

/// Remembers what to look for only under a mask, so that it does not find itself. Half a secret is a hit.
class memory_image {
public:
  /// Looks for either 16 bytes at the ends of a secret: in order, backwards (the limbs of a big number) and with the
  /// bytes of each word turned round (a key schedule).
  void look_for(const std::string& what, std::span<const std::uint8_t> secret) {
    BOOST_REQUIRE_GE(secret.size(), piece_bytes);
    for (const std::size_t from : {std::size_t{0}, secret.size() - piece_bytes}) {
      const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(secret[from + i] ^ mask); };
      piece plain, backwards, words;
      for (std::size_t i = 0; i < piece_bytes; ++i) {
        plain[i] = at(i);
        backwards[i] = at(piece_bytes - 1 - i);
        words[i] = at(i ^ 3);
      }
      for (const auto& form : {plain, backwards, words}) {
        wanted_[prefix(form[0], form[1])].push_back({form, what});
        begins_.set(prefix(form[0], form[1]));
      }
    }
    names_.push_back(what);
  }

  /// Every mapping of less than 64 GiB that can be read and written, through /proc/self/mem. The window that memory is
  /// read into is the one thing that is passed over; it is overwritten at the end.
  memory_hits search() const {
    memory_hits hits;
    for (const auto& name : names_)
      hits[name] = 0;
    const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    BOOST_REQUIRE_GE(memory, 0);
    auto* window = static_cast<std::uint8_t*>(
      mmap(nullptr, window_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    BOOST_REQUIRE(window != MAP_FAILED);
    const auto own = reinterpret_cast<std::uintptr_t>(window);
    for (auto [from, to] : mappings()) {
      // The kernel joins neighbours, so the window may lie inside a mapping.
      if (from < own + window_bytes && own < to) {
        search(memory, from, own, window, hits);
        from = own + window_bytes;
      }
      search(memory, from, to, window, hits);
    }
    std::fill_n(static_cast<volatile std::uint8_t*>(window), window_bytes, 0);
    munmap(window, window_bytes);
    ::close(memory);
    return hits;
  }

private:
  static constexpr std::size_t piece_bytes = 16;
  static constexpr std::size_t window_bytes = std::size_t{1} << 20;
  static constexpr std::uint8_t mask = 0xa5;
  using piece = std::array<std::uint8_t, piece_bytes>;
  struct named_piece {
    piece masked;
    std::string what;
  };

  static std::size_t prefix(std::uint8_t first, std::uint8_t second) { return std::size_t{first} << 8 | second; }

  static std::vector<std::pair<std::uintptr_t, std::uintptr_t>> mappings() {
    std::vector<std::pair<std::uintptr_t, std::uintptr_t>> all;
    std::ifstream maps{"/proc/self/maps"};
    for (std::string line; std::getline(maps, line);) {
      std::istringstream fields{line};
      std::uintptr_t from = 0, to = 0;
      char dash = 0;
      std::string rights;
      fields >> std::hex >> from >> dash >> to >> rights;
      // A sanitizer's shadow is larger than any memory of the program's, and holds none of its bytes.
      if (rights.starts_with("rw") && to - from < std::uintptr_t{1} << 36)
        all.emplace_back(from, to);
    }
    BOOST_REQUIRE(!all.empty());
    return all;
  }

  void search(int memory, std::uintptr_t from, std::uintptr_t to, std::uint8_t* window, memory_hits& hits) const {
    while (from + piece_bytes <= to) {
      const auto wanted = std::min<std::size_t>(to - from, window_bytes);
      const auto got = pread(memory, window, wanted, static_cast<off_t>(from));
      if (got < static_cast<ssize_t>(piece_bytes))
        return; // a guard page, or memory that was given back meanwhile
      const auto last = static_cast<std::size_t>(got) - piece_bytes;
      for (std::size_t i = 0; i <= last; ++i) {
        const auto key = prefix(window[i] ^ mask, window[i + 1] ^ mask);
        if (!begins_.test(key))
          continue;
        for (const auto& [masked, what] : wanted_.at(key))
          if (std::equal(masked.begin(), masked.end(), window + i,
                         [](std::uint8_t m, std::uint8_t b) { return m == (b ^ mask); }))
            ++hits[what];
      }
      from += last + 1;
    }
  }

  std::map<std::size_t, std::vector<named_piece>> wanted_;
  std::bitset<65536> begins_;
  std::vector<std::string> names_;
};

} // namespace oaksteel::testing
