#pragma once
// Refusals as CAF errors.

#include "events/refusal.hpp"

#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <caf/message.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>
#include <string>

namespace oaksteel {

inline constexpr caf::atom_value refusal_category = caf::atom("oaksteel");

/// Found by CAF through argument-dependent look-up. `told` is for whoever asked and in no record: where a medium lies,
/// what the operating system said of it.
inline caf::error make_error(refusal r, std::string told = {}) {
  return {static_cast<std::uint8_t>(r), refusal_category, caf::make_message(std::move(told))};
}

/// The refusal in an error; CAF's own errors (time-outs, actors that ended) are `no_answer`.
inline refusal refusal_in(const caf::error& e) {
  auto r = static_cast<refusal>(e.code());
  return e.category() == refusal_category && valid(r) ? r : refusal::no_answer;
}

/// What make_error() was told beside the refusal.
inline std::string told_in(const caf::error& e) {
  return e.category() == refusal_category && e.context().match_elements<std::string>()
           ? e.context().get_as<std::string>(0)
           : std::string{};
}

/// Answers a promise with the error; for command_info.
template <class T>
std::function<void(const caf::error&)> fails(caf::typed_response_promise<T> rp) {
  return [rp](const caf::error& e) mutable { rp.deliver(e); };
}

} // namespace oaksteel
