#pragma once
// A ceremony as a list of steps (EP Figs. 22, 23), made from the plan of a site. The list is what `oaksteel ceremony
// script` prints, what a scenario's runner carries out, and what a transcript holds a log against.

#include "node/plan.hpp"

#include <vector>

namespace oaksteel {

/// What is done in one step.
enum class ceremony_act {
  set_first_id,        ///< the first Manufacturing box makes its keys and shares and takes its id (EP-6)
  enrol,               ///< a box proves itself to the source, makes its shares and takes its id (EP-7, EP-8)
  enter_share,         ///< a custodian puts a share in (EP-10)
  remove_share,        ///< a custodian takes a share out: the box is disabled
  hand_over_key_set,   ///< a further Manufacturing box gets domain key set and start-up keys from the source (EP-7)
  create_domain,       ///< the source makes a domain and its keys (EP-12)
  make_domain_process, ///< a box gets its part of a domain's keys from the source; a Manufacturing box all (EP-7, EP-8)
  activate_domain,     ///< a box works for another domain from now on (EP-3)
  restart,             ///< the process ends and starts again: every box is disabled
};

struct ceremony_step {
  ceremony_act act = ceremony_act::set_first_id;
  label slot;      ///< the box; for create_domain the source itself; empty for restart
  label source;    ///< the Manufacturing box that takes part, where one does
  label custodian; ///< whose share it is
  domain_id domain;

  friend bool operator==(const ceremony_step&, const ceremony_step&) = default;
};
using ceremony_steps = std::vector<ceremony_step>;

/// The first ceremony of a site: every box takes its id, every domain of the plan but those of `later` is created and
/// handed to the boxes that serve it. Ends with the Manufacturing boxes disabled and all others enabled.
ceremony_steps first_ceremony(const site_plan& plan, const std::vector<domain_id>& later);

/// The same where boxes stand at several nodes, for all of them: domains come first, so that every node hears of them, and each
/// box goes from its id to its work. No share is taken out: the source serves boxes of other nodes meanwhile.
ceremony_steps deployment_ceremony(const site_plan& plan);
/// Creates a domain afterwards: brings all Manufacturing boxes up to date and hands it to the boxes that serve it,
/// which are enabled already. Ends with the Manufacturing boxes disabled.
ceremony_steps domain_ceremony(const site_plan& plan, const domain_id& domain);
/// A quorum of custodians puts its shares in.
ceremony_steps enabling(const box_plan& box);
/// The custodian whose share was entered last takes it out.
ceremony_steps disabling(const box_plan& box);
ceremony_steps activation(const box_plan& box, const domain_id& domain);

} // namespace oaksteel
