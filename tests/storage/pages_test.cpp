// Every page that a writer would use is looked at. What is in use LMDB itself says (mdb_stat, and the rows that a
// cursor finds); what a page must be is from mdb.c's description of its file.

#include "storage/pages.hpp"

#include "tests/storage/sample_log.hpp"

#include <fcntl.h>

namespace oaksteel { // for `log`, which the C library has too

using namespace testing;

BOOST_AUTO_TEST_SUITE(pages)
namespace {

constexpr std::uint64_t page_size = 4096;
constexpr std::size_t flags_at = 10, lower_at = 12, upper_at = 14, count_at = 12, first_row_at = 16;
constexpr std::size_t in_page_at_most = 2038; ///< LMDB puts greater rows into pages of their own

/// What LMDB says of the file.
struct truth {
  std::uint64_t tree_pages = 0, overflow_values = 0;
  page_tree names;
  std::vector<std::uint64_t> free; ///< one list, the greatest first
};

/// A log with trees of two levels, values in overflow pages and free pages.
class paged_log {
public:
  paged_log() {
    {
      auto l = log::create(dir_ / "log", first_record(), bytes(10, 1));
      BOOST_REQUIRE(l);
      writer w{*l};
      for (int i = 0; i < 40; ++i)
        BOOST_REQUIRE(w.commit(20, i % 4 == 0 ? 9000 : 200));
    }
    file_ = open_file{::open((dir_ / "log" / "data.mdb").c_str(), O_RDWR | O_CLOEXEC)};
    BOOST_REQUIRE(bool(file_));
    auto env = environment::open(dir_ / "log", access::read);
    BOOST_REQUIRE(env);
    env_ = std::move(*env);
    BOOST_REQUIRE(txn_.begin(env_->raw(), MDB_RDONLY) == 0);
    meta_ = meta_of(*env_, txn_);
    BOOST_REQUIRE(meta_);
  }

  std::optional<std::string> damage() const { return damaged_page(*env_, *meta_); }

  truth told() const {
    truth t{0, 0, meta_->names, {}};
    for (MDB_dbi table : {MDB_dbi{0}, MDB_dbi{1}, env_->events, env_->streams, env_->merkle, env_->lookups, env_->sealed,
                          env_->meta}) {
      MDB_stat stat{};
      BOOST_REQUIRE(mdb_stat(txn_.raw(), table, &stat) == 0);
      t.tree_pages += stat.ms_branch_pages + stat.ms_leaf_pages;
      cursor rows;
      MDB_val key, value;
      BOOST_REQUIRE(rows.open(txn_, table) == 0);
      while (rows.move(key, value, MDB_NEXT) == 0) {
        t.overflow_values += 8 + key.mv_size + value.mv_size > in_page_at_most;
        if (table == 0 && t.free.empty())
          for (std::uint64_t i = 1; i <= number_at<std::uint64_t>(as_span(value), 0); ++i)
            t.free.push_back(number_at<std::uint64_t>(as_span(value), 8 * i));
      }
    }
    return t;
  }

  std::uint64_t pages() const { return std::filesystem::file_size(dir_ / "log" / "data.mdb") / page_size; }

  template <class T>
  T at(std::uint64_t page, std::size_t offset) const {
    T n{};
    BOOST_REQUIRE(pread(file_.fd(), &n, sizeof n, place(page, offset)) == sizeof n);
    return n;
  }

  /// The damage that a number makes when it is added there, and put right again.
  template <class T>
  std::optional<std::string> with(std::uint64_t page, std::size_t offset, T added) const {
    const auto before = at<T>(page, offset);
    put(page, offset, static_cast<T>(before + added));
    auto result = damage();
    put(page, offset, before);
    return result;
  }

  template <class T>
  void put(std::uint64_t page, std::size_t offset, T n) const {
    BOOST_REQUIRE(pwrite(file_.fd(), &n, sizeof n, place(page, offset)) == sizeof n);
  }

private:
  static off_t place(std::uint64_t page, std::size_t offset) { return static_cast<off_t>(page * page_size + offset); }

