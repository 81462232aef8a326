#include "node/carry_out.hpp"

#include "crypto/enrolment.hpp"
#include "storage/archive.hpp"
#include "storage/event_codec.hpp"
#include "storage/find_event.hpp"
#include "storage/media.hpp"

#include <set>

namespace oaksteel {

std::optional<box_id> box_in_slot(const log& written, const label& slot) {
  const auto view = written.view();
  auto initialised = find_event<box_initialised>(view, lookup::box_in_slot, slot.text);
  return initialised ? std::optional{initialised->event.box} : std::nullopt;
}

secure_box state_of(const log& written, const box_id& box) {
  auto row = written.view().row({stream_kind::box, box.text()});
  auto state = row ? decode<secure_box>(row->state) : expected<secure_box, std::string>{secure_box{}};
  return state ? std::move(*state) : secure_box{};
}

bool done_before(const log& written, const ceremony_step& s) {
  if (s.act == ceremony_act::create_domain)
    return written.view().row({stream_kind::domain, s.domain.text}).has_value();
  const auto id = box_in_slot(written, s.slot);
  if (!id)
    return false;
  const auto box = state_of(written, *id);
  switch (s.act) {
    case ceremony_act::set_first_id:
    case ceremony_act::enrol: return true;
    case ceremony_act::enter_share: return box.enabled || box.entered.contains(s.custodian.text);
    case ceremony_act::remove_share: return !box.enabled && box.entered.empty();
    case ceremony_act::hand_over_key_set: return box.key_set.has_value();
    case ceremony_act::make_domain_process: return box.processes.contains(s.domain);
    case ceremony_act::activate_domain: return box.active == s.domain;
    case ceremony_act::create_domain:
    case ceremony_act::restart: break;
  }
  return false;
}

stored<done> type_in_enrolment_secret(const std::filesystem::path& where, const std::vector<label>& officers,
                                      const label& slot, generator& random) {
  const auto made = make_enrolment_secret(random);
  clear_enrolment_secret(where, officers, slot);
  for (const auto& one : std::set<label>{officers.begin(), officers.end()})
    if (auto written = media{where / one.text}.write(enrolment_file_name(slot), made); !written)
      return written;
  return done{};
}

void clear_enrolment_secret(const std::filesystem::path& where, const std::vector<label>& officers,
                            const label& slot) {
  for (const auto& officer : officers)
    (void)media{where / officer.text}.remove(enrolment_file_name(slot)); // used up; a medium that fails now keeps it
}

} // namespace oaksteel
