#pragma once
// The pages of an LMDB data file, checked as its writer will use them. A reader goes by keys and pointers and may find
// every record in a file whose pages would lead a writer out of bounds: by the free space that a page says it has, by
// pages that are free and in use, by a count of overflow pages. For storage/ only.

#include "storage/environment.hpp"

namespace oaksteel {

/// The meta page that a transaction began at; nothing when a writer has written over it since.
std::optional<meta_page> meta_of(const environment& env, const lmdb_transaction& txn);

/// What is wrong with a page that this snapshot uses, or with its list of free pages; nothing when all are sound. Goes
/// through the whole file; the transaction that gave `meta` must go on, or a writer changes the pages.
std::optional<std::string> damaged_page(const environment& env, const meta_page& meta);

} // namespace oaksteel
