// What a stage does once faults come by chance (chance.hpp).

#include "actors/link/message_list.hpp"
#include "scenarios/stage.hpp"
#include "storage/find_event.hpp"

#include <algorithm>

namespace oaksteel {

/// The draw itself is recorded with the step: see run().
void stage::take(const chance_step&) {}

void stage::begin_chance() {
  chance_->begin();
  end_ = chance_->end(); // drawn in any case, since what is drawn next follows from it
  if (options_.recorded)
    end_.reset();
  if (end_)
    end_->records += opened_.written.size();
  send_old_records();
}

bool stage::ends_by_chance() {
  if (!end_)
    return false;
  if (end_->answers > 0) {
    const auto answered = std::ranges::count_if(asked_, [](const auto& one) { return one->answer.has_value(); });
    return static_cast<std::uint64_t>(answered) >= end_->answers;
  }
  return opened_.written.size() >= end_->records && end_->messages-- == 0;
}

void stage::unless_by_chance(const std::function<void()>& part) {
  if (!chance_ || !chance_->begun())
    return part();
  try {
    part();
  } catch (const step_failed&) {
    // Incomplete, as the log says.
  }
}

void stage::send_old_records() {
  std::vector<wire_faults::near_side> lines;
  for (const auto& side : faults_->sides())
    if (side.ends.from.part == component::psr && side.ends.to.part == component::steel)
      lines.push_back(side);
  const auto view = opened_.written.view();
  for (const auto& domain : scenario_.plan.domains) {
    const auto assigned = view.row({stream_kind::key_counter, domain.id.text});
    if (!assigned || lines.empty())
      continue;
    const key_id key{domain.id, 1 + chance_->below(assigned->version)};
    const auto kept = newest_event<install_record_received>(view, {stream_kind::distribution, key.text()},
                                                            [](const auto&) { return true; });
    if (!kept)
      continue;
    const auto& [ends, near] = lines[chance_->below(lines.size())];
    const install_key again{{head()}, key, kept->event.meter, world_.time().now(),
                            {kept->event.mi4, view.sealed(kept->position).value_or(bytes{}), {}}};
    const command c{command_kind::command, line_of<install_key>.code, 0, ends.from, ends.to, parameters_in(again)};
    caf::anon_send(near, carried{{}, encode(c)});
  }
}

} // namespace oaksteel
