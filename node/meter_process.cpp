#include "node/meter_process.hpp"

#include "actors/actor_config.hpp"
#include "actors/devices/meter.hpp"
#include "actors/journal.hpp"
#include "node/process.hpp"
#include "node/real_line.hpp"
#include "storage/media.hpp"

#include <caf/send.hpp>

#include <poll.h>

namespace oaksteel {
namespace {

/// Beside the log: the key under which the meter's keys are sealed, so that a tamper event can overwrite it (EP-20).
constexpr auto memory_file = "meter.keys";

/// Everything that lives as long as the meter; what is below rests on what is above.
struct casing {
  disk_failure trouble;
  log_key key;
  opened_log opened;
  erasable_slots memory;
  std::unique_ptr<clock> time;
  std::unique_ptr<randomness> random = system_randomness();
  std::unique_ptr<workers> work = thread_workers(1);
  actor_config config;
  real_line line;
  std::unique_ptr<caf::actor_system> system;
  std::vector<caf::actor> all; ///< in the order in which they end; the journal is the last

  casing(const meter_setup& setup, log_key own_key, opened_log begun, erasable_slots slots, line_port port)
      : key(std::move(own_key)), opened(std::move(begun)), memory(std::move(slots)),
        time(system_clock_after(opened.last)), line(std::move(port), setup.line.text()),
        system(std::make_unique<caf::actor_system>(config)) {
    journal_options journaling;
    journaling.journal_log = &opened.written;
    journaling.time = time.get();
    journaling.key = &key;
    journaling.failed = [this](const storage_error& e) { trouble.tell(e); };
    const journal_actor written_by = system->spawn<caf::detached>(journal, std::move(journaling));
    surroundings around{&opened.written, time.get(), random.get(), work.get(), written_by, {}, {}};
    meter_options options{setup.number, 0, &memory, {}, true};
    const meter_actor meter = system->spawn(digital_meter, std::move(options), around);
    const party itself{component::meter, setup.number.text};
    const auto near = near_end(*system, caf::actor_cast<caf::actor>(meter), {{component::psr, {}}, itself, true, true},
                               {setup.domains, setup.domains.empty()}, refused_to::carrier);
    const auto owner = line.begin(*system, near, {{participant_kind::meter, setup.number.text}});
    caf::anon_send(owner, sender_named{{}, meter});
    const auto handle = [](const auto& a) { return caf::actor_cast<caf::actor>(a); };
    all = {handle(owner), handle(near), handle(meter), handle(written_by)};
  }
  ~casing() {
    line.stop();
    for (const auto& one : all)
      caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    system->await_all_actors_done(); // the journal signs the last checkpoint
    all.clear();
    system = nullptr;
  }
};

} // namespace

std::optional<storage_error> run_meter(const meter_setup& setup, const std::function<void()>& ready) {
  const auto ended = termination();
  auto port = line_port::open(setup.line, line_side::connects);
  if (!port)
    return port.error();
  auto key = log_key::generate(blinding_generator());
  auto opened = begin_log({setup.data, "meter-" + setup.number.text, nullptr}, key);
  if (!opened)
    return opened.error();
  auto memory = erasable_slots::open(setup.data / memory_file, 1);
  if (!memory)
    return memory.error();
  casing at{setup, std::move(key), std::move(*opened), std::move(*memory), std::move(*port)};
  ready();
  pollfd files[] = {{ended.fd(), POLLIN, 0}, {at.trouble.file(), POLLIN, 0}};
  while (poll(files, 2, -1) < 0) {
  }
  return at.trouble.first();
}

} // namespace oaksteel