  temporary_directory dir_;
  open_file file_;
  std::unique_ptr<environment> env_; ///< opened while the file was sound
  lmdb_transaction txn_;
  std::optional<meta_page> meta_;
};

/// In how many pages with one of these flags the change is found.
template <class T>
std::uint64_t noticed(const paged_log& log, std::initializer_list<std::uint16_t> flags, std::size_t offset, T added) {
  std::uint64_t result = 0;
  for (std::uint64_t page = 2; page < log.pages(); ++page)
    if (std::ranges::find(flags, log.at<std::uint16_t>(page, flags_at)) != flags.end())
      result += log.with<T>(page, offset, added).has_value();
  return result;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_page_in_use_is_looked_at) {
  const paged_log log;
  const auto sound = log.damage();
  BOOST_TEST(!sound, sound.value_or(""));
  const auto truth = log.told();
  BOOST_TEST_REQUIRE(truth.tree_pages > 20u);
  BOOST_TEST_REQUIRE(truth.overflow_values >= 200u);
  constexpr std::uint16_t branch = 1, leaf = 2, overflow = 4;
  BOOST_TEST(noticed<std::uint64_t>(log, {branch, leaf}, 0, 1) == truth.tree_pages);
  BOOST_TEST(noticed<std::uint16_t>(log, {branch, leaf}, flags_at, 2) == truth.tree_pages);
  BOOST_TEST(noticed<std::uint16_t>(log, {branch, leaf}, lower_at, 2) == truth.tree_pages);
  BOOST_TEST(noticed<std::uint16_t>(log, {branch, leaf}, lower_at, 0x8000) == truth.tree_pages);
  BOOST_TEST(noticed<std::uint16_t>(log, {branch, leaf}, upper_at, 2) == truth.tree_pages);
  BOOST_TEST(noticed<std::uint16_t>(log, {branch, leaf}, upper_at, 0x4000) == truth.tree_pages);
  BOOST_TEST(noticed<std::uint16_t>(log, {branch, leaf}, first_row_at, 0x2000) == truth.tree_pages);
  BOOST_TEST(noticed<std::uint32_t>(log, {overflow}, count_at, 1) == truth.overflow_values);
  BOOST_TEST(noticed<std::uint32_t>(log, {overflow}, count_at, 0x1000000) == truth.overflow_values);
  BOOST_TEST(noticed<std::uint64_t>(log, {overflow}, 0, 1) == truth.overflow_values);
}

BOOST_AUTO_TEST_CASE(a_tree_that_is_described_wrongly_is_found) {
  const paged_log log;
  const auto root = log.told().names.root;
  const auto row = log.at<std::uint16_t>(root, first_row_at);
  const auto description = row + 8u + log.at<std::uint16_t>(root, row + 6u); // the first table's, behind its name
  for (std::size_t offset : {4, 6, 8, 16, 24, 32, 40}) // flags, depth, pages of three kinds, rows, root
    BOOST_TEST(log.with<std::uint16_t>(root, description + offset, 4).has_value(), "at " << offset);
  BOOST_TEST(log.with<std::uint16_t>(root, row + 4u, 2).has_value()); // no table, as its row says
}

BOOST_AUTO_TEST_CASE(an_empty_tree_has_nothing) {
  const paged_log log;
  const auto root = log.told().names.root;
  constexpr std::size_t sealed = 4; // after events, lookups, merkle, meta
  const auto row = log.at<std::uint16_t>(root, first_row_at + 2 * sealed);
  const auto description = row + 8u + log.at<std::uint16_t>(root, row + 6u);
  BOOST_TEST_REQUIRE(log.at<std::uint64_t>(root, description + 40) == no_page);
  for (std::size_t offset : {6, 8, 16, 24, 32})
    BOOST_TEST(log.with<std::uint16_t>(root, description + offset, 1).has_value(), "at " << offset);
}

BOOST_AUTO_TEST_CASE(keys_that_do_not_ascend_are_found) {
  const paged_log log;
  const auto root = log.told().names.root;
  const auto first = log.at<std::uint16_t>(root, first_row_at), second = log.at<std::uint16_t>(root, first_row_at + 2);
  log.put(root, first_row_at, second);
  log.put(root, first_row_at + 2, first);
  const auto damage = log.damage();
  BOOST_REQUIRE(damage);
  BOOST_TEST(damage->find("do not ascend") != std::string::npos, *damage);
}

BOOST_AUTO_TEST_CASE(a_page_that_is_free_and_in_use_is_found) {
  const paged_log log;
  const auto truth = log.told();
  BOOST_REQUIRE(!truth.free.empty());
  // Where it keeps the list in order.
  auto next = std::ranges::find_if(truth.free, [&](auto page) { return page < truth.names.root; });
  if (next == truth.free.end())
    --next;
  // The list as it lies in the file, wherever LMDB has left a copy of it.
  unsigned places = 0;
  for (std::uint64_t page = 2; page < log.pages(); ++page)
    for (std::size_t at = 16; at + 8 * (truth.free.size() + 1) <= page_size; at += 2) {
      bool all = log.at<std::uint64_t>(page, at) == truth.free.size();
      for (std::size_t i = 0; all && i < truth.free.size(); ++i)
        all = log.at<std::uint64_t>(page, at + 8 * (i + 1)) == truth.free[i];
      if (!all)
        continue;
      ++places;
      log.put(page, at + 8 * static_cast<std::size_t>(1 + (next - truth.free.begin())), truth.names.root);
    }
  BOOST_REQUIRE(places > 0);
  const auto damage = log.damage();
  BOOST_REQUIRE(damage);
  BOOST_TEST(damage->find("used twice") != std::string::npos, *damage);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel
