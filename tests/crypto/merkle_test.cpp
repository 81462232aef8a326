#include "crypto/merkle.hpp"

#include "tests/crypto/fixtures.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace oaksteel;
using namespace oaksteel::testing;

BOOST_AUTO_TEST_SUITE(merkle)
namespace {

// The entries of Certificate Transparency's own tests, and the roots over the first n of them.
const char* const entries[] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
const char* const roots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                             "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                             "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                             "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                             "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                             "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                             "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                             "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

std::vector<digest> numbered_leaves(std::size_t n) {
  std::vector<digest> leaves;
  for (std::size_t i = 0; i < n; ++i)
    leaves.push_back(leaf_hash(view(std::to_string(i))));
  return leaves;
}

std::vector<digest> part(const std::vector<digest>& all, std::size_t from, std::size_t to) {
  return {all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to)};
}

// RFC 6962, 2.1 and 2.1.1, word for word: from above, where merkle.cpp works from below.
digest root_by_definition(const std::vector<digest>& d) {
  if (d.empty())
    return sha256({});
  if (d.size() == 1)
    return d[0];
  const auto k = std::bit_floor(d.size() - 1);
  return node_hash(root_by_definition(part(d, 0, k)), root_by_definition(part(d, k, d.size())));
}
std::vector<digest> path_by_definition(std::size_t m, const std::vector<digest>& d) {
  if (d.size() == 1)
    return {};
  const auto k = std::bit_floor(d.size() - 1);
  auto path = m < k ? path_by_definition(m, part(d, 0, k)) : path_by_definition(m - k, part(d, k, d.size()));
  path.push_back(m < k ? root_by_definition(part(d, k, d.size())) : root_by_definition(part(d, 0, k)));
  return path;
}

} // namespace

BOOST_AUTO_TEST_CASE(roots_of_certificate_transparency) {
  merkle_frontier tree;
  std::vector<digest> leaves;
  BOOST_TEST(tree.root().hex() == roots[0]);
  for (std::size_t n = 0; n < std::size(entries); ++n) {
    leaves.push_back(leaf_hash(hex_bytes(entries[n])));
    tree.add(leaves.back());
    BOOST_TEST(tree.root().hex() == roots[n + 1]);
    BOOST_TEST(merkle_root(leaves).hex() == roots[n + 1]);
    BOOST_TEST(tree.size() == n + 1);
  }
}

BOOST_AUTO_TEST_CASE(roots_and_paths_are_those_of_the_definition) {
  for (std::size_t n = 0; n <= 70; ++n) {
    const auto leaves = numbered_leaves(n);
    const auto root = merkle_root(leaves);
    BOOST_REQUIRE(root == root_by_definition(leaves));
    const auto paths = inclusion_paths(leaves);
    BOOST_REQUIRE(paths.size() == n);
    for (std::size_t i = 0; i < n; ++i) {
      BOOST_REQUIRE(paths[i] == path_by_definition(i, leaves));
      BOOST_REQUIRE(inclusion_path(leaves, i) == paths[i]);
      const auto led_to = root_from_path(leaves[i], i, n, paths[i]);
      BOOST_REQUIRE((led_to && *led_to == root));
    }
  }
  BOOST_CHECK_THROW(inclusion_path(numbered_leaves(3), 3), std::out_of_range);
  BOOST_CHECK_THROW(inclusion_path({}, 0), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(a_path_leads_nowhere_else) {
  for (std::size_t n = 1; n <= 20; ++n) {
    const auto leaves = numbered_leaves(n);
    const auto root = merkle_root(leaves);
    for (std::size_t i = 0; i < n; ++i) {
      auto path = inclusion_path(leaves, i);
      for (std::size_t other = 0; other < n; ++other)
        if (const auto led_to = root_from_path(leaves[i], other, n, path); other != i)
          BOOST_CHECK(!led_to || *led_to != root);
      BOOST_CHECK(!root_from_path(leaves[i], n, n, path));
      BOOST_CHECK(!root_from_path(leaves[i], i, 0, path));
      path.push_back(root);
      BOOST_CHECK(!root_from_path(leaves[i], i, n, path));
      path.pop_back();
      if (!path.empty()) {
        path.pop_back();
        BOOST_CHECK(!root_from_path(leaves[i], i, n, path));
      }
    }
  }
  // The largest sizes end too.
  BOOST_CHECK(!root_from_path({}, ~std::uint64_t{0} - 1, ~std::uint64_t{0}, numbered_leaves(3)));
}

BOOST_AUTO_TEST_CASE(an_entry_is_not_taken_for_a_node) {
  const auto leaves = numbered_leaves(2);
  bytes node{leaves[0].value.begin(), leaves[0].value.end()};
  node.insert(node.end(), leaves[1].value.begin(), leaves[1].value.end());
  BOOST_CHECK(leaf_hash(node) != node_hash(leaves[0], leaves[1]));
  BOOST_TEST(leaf_hash({}).hex() == roots[1]);
  BOOST_TEST(sha256(view("abc")).hex() ==
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); // FIPS 180
}

BOOST_AUTO_TEST_CASE(a_frontier_resumes_at_any_size) {
  const std::uint64_t seed = 20260302;
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937_64 random{seed};
  const auto leaves = numbered_leaves(600);
  merkle_frontier tree;
  for (std::size_t n = 0; n < leaves.size(); ++n) {
    if (random() % 4 == 0) {
      auto resumed = merkle_frontier::resume(tree.size(), tree.peaks());
      BOOST_REQUIRE(resumed);
      BOOST_REQUIRE(resumed->root() == tree.root());
      tree = *resumed;
    }
    tree.add(leaves[n]);
  }
  BOOST_CHECK(tree.root() == merkle_root(leaves));
  BOOST_CHECK(!merkle_frontier::resume(5, tree.peaks()));
  BOOST_CHECK(!merkle_frontier::resume(0, tree.peaks()));
  BOOST_CHECK(merkle_frontier::resume(0, {}));
}

BOOST_AUTO_TEST_CASE(complete_subtrees_are_there_when_they_are_complete) {
  const auto leaves = numbered_leaves(1'024);
  merkle_frontier tree;
  BOOST_CHECK(!tree.complete_subtree(0));
  for (std::size_t n = 1; n <= leaves.size(); ++n) {
    tree.add(leaves[n - 1]);
    for (unsigned level = 0; level <= 11; ++level) {
      const auto width = std::size_t{1} << level;
      const auto subtree = tree.complete_subtree(level);
      BOOST_REQUIRE(subtree.has_value() == (n % width == 0));
      if (subtree && width >= 128)
        BOOST_REQUIRE(*subtree == merkle_root(part(leaves, n - width, n)));
    }
    BOOST_REQUIRE(!tree.complete_subtree(64));
  }
  auto resumed = merkle_frontier::resume(tree.size(), tree.peaks());
  BOOST_REQUIRE(resumed);
  BOOST_CHECK(resumed->complete_subtree(10) == tree.complete_subtree(10));
  BOOST_CHECK(!resumed->complete_subtree(8));
}

BOOST_AUTO_TEST_SUITE_END()
