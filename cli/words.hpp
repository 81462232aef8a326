#pragma once
// What happened, in a sentence for people.

#include "events/event.hpp"

#include <string>

namespace oaksteel {

/// One line without a full stop. Text out of the log is in it as it is: printable() before a terminal sees it.
std::string in_words(const any_event& e);

/// `domain VE, box O00000001, key VE/1`; `nobody` when there are none.
std::string in_words(const std::vector<participant>& who);

/// `no box`, `1 box`, `2 boxes`; with an `s` where no plural is given.
std::string counted(std::size_t n, const std::string& one, const std::string& many = {});

/// 4180 good, 80 bad_token.
std::string verdicts_in_words(const tokens_verified& e);

} // namespace oaksteel
