#pragma once
// The one type that holds a raw secret. It moves, it does not copy, it cannot be printed or
// serialised, and its memory is wiped. `grep -rn 'reveal('` shows every place that opens one.

#include <botan/secmem.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace oaksteel {

/// Memory that is wiped when it goes.
using wiped_bytes = Botan::secure_vector<std::uint8_t>;

class secret {
public:
  secret() = default;
  explicit secret(Botan::secure_vector<std::uint8_t> content) : bytes_(std::move(content)) {}
  /// Copies from memory that the caller wipes.
  explicit secret(std::span<const std::uint8_t> content) : bytes_(content.begin(), content.end()) {}
  secret(secret&&) noexcept = default;
  secret& operator=(secret&&) noexcept = default;
  secret(const secret&) = delete;
  secret& operator=(const secret&) = delete;

  std::size_t size() const noexcept { return bytes_.size(); }
  bool empty() const noexcept { return bytes_.empty(); }

private:
  friend const Botan::secure_vector<std::uint8_t>& reveal(const secret& s);
  Botan::secure_vector<std::uint8_t> bytes_;
};

/// Opens a secret. The reference lives as long as the secret does.
inline const Botan::secure_vector<std::uint8_t>& reveal(const secret& s) {
  return s.bytes_;
}

/// How a secret passes between actors of one process: as a handle that says nothing.
using secret_handle = std::shared_ptr<const secret>;

} // namespace oaksteel
