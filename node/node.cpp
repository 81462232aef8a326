#include "node/node.hpp"

#include "actors/actor_config.hpp"
#include "crypto/note.hpp"
#include "events/event.hpp"
#include "node/carry_out.hpp"
#include "node/control.hpp"
#include "node/node_log.hpp"
#include "node/operations.hpp"
#include "node/text.hpp"

#include <algorithm>
#include <csignal>
#include <mutex>

#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace oaksteel {
namespace {

constexpr int last_answers_ms = 10'000; ///< how long a stop waits for what is under way

/// The first failure of the disk, told from any thread; `file` can be read from then on.
class failure {
public:
  void tell(const storage_error& e) {
    std::lock_guard lock{mutex_};
    if (!first_)
      first_ = e;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = write(wake_.fd(), &one, sizeof one);
  }
  int file() const { return wake_.fd(); }
  std::optional<storage_error> first() const {
    std::lock_guard lock{mutex_};
    return first_;
  }

private:
  open_file wake_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  mutable std::mutex mutex_;
  std::optional<storage_error> first_;
};

/// SIGTERM and SIGINT as a file. Made before any thread, so that none of them takes the signals.
open_file termination() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return open_file{signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
}

/// What the log has and the configuration does not: it must not vanish, or turn into something else, without a word.
std::optional<std::string> missing_in(const node_configuration& plan, const log& written) {
  for (const auto& [slot, position] : written.view().range(static_cast<std::uint8_t>(lookup::box_in_slot), "")) {
    const auto box = state_of(written, *box_in_slot(written, {slot}));
    const auto planned = std::ranges::find(plan.boxes, label{slot}, &box_plan::slot);
    const auto which = "box " + box.id.text() + " in slot " + in_quotes(slot);
    if (planned == plan.boxes.end())
      return "holds " + which + ", which the configuration does not name; name it there";
    if (planned->type != box.id.type)
      return "holds " + which + ", which is of type " + std::string{name(box.id.type)} +
             " and not " + std::string{name(planned->type)} + "; put that right in the configuration";
    if (plan.suite != box.suite)
      return "holds boxes of suite " + std::string{name(box.suite)} + " and not " + std::string{name(plan.suite)} +
             "; put that right in the configuration";
  }
  return std::nullopt;
}

/// Makes the log or opens it. The key that signs checkpoints lives in this process alone: each start has a new one, and
/// says its public half.
stored<opened_log> begin_log(const node_configuration& plan, const log_key& key) {
  std::error_code failed;
  if (!log::present(plan.data)) {
    auto made = create_log(plan.data, {plan.name, false, key.public_bytes()}, system_clock_after({})->now());
    // A directory that was there already may be open to others; the control socket lies in it.
    if (made)
      std::filesystem::permissions(plan.data, std::filesystem::perms::owner_all, failed);
    if (failed)
      return unexpected{system_error(failed.value(), "cannot be closed to others", plan.data)};
    return made;
  }
  if (auto damage = damage_in(plan.data))
    return unexpected{std::move(*damage)};
  auto opened = open_log(plan.data);
  if (!opened)
    return opened;
  if (opened->node.simulated)
    return unexpected{unfit_log(plan.data, "holds the log of a scenario, whose seed gives its keys away; give a new or "
                                           "an empty directory")};
  if (opened->node.name != plan.name)
    return unexpected{unfit_log(plan.data, "holds the log of node " + opened->node.name + " and not of " + plan.name)};
  if (const auto missing = missing_in(plan, opened->written))
    return unexpected{unfit_log(plan.data, *missing)};
  const node_restarted again{opened->written.size(), key.public_bytes()};
  if (auto problem = write_node_events(*opened, {again}, system_clock_after(opened->last)->now()))
    return unexpected{std::move(*problem)};
  return opened;
}

site_options options_of(const node_configuration& plan) {
  site_options options;
  options.domains = plan.domains;
  options.boxes = plan.boxes;
  return options;
}

/// Everything that lives as long as the node; what is below rests on what is above.
struct house {
  failure trouble;
  log_key key;
  opened_log opened;
  std::unique_ptr<clock> time;
  std::unique_ptr<randomness> random = system_randomness();
  std::unique_ptr<noise_supply> noise = machine_noise();
  std::unique_ptr<workers> work = thread_workers(worker_threads);
  std::unique_ptr<workers> writer = thread_workers(1);
  actor_config config;
  std::unique_ptr<site> hosted;
  std::unique_ptr<operations> desk;
  std::unique_ptr<caf::actor_system> system;

  house(const node_configuration& plan, log_key own_key, opened_log begun)
    : key(std::move(own_key)), opened(std::move(begun)), time(system_clock_after(opened.last)),
      system(std::make_unique<caf::actor_system>(config)) {
    auto options = options_of(plan);
    options.around = {&opened.written, time.get(), random.get(), work.get(), {}, {}, {}};
    options.around.noise = noise.get();
    options.around.degraded = plan.degraded;
    options.around.clock_tolerance = std::chrono::milliseconds{plan.clock_tolerance_ms};
    options.journaling.journal_log = &opened.written;
    options.journaling.time = time.get();
    options.journaling.key = &key;
    options.journaling.writer = writer.get();
    options.journaling.failed = [this](const storage_error& e) { trouble.tell(e); };
    hosted = std::make_unique<site>(*system, options);
    desk = std::make_unique<operations>(plan, *hosted, opened.written, *random);
  }
  ~house() {
    hosted->stop();
    system->await_all_actors_done(); // the journal signs the last checkpoint
    desk = nullptr;
    hosted = nullptr;
    system = nullptr;
  }

  void handle(const std::string& line, const control_server::reply& reply) {
    auto request = requests::read_request(line);
    if (!request)
      return reply(line_of(requests::failed(request.error())));
    desk->start(*system, std::move(*request), [reply](const requests::answer& a) { reply(line_of(a)); });
  }
};

} // namespace

std::optional<storage_error> run_node(const node_configuration& plan, const std::function<void()>& ready) {
  const auto ended = termination();
  auto key = log_key::generate(blinding_generator());
  auto opened = begin_log(plan, key);
  if (!opened)
    return opened.error();
  house at{plan, std::move(key), std::move(*opened)};
  auto control = control_server::open(
    plan.data, [&at](const std::string& line, const control_server::reply& reply) { at.handle(line, reply); });
  if (!control)
    return control.error();
  ready();
  const int stops[] = {ended.fd(), at.trouble.file()};
  control->serve(stops);
  control->finish(last_answers_ms);
  return at.trouble.first();
}

} // namespace oaksteel
