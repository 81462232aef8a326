#pragma once
// The only place that wires: makes the actors of one node and tells them of each other.

#include "actors/actors.hpp"
#include "actors/computers/kmc.hpp"
#include "actors/connections.hpp"
#include "actors/devices/meter.hpp"
#include "actors/journal.hpp"
#include "actors/link/line_owner.hpp"
#include "actors/surroundings.hpp"
#include "node/plan.hpp"

#include <caf/actor_system.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <variant>
#include <vector>

namespace oaksteel {

/// Makes the way between the two ends of a wire: what leads from a far end to this near end (actors/link/gate.hpp).
using carrying = std::function<carrier_actor(const wire& ends, carrier_actor near)>;

/// How the components of a deployment are spread over nodes, and reached there (SYS-6).
struct neighbourhood {
  std::string own;                                                ///< this node
  std::vector<std::string> others;                                ///< all other nodes
  std::function<std::string(const party&)> node_of;               ///< by the plan
  computer_table computers;
  std::function<carrier_actor(const std::string& node)> link;     ///< to a component there
  /// Commands of this wire from that node go to `near`.
  std::function<void(const std::string& node, const wire& ends, carrier_actor near)> admit;
};

struct site_options {
  std::vector<domain_plan> domains;
  std::vector<box_plan> boxes;
  surroundings around;        ///< its journal is set here
  journal_options journaling;
  bool detached = true;       ///< the journal has a thread of its own; not in simulation
  std::size_t mail_batch = 1000;
  std::optional<std::chrono::seconds> report_timeout; ///< of the KMC (kmc.hpp); its own when left out
  carrying carry;             ///< between the components; null: their messages stay messages
  std::optional<neighbourhood> spread; ///< none: everything is here
};

/// A box by what it is; all of them are box_actors too. One that stands at another node can only be asked there what it is
/// and, if it is a Manufacturing box, to be the source of boxes here.
struct site_box {
  box_plan plan;
  box_actor common;
  manufacturing_actor manufacturing; ///< set for that type, as the next ones for theirs
  oak_actor oak;
  steel_actor steel;
  brass_actor brass;
  tin_actor tin;
  psr_actor line;                    ///< beside a Steel box, as the site's operator reaches it
  bool here = true;
};

class site {
public:
  site(caf::actor_system& system, const site_options& options);

  const std::vector<site_box>& boxes() const { return boxes_; }
  const site_box* box_in(const label& slot) const;
  /// The first Manufacturing box of the plan; there must be one.
  const site_box& manufacturing() const;
  /// The plan of a domain; there must be one.
  const domain_plan& plan_of(const domain_id& domain) const;
  /// That this node works for, as its operator reaches it.
  kmc_actor kmc() const { return orders_; }
  kdc_actor kdc() const { return kdc_; }
  data_capture_actor data_capture() const { return capture_; }
  journal_actor journal() const { return journal_; }
  archive_actor archive_of(const domain_id& domain) const { return archives_.at(domain); }

  /// Puts a meter on the line of every PSR.
  meter_actor connect_meter(const meter_options& options);
  /// Puts a meter that is at the other end of a line beside PSRs, by the slots of their Steel boxes; of all of them
  /// when none is named. Several meters may take turns on one line.
  void connect_line(const sequence_number& meter, const line_actor& line, const std::vector<label>& slots);
  /// Says which Steel box stands beside which PSR, once it has its id.
  void connect_steel(const site_box& box, const box_id& id);
  /// The Steel boxes in which a domain is active by the plan.
  std::vector<const site_box*> steels_for(const domain_id& domain) const;

  /// Ends every actor of the site.
  void stop();

private:
  /// `to` as `from` reaches it: by a wire, where there are wires, and by a link, where it is at another node; null when
  /// it is `from` that is there, who is then let in.
  template <class Actor>
  Actor reached(const Actor& component, const party& from, const party& to);
  template <class Actor>
  Actor reached_from_here(const Actor& component, const party& from, const party& to);
  /// The same for the operator of this node; those of all others are let in. For boxes.
  template <class Actor>
  Actor operated(const Actor& component, const party& to);
  kmc_options table_of(const party& kmc, const site_options& options);
  /// For which the PSR beside a Steel box works.
  party kdc_of(const box_plan& steel) const { return computers_.kdc_for(steel.node.text).value_or(party{component::kdc, {}}); }
  bool here(const party& p) const { return !spread_ || spread_->node_of(p) == spread_->own; }
  /// Tells the wires of a sender who it is.
  void name_sender(const party& from, const component_client& sender);

  caf::actor_system& system_;
  surroundings around_;
  carrying carry_;
  std::optional<neighbourhood> spread_;
  computer_table computers_;
  configuration_table known_;
  struct joined {
    party from;
    caf::actor near, carrier, far;
  };
  std::vector<joined> wires_;
  std::map<label, psr_actor> psrs_; ///< by slot of their Steel box
  journal_actor journal_;
  std::vector<domain_plan> domains_;
  std::map<domain_id, archive_actor> archives_;
  kmc_actor kmc_;
  kmc_actor orders_;
  kdc_actor kdc_;
  data_capture_actor capture_;
  std::vector<site_box> boxes_;
  std::vector<meter_actor> meters_;
};

} // namespace oaksteel
