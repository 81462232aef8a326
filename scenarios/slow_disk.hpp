#pragma once
// A disk that takes its time: other messages go on meanwhile, and what it has not written is lost when the process ends.

#include "actors/surroundings.hpp"

#include <caf/fwd.hpp>

#include <memory>

namespace oaksteel {

/// For a journal in simulation. Each write waits until `turns` other messages had a turn. `system` outlives it.
std::unique_ptr<workers> slow_disk(caf::actor_system& system, unsigned turns);

} // namespace oaksteel
