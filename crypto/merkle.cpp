// RFC 6962, 2.1. "The hash of an n-element list D[n], n > 1: let k be the largest power of two smaller
// than n; MTH(D[n]) = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n]))". Built from below, level by level,
// that is: pair neighbours, and lift a last one without a neighbour as it is.

#include "crypto/merkle.hpp"

#include <botan/hash.h>

#include <bit>
#include <cstring>
#include <stdexcept>

namespace oaksteel {

namespace {

// Creating the object costs more than hashing a record with it.
Botan::HashFunction& hasher() {
  thread_local const auto hash = Botan::HashFunction::create_or_throw("SHA-256");
  return *hash;
}

/// All levels of the tree, leaves first, root last. Never called for no leaves.
std::vector<std::vector<digest>> levels_over(const std::vector<digest>& leaves) {
  std::vector<std::vector<digest>> levels{leaves};
  while (levels.back().size() > 1) {
    const auto& below = levels.back();
    std::vector<digest> above;
    above.reserve(below.size() / 2 + 1);
    for (std::size_t i = 0; i + 1 < below.size(); i += 2)
      above.push_back(node_hash(below[i], below[i + 1]));
    if (below.size() % 2 == 1)
      above.push_back(below.back());
    levels.push_back(std::move(above));
  }
  return levels;
}

std::vector<digest> path_through(const std::vector<std::vector<digest>>& levels, std::size_t index) {
  std::vector<digest> path;
  for (std::size_t level = 0; level + 1 < levels.size(); ++level, index /= 2)
    if (const auto sibling = index ^ 1; sibling < levels[level].size())
      path.push_back(levels[level][sibling]);
  return path;
}

} // namespace

digest leaf_hash(std::span<const std::uint8_t> entry) {
  digest d;
  auto& hash = hasher();
  hash.update(std::uint8_t{0x00});
  hash.update(entry.data(), entry.size());
  hash.final(d.value.data());
  return d;
}

digest node_hash(const digest& left, const digest& right) {
  // One update of one buffer: three small ones cost a third more.
  std::uint8_t node[1 + 32 + 32] = {0x01};
  std::memcpy(node + 1, left.value.data(), 32);
  std::memcpy(node + 33, right.value.data(), 32);
  digest d;
  auto& hash = hasher();
  hash.update(node, sizeof node);
  hash.final(d.value.data());
  return d;
}

digest sha256(std::span<const std::uint8_t> data) {
  digest d;
  auto& hash = hasher();
  hash.update(data.data(), data.size());
  hash.final(d.value.data());
  return d;
}

struct sha256_in_pieces::impl {
  std::unique_ptr<Botan::HashFunction> hash = Botan::HashFunction::create_or_throw("SHA-256");
};
sha256_in_pieces::sha256_in_pieces() : impl_(std::make_unique<impl>()) {}
sha256_in_pieces::sha256_in_pieces(sha256_in_pieces&&) noexcept = default;
sha256_in_pieces::~sha256_in_pieces() = default;
void sha256_in_pieces::add(std::span<const std::uint8_t> data) {
  impl_->hash->update(data.data(), data.size());
}
digest sha256_in_pieces::finish() {
  digest d;
  impl_->hash->final(d.value.data());
  return d;
}

std::optional<merkle_frontier> merkle_frontier::resume(std::uint64_t size, std::vector<digest> peaks) {
  // One complete subtree for each bit of the size.
  if (peaks.size() != static_cast<std::size_t>(std::popcount(size)))
    return std::nullopt;
  merkle_frontier tree;
  tree.size_ = size;
  if (size > 0) {
    tree.completed_from_ = static_cast<unsigned>(std::countr_zero(size));
    tree.completed_.push_back(peaks.back());
  }
  tree.peaks_ = std::move(peaks);
  return tree;
}

void merkle_frontier::add(const digest& leaf) {
  completed_.clear();
  completed_from_ = 0;
  completed_.push_back(leaf);
  // As in binary counting: each trailing one of the old size is a peak that now finds its neighbour.
  // Half of all leaves merge nothing, so the mean is one node hash.
  for (auto carry = size_; carry & 1; carry >>= 1) {
    completed_.push_back(node_hash(peaks_.back(), completed_.back()));
    peaks_.pop_back();
  }
  peaks_.push_back(completed_.back());
  ++size_;
}

digest merkle_frontier::root() const {
  if (peaks_.empty())
    return sha256({});
  digest root = peaks_.back();
  for (auto peak = peaks_.rbegin() + 1; peak != peaks_.rend(); ++peak)
    root = node_hash(*peak, root);
  return root;
}

std::optional<digest> merkle_frontier::complete_subtree(unsigned level) const {
  if (level < completed_from_ || level - completed_from_ >= completed_.size())
    return std::nullopt;
  return completed_[level - completed_from_];
}

digest merkle_root(const std::vector<digest>& leaves) {
  merkle_frontier tree;
  for (const auto& leaf : leaves)
    tree.add(leaf);
  return tree.root();
}

std::vector<digest> inclusion_path(const std::vector<digest>& leaves, std::size_t index) {
  if (index >= leaves.size())
    throw std::out_of_range("inclusion_path: no such leaf");
  return path_through(levels_over(leaves), index);
}

std::vector<std::vector<digest>> inclusion_paths(const std::vector<digest>& leaves) {
  std::vector<std::vector<digest>> paths;
  if (leaves.empty())
    return paths;
  const auto levels = levels_over(leaves);
  paths.reserve(leaves.size());
  for (std::size_t i = 0; i < leaves.size(); ++i)
    paths.push_back(path_through(levels, i));
  return paths;
}

std::optional<digest> root_from_path(const digest& leaf, std::uint64_t index, std::uint64_t size,
                                     const std::vector<digest>& path) {
  // RFC 9162, 2.1.3.2: `at` and `last` are the positions of the node and of the level's last node.
  if (index >= size)
    return std::nullopt;
  digest node = leaf;
  std::uint64_t at = index, last = size - 1;
  for (const auto& sibling : path) {
    if (last == 0)
      return std::nullopt;
    if ((at & 1) != 0 || at == last) {
      node = node_hash(sibling, node);
      // A last node without a neighbour was lifted to the level where it has one.
      while ((at & 1) == 0) {
        at >>= 1;
        last >>= 1;
      }
    } else {
      node = node_hash(node, sibling);
    }
    at >>= 1;
    last >>= 1;
  }
  if (last != 0)
    return std::nullopt;
  return node;
}

} // namespace oaksteel
