#include "storage/pages.hpp"

#include <cstring>

#include <sys/mman.h>
#include <unistd.h>

namespace oaksteel {

namespace {

using page_number = std::uint64_t;
using view = std::span<const std::uint8_t>;

constexpr std::size_t node_header = 8, entry_size = 2;
constexpr page_number first_pages = 2;                      ///< the meta pages
constexpr std::uint16_t branch = 1, leaf = 2, overflow = 4; // MDB_page::mp_flags
constexpr std::uint16_t in_overflow = 1, holds_table = 2;   // MDB_node::mn_flags
constexpr unsigned deepest = 32;                            // CURSOR_STACK

/// Ends the check.
struct found {
  std::string what;
};
[[noreturn]] void damaged(page_number page, std::string_view why) {
  throw found{"page " + std::to_string(page) + " of data.mdb is damaged: " + std::string{why}};
}

enum class tree_kind { free_pages, names, table };

struct node {
  std::uint16_t flags = 0;
  std::uint64_t number = 0; ///< of a branch's node: the page below
  view key, data;           ///< `data` as it lies in the page: the first overflow page's number with in_overflow
  std::uint32_t size = 0;   ///< of the value
};

/// The file as it is mapped, and for each page whether something uses it.
class pages_in_use {
public:
  pages_in_use(view file, std::size_t page_size, std::uint64_t transaction)
    : file_(file), page_size_(page_size), transaction_(transaction), used_(file.size() / page_size) {}

  void check(const page_tree& free, const page_tree& names) {
    const page_number meta = transaction_ % first_pages; // LMDB writes the two in turn
    check_tree(free, tree_kind::free_pages, meta);
    check_tree(names, tree_kind::names, meta);
    // Last: only now every page in use is known.
    for (auto page : free_)
      take(page, 1);
  }

private:
  view page(page_number number) const { return file_.subspan(number * page_size_, page_size_); }

  void take(page_number first, std::uint64_t count) {
    if (first < first_pages || first >= used_.size() || count > used_.size() - first)
      damaged(first, "it is pointed to and lies outside the file");
    for (auto p = first; p < first + count; ++p) {
      if (used_[p])
        damaged(p, "it is used twice");
      used_[p] = true;
    }
  }

  /// `described_on`: the page that says where the tree begins.
  void check_tree(const page_tree& t, tree_kind kind, page_number described_on) {
    walk w{t, kind};
    const bool empty = t.root == no_page;
    if (empty != (t.depth == 0) || t.depth > deepest || (kind != tree_kind::free_pages && t.flags != 0))
      damaged(described_on, "it describes a tree wrongly");
    if (!empty)
      check_page(w, t.root, 1);
    if (w.branches != t.branches || w.leaves != t.leaves || w.overflows != t.overflows || w.entries != t.entries)
      damaged(described_on, "it describes a tree with other pages and rows than it has");
  }

  struct walk {
    const page_tree& of;
    tree_kind kind;
    std::uint64_t branches = 0, leaves = 0, overflows = 0, entries = 0;
    view last = {};       ///< the key before, in the order of the tree
    bool begun = false;
    bool separator = false; ///< `last` stands in a branch: the row after it may have the same key
  };

  void check_page(walk& w, page_number number, unsigned depth) {
    take(number, 1);
    const auto data = page(number);
    const bool inner = depth < w.of.depth;
    if (number_at<page_number>(data, 0) != number || number_at<std::uint16_t>(data, 10) != (inner ? branch : leaf))
      damaged(number, "its head is not that of such a page");
    ++(inner ? w.branches : w.leaves);
    const std::size_t lower = number_at<std::uint16_t>(data, 12), upper = number_at<std::uint16_t>(data, 14);
    if (lower < page_header + entry_size || lower % entry_size != 0 || lower > upper || upper > page_size_)
      damaged(number, "its free space is impossible");
    const auto count = (lower - page_header) / entry_size;
    if (inner && count < 2 && w.kind != tree_kind::free_pages)
      damaged(number, "it leads nowhere");
    std::size_t filled = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto n = node_at(number, data, number_at<std::uint16_t>(data, page_header + i * entry_size), upper, inner);
      filled += (node_header + n.key.size() + n.data.size() + 1) & ~std::size_t{1};
      if (!inner || i > 0)
        check_order(w, number, n.key, inner);
      if (inner)
        check_page(w, n.number, depth + 1);
      else
        check_row(w, number, n);
    }
    if (filled != page_size_ - upper)
      damaged(number, "its rows overlap");
  }

  /// MDB_node: u16 low, high, flags, length of the key; then the key and, in a leaf, the value or where it is.
  node node_at(page_number number, view data, std::size_t at, std::size_t upper, bool inner) const {
    if (at < upper || at + node_header > page_size_)
      damaged(number, "a row lies outside of it");
    const auto low = number_at<std::uint16_t>(data, at), high = number_at<std::uint16_t>(data, at + 2);
    node n;
    n.flags = number_at<std::uint16_t>(data, at + 4);
    n.size = low | std::uint32_t{high} << 16;
    n.number = n.size | std::uint64_t{n.flags} << 32;
    const std::size_t key = number_at<std::uint16_t>(data, at + 6);
    const std::size_t value = inner ? 0 : n.flags & in_overflow ? sizeof(page_number) : n.size;
    const auto room = page_size_ - at - node_header;
    if (key > room || value > room - key)
      damaged(number, "a row lies outside of it");
    n.key = data.subspan(at + node_header, key);
    n.data = data.subspan(at + node_header + key, value);
    return n;
  }

  void check_order(walk& w, page_number number, view key, bool inner) const {
    if (key.empty() || (w.kind == tree_kind::free_pages && key.size() != sizeof(std::uint64_t)))
      damaged(number, "a key has not the length of one");
    if (std::exchange(w.begun, true)) {
      const auto order = compare(w, w.last, key);
      if (order > 0 || (order == 0 && !w.separator))
        damaged(number, "its keys do not ascend");
    }
    w.last = key;
    w.separator = inner;
  }

  static int compare(const walk& w, view a, view b) {
    if (w.kind == tree_kind::free_pages) {
      const auto x = number_at<std::uint64_t>(a, 0), y = number_at<std::uint64_t>(b, 0);
      return x < y ? -1 : x > y;
    }
    const auto order = std::memcmp(a.data(), b.data(), std::min(a.size(), b.size()));
    return order != 0 ? order : a.size() < b.size() ? -1 : a.size() > b.size();
  }

  void check_row(walk& w, page_number number, const node& n) {
    ++w.entries;
    const auto value = n.flags & in_overflow ? overflow_value(w, number, n) : n.data;
    const auto more_flags = n.flags & ~(w.kind == tree_kind::names ? holds_table : in_overflow);
    if (more_flags != 0)
      damaged(number, "a row is of no kind that the log has");
    if (w.kind == tree_kind::free_pages)
      check_free(number, n.key, value);
    if (w.kind != tree_kind::names)
      return;
    if (!(n.flags & holds_table) || value.size() != table_size)
      damaged(number, "a table is described wrongly");
    check_tree(page_tree{value}, tree_kind::table, number);
  }

  view overflow_value(walk& w, page_number number, const node& n) {
    const auto first = number_at<page_number>(n.data, 0);
    const auto needed = (page_header - 1 + n.size) / page_size_ + 1;
    take(first, needed);
    const auto head = page(first);
    const std::uint64_t count = number_at<std::uint32_t>(head, 12);
    if (number_at<page_number>(head, 0) != first || number_at<std::uint16_t>(head, 10) != overflow || count < needed)
      damaged(first, "it does not hold the value that page " + std::to_string(number) + " points to");
    if (count > needed) // LMDB leaves a shorter value on the pages of the longer one before it
      take(first + needed, count - needed);
    w.overflows += count;
    return file_.subspan(first * page_size_ + page_header, n.size);
  }

  /// A transaction's number leads to a count and so many page numbers, the greatest first.
  void check_free(page_number number, view key, view value) {
    const auto count = value.size() < 8 ? 0 : number_at<std::uint64_t>(value, 0);
    if (value.size() < 8 || count > value.size() / 8 - 1 || number_at<std::uint64_t>(key, 0) > transaction_)
      damaged(number, "its list of free pages is impossible");
    auto before = no_page;
    for (std::uint64_t i = 1; i <= count; ++i) {
      const auto page = number_at<page_number>(value, i * 8);
      if (page >= before)
        damaged(number, "its list of free pages does not descend");
      free_.push_back(before = page);
    }
  }

  view file_;
  std::size_t page_size_;
  std::uint64_t transaction_;
  std::vector<bool> used_;
  std::vector<page_number> free_;
};

/// The data file's pages, mapped to be read.
class mapping {
public:
  mapping(int fd, std::size_t size) : at_(mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0)), size_(size) {}
  mapping(const mapping&) = delete;
  mapping& operator=(const mapping&) = delete;
  ~mapping() {
    if (at_ != MAP_FAILED)
      munmap(at_, size_);
  }

  view bytes() const { return at_ == MAP_FAILED ? view{} : view{static_cast<const std::uint8_t*>(at_), size_}; }

private:
  void* at_;
  std::size_t size_;
};

} // namespace

std::optional<meta_page> meta_of(const environment& env, const lmdb_transaction& txn) {
  int fd = -1;
  MDB_stat stat{};
  if (mdb_env_get_fd(env.raw(), &fd) != 0 || mdb_env_stat(env.raw(), &stat) != 0)
    return std::nullopt;
  for (std::uint64_t page = 0; page < first_pages; ++page)
    if (auto meta = read_meta(fd, page * stat.ms_psize); meta && meta->transaction == mdb_txn_id(txn.raw()))
      return meta;
  return std::nullopt;
}

std::optional<std::string> damaged_page(const environment& env, const meta_page& meta) {
  const auto page_size = meta.free_pages.page_size;
  int fd = -1;
  mdb_env_get_fd(env.raw(), &fd);
  const mapping file{fd, (meta.last_page + 1) * page_size};
  if (file.bytes().empty())
    return "data.mdb cannot be mapped";
  try {
    pages_in_use{file.bytes(), page_size, meta.transaction}.check(meta.free_pages, meta.names);
  } catch (found& f) {
    return std::move(f.what);
  }
  return std::nullopt;
}

} // namespace oaksteel
