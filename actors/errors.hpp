#pragma once
// Refusals as CAF errors.

#include "events/refusal.hpp"

#include <caf/atom.hpp>
#include <caf/error.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>

namespace oaksteel {

inline constexpr caf::atom_value refusal_category = caf::atom("oaksteel");

/// Found by CAF through argument-dependent look-up.
inline caf::error make_error(refusal r) {
  return {static_cast<std::uint8_t>(r), refusal_category};
}

/// The refusal in an error; CAF's own errors (time-outs, actors that ended) are `no_answer`.
inline refusal refusal_in(const caf::error& e) {
  auto r = static_cast<refusal>(e.code());
  return e.category() == refusal_category && valid(r) ? r : refusal::no_answer;
}

/// Answers a promise with the error; for command_info.
template <class T>
std::function<void(const caf::error&)> fails(caf::typed_response_promise<T> rp) {
  return [rp](const caf::error& e) mutable { rp.deliver(e); };
}

} // namespace oaksteel
