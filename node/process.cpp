#include "node/process.hpp"

#include "actors/surroundings.hpp"

#include <csignal>

#include <cerrno>
#include <cstdlib>

#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace oaksteel {

open_file termination() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return open_file{signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
}

void close_memory() {
  prctl(PR_SET_DUMPABLE, 0);
}

disk_failure::disk_failure() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void disk_failure::tell(const storage_error& e) {
  std::lock_guard lock{mutex_};
  if (!first_)
    first_ = e;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = write(wake_.fd(), &one, sizeof one);
}

std::optional<storage_error> disk_failure::first() const {
  std::lock_guard lock{mutex_};
  return first_;
}

namespace {

/// Why its owner cannot go on with it.
std::optional<storage_error> unfit(const log_owner& owner, const opened_log& opened) {
  if (opened.node.simulated)
    return unfit_log(owner.data, "holds the log of a scenario, whose seed gives its keys away; give a new or an empty directory");
  if (opened.node.name != owner.name)
    return unfit_log(owner.data, "holds the log of node " + opened.node.name + " and not of " + owner.name);
  if (const auto why = owner.unfit ? owner.unfit(opened.written) : std::nullopt)
    return unfit_log(owner.data, *why);
  return std::nullopt;
}

/// Why no directory could be made there, or nothing be written in the one that is there.
std::optional<storage_error> no_place(const std::filesystem::path& data) {
  auto place = std::filesystem::absolute(data).lexically_normal();
  std::error_code none;
  while (!std::filesystem::exists(place, none) && place.has_relative_path())
    place = place.parent_path();
  auto tried = (place / ".oaksteel.XXXXXX").string();
  if (!mkdtemp(tried.data()))
    return system_error(errno, "cannot be written, and the node's data are to lie in it", place);
  rmdir(tried.c_str());
  return std::nullopt;
}

} // namespace

std::optional<storage_error> look_at_log(const log_owner& owner) {
  std::error_code none;
  if (std::filesystem::exists(owner.data, none) && !std::filesystem::is_directory(owner.data, none))
    return storage_error{storage_code::not_ours, owner.data.string() + ": is no directory; give one for the node's data"};
  if (!log::present(owner.data)) {
    if (auto problem = taken_by_others(owner.data))
      return problem;
    return no_place(owner.data);
  }
  const auto opened = open_log(owner.data);
  return opened ? unfit(owner, *opened) : std::optional{opened.error()};
}

stored<opened_log> begin_log(const log_owner& owner, const log_key& key) {
  std::error_code failed;
  if (!log::present(owner.data)) {
    auto made = create_log(owner.data, {owner.name, false, key.public_bytes()}, system_clock_after({})->now());
    // A directory that was there already may be open to others; the control socket of a node lies in it.
    if (made)
      std::filesystem::permissions(owner.data, std::filesystem::perms::owner_all, failed);
    if (failed)
      return unexpected{system_error(failed.value(), "cannot be closed to others", owner.data)};
    return made;
  }
  if (auto damage = damage_in(owner.data))
    return unexpected{std::move(*damage)};
  auto opened = open_log(owner.data);
  if (!opened)
    return opened;
  if (auto why = unfit(owner, *opened))
    return unexpected{std::move(*why)};
  const node_restarted again{opened->written.size(), key.public_bytes()};
  if (auto problem = write_node_events(*opened, {again}, system_clock_after(opened->last)->now()))
    return unexpected{std::move(*problem)};
  return opened;
}

} // namespace oaksteel
