#pragma once
// RFC 6962, 2.1: the Merkle tree over a list of entries, with SHA-256.

#include "events/ids.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace oaksteel {

/// H(0x00 || entry).
digest leaf_hash(std::span<const std::uint8_t> entry);
/// H(0x01 || left || right).
digest node_hash(const digest& left, const digest& right);
/// SHA-256 of plain bytes.
digest sha256(std::span<const std::uint8_t> data);

/// The same of bytes that come in pieces.
class sha256_in_pieces {
public:
  sha256_in_pieces();
  sha256_in_pieces(sha256_in_pieces&&) noexcept;
  ~sha256_in_pieces();
  void add(std::span<const std::uint8_t> data);
  /// Of all that was added; it begins anew.
  digest finish();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Grows a tree leaf by leaf, holding only the roots of its complete subtrees (at most 64).
class merkle_frontier {
public:
  merkle_frontier() = default;
  /// Continues at `size` leaves from what peaks() gave then. Nothing when the count does not fit.
  static std::optional<merkle_frontier> resume(std::uint64_t size, std::vector<digest> peaks);

  void add(const digest& leaf);
  std::uint64_t size() const { return size_; }
  /// Roots of the complete subtrees, largest (leftmost) first.
  const std::vector<digest>& peaks() const { return peaks_; }
  /// The root over all leaves; of none, SHA-256 of nothing.
  digest root() const;
  /// The root of the complete subtree over the last 2^level leaves, when size() is a multiple of that.
  /// Just after resume() only the smallest peak is known: nothing for lower levels until the next add().
  std::optional<digest> complete_subtree(unsigned level) const;

private:
  std::uint64_t size_ = 0;
  std::vector<digest> peaks_;
  /// Roots of the complete subtrees that end in the last leaf, from level `completed_from_` upwards.
  std::vector<digest> completed_;
  unsigned completed_from_ = 0;
};

/// Root over `leaves` (leaf hashes).
digest merkle_root(const std::vector<digest>& leaves);
/// RFC 6962, 2.1.1: the audit path of leaf `index`, nearest sibling first.
std::vector<digest> inclusion_path(const std::vector<digest>& leaves, std::size_t index);
/// All paths of a batch at once, each as inclusion_path gives it.
std::vector<std::vector<digest>> inclusion_paths(const std::vector<digest>& leaves);
/// The root that leaf `index` of `size` leads to along `path`; nothing when the path's length is wrong.
std::optional<digest> root_from_path(const digest& leaf, std::uint64_t index, std::uint64_t size,
                                     const std::vector<digest>& path);

} // namespace oaksteel
