#pragma once
// The steps of a ceremony as people read them on paper. What a box is expected to show is predicted from the steps
// alone; the transcript says what it did show with the same phrases, so that the two can be compared.

#include "node/ceremony.hpp"

#include <map>
#include <string>
#include <vector>

namespace oaksteel {

/// One step on paper.
struct worded_step {
  ceremony_step step;
  std::string section; ///< steps with one title stand together
  std::string who, what;
  std::string detail;  ///< what happens at the same time; may be empty
  std::string display; ///< what the program records when the step is done
  std::string note;    ///< what is to be written down beside it; may be empty
};
/// The ids of the boxes that the steps initialise, by slot: given by type in the order of enrolment, from 1 (EP-7).
std::map<label, box_id> ids_given(const site_plan& plan, const ceremony_steps& steps);
std::vector<worded_step> in_words(const site_plan& plan, const ceremony_steps& steps);

// --- what is shown when a step is done ------------------------------------------------------------------

std::string id_taken(const box_id& id, std::size_t threshold, std::size_t count);
/// `ENABLED` is said with the share that makes the quorum whole.
std::string shares_in(std::size_t entered, std::size_t threshold, bool enabled);
std::string share_out(const label& custodian);
std::string key_set_received_by(const box_id& id);
std::string domain_made(const domain_id& domain, const box_id& creator);
std::string domain_keys_received(const domain_id& domain);
std::string domain_activated(const domain_id& domain);
std::string started_again();

} // namespace oaksteel
