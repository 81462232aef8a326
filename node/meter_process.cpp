#include "node/meter_process.hpp"

#include "actors/actor_config.hpp"
#include "actors/devices/meter.hpp"
#include "actors/errors.hpp"
#include "actors/journal.hpp"
#include "node/process.hpp"
#include "node/real_line.hpp"
#include "storage/archive.hpp"
#include "storage/media.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <poll.h>

#include <algorithm>

namespace oaksteel {
namespace {

/// Beside the log: the key under which the meter's keys are sealed, so that a tamper event can overwrite it (EP-20).
constexpr auto memory_file = "meter.keys";

/// A meter's log and memory, and the meter; what is below rests on what is above.
class casing {
public:
  /// The error is that of the directory. Without a port the meter is on no line.
  static stored<std::unique_ptr<casing>> open(const meter_setup& setup, std::optional<line_port> port) {
    auto key = log_key::generate(blinding_generator());
    auto opened = begin_log({setup.data, "meter-" + setup.number.text, nullptr}, key);
    if (!opened)
      return unexpected{opened.error()};
    auto memory = erasable_slots::open(setup.data / memory_file, 1);
    if (!memory)
      return unexpected{memory.error()};
    return std::make_unique<casing>(setup, std::move(key), std::move(*opened), std::move(*memory), std::move(port));
  }

  casing(const meter_setup& setup, log_key own_key, opened_log begun, erasable_slots slots, std::optional<line_port> port)
      : key_(std::move(own_key)), opened_(std::move(begun)), memory_(std::move(slots)),
        time_(system_clock_after(opened_.last)), system_(std::make_unique<caf::actor_system>(config_)) {
    journal_options journaling;
    journaling.journal_log = &opened_.written;
    journaling.time = time_.get();
    journaling.key = &key_;
    journaling.failed = [this](const storage_error& e) { trouble.tell(e); };
    const journal_actor written_by = system_->spawn<caf::detached>(journal, std::move(journaling));
    surroundings around{&opened_.written, time_.get(), random_.get(), work_.get(), written_by, {}, {}};
    meter_options options{setup.number, 0, &memory_, {}, true};
    meter_ = system_->spawn(digital_meter, std::move(options), around);
    if (port)
      connect(setup, std::move(*port));
    all_.push_back(handle(meter_));
    all_.push_back(handle(written_by));
  }
  ~casing() {
    if (line_)
      line_->stop();
    for (const auto& one : all_)
      caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    system_->await_all_actors_done(); // the journal signs the last checkpoint
    all_.clear();
    meter_ = nullptr;
    system_ = nullptr;
  }

  /// What it prints today, or why it does not. Where it was registered the day may have begun before that of UTC.
  stored<std::vector<indicium>> print(const print_job& job, const sequence_number& number) {
    const auto row = opened_.written.view().row({stream_kind::meter, number.text});
    const auto state = row ? decode<meter>(row->state) : expected<meter, std::string>{meter{}};
    const auto day = std::max(calendar_date::of(time_->now(), job.zone), state ? state->registered : calendar_date{});
    const print_request request{{{"mailer", std::uint64_t{opened_.written.epoch()} << 32}, {}, {}},
                                number, job.pieces, day, job.postage_thousandths, job.origin};
    stored<std::vector<indicium>> result = std::vector<indicium>{};
    caf::scoped_actor mailer{*system_};
    mailer->request(meter_, caf::infinite, request)
      .receive([&](const printed& p) { result = p.pieces; },
               [&](const caf::error& e) {
                 result = unexpected{storage_error{storage_code::exists, "meter " + number.text + ": " +
                                                                          std::string{text(refusal_in(e))}}};
               });
    return result;
  }

  disk_failure trouble;

private:
  template <class Actor>
  static caf::actor handle(const Actor& a) {
    return caf::actor_cast<caf::actor>(a);
  }
  void connect(const meter_setup& setup, line_port port) {
    const party itself{component::meter, setup.number.text};
    const auto near = near_end(*system_, handle(meter_), {{component::psr, {}}, itself, true, &opened_.written},
                               {setup.domains, setup.domains.empty()}, refused_to::carrier);
    line_.emplace(std::move(port), setup.line.text());
    const auto owner = line_->begin(*system_, near, {{participant_kind::meter, setup.number.text}});
    caf::anon_send(owner, sender_named{{}, meter_});
    all_ = {handle(owner), handle(near)};
  }

  log_key key_;
  opened_log opened_;
  erasable_slots memory_;
  std::unique_ptr<clock> time_;
  std::unique_ptr<randomness> random_ = system_randomness();
  std::unique_ptr<workers> work_ = thread_workers(1);
  actor_config config_;
  std::optional<real_line> line_;
  std::unique_ptr<caf::actor_system> system_;
  meter_actor meter_;
  std::vector<caf::actor> all_; ///< in the order in which they end; the journal is the last
};

} // namespace

std::optional<storage_error> run_meter(const meter_setup& setup, const std::function<void()>& ready) {
  close_memory();
  const auto ended = termination();
  auto port = line_port::open(setup.line, line_side::connects);
  if (!port)
    return port.error();
  const auto at = casing::open(setup, std::move(*port));
  if (!at)
    return at.error();
  ready();
  pollfd files[] = {{ended.fd(), POLLIN, 0}, {(*at)->trouble.file(), POLLIN, 0}};
  while (poll(files, 2, -1) < 0) {
  }
  return (*at)->trouble.first();
}

stored<std::vector<indicium>> print_mail(const meter_setup& setup, const print_job& job) {
  close_memory();
  if (!log::present(setup.data))
    return unexpected{storage_error{storage_code::missing, setup.data.string() + ": is no directory of a meter"}};
  const auto at = casing::open(setup, {});
  if (!at)
    return unexpected{at.error()};
  return (*at)->print(job, setup.number);
}

} // namespace oaksteel
