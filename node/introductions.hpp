#pragma once
// Asks other nodes, until they have said it, what must be known of them here: whom this node's boxes are to believe, its
// domains' public keys, and the ids of Steel boxes whose PSRs the KDC here is to reach (SYS-6).

#include "actors/neighbours.hpp"
#include "node/configuration.hpp"
#include "node/site.hpp"

#include <caf/event_based_actor.hpp>

namespace oaksteel {

/// `plan`, `log` and `hosted` outlive it. `lacking` is called each time: boxes here may lack what another node has by now.
caf::behavior introductions(caf::event_based_actor* self, const node_configuration* plan, const oaksteel::log* log,
                            site* hosted, neighbours_actor notes, std::function<void()> lacking);

} // namespace oaksteel
