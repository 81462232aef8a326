#pragma once
// A domain's archive on an archive server (EP-14, EP-19): one actor for each domain.

#include "actors/actors.hpp"
#include "actors/messages.hpp"
#include "actors/shell.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>

namespace oaksteel {

struct archive_state {
  static inline const char* name = "archive";
  domain_id domain;
  std::unique_ptr<shell> house;
  /// The domain's public keys, read from the domain_created event when first needed (EP-9).
  std::optional<public_key> oak;
  std::optional<public_key> brass;
  /// Indicia serials whose registration is decided and not durable yet.
  std::map<std::string, key_id> serials;
  /// The Steel boxes for which ids were assigned since the node started, while no record of them is stored.
  std::map<std::uint64_t, box_id> assigned;
};

/// Ids that are remembered so; the log has them all.
inline constexpr std::size_t assigned_limit = 4096;

archive_actor::behavior_type archive(archive_actor::stateful_pointer<archive_state> self, domain_id domain,
                                     surroundings around);

} // namespace oaksteel
