#pragma once
// Payloads of events as earlier versions wrote them, and how each is lifted to the newest struct. Written bytes
// never change, so nothing here does either. The list of them stands at the end; the codec reads it.

#include "events/event.hpp"

namespace oaksteel {

/// Version 1: sets of shares had no id and their files no signature.
struct box_initialised_1 {
  box_id box;
  label slot;
  suite_id suite = suite_id::rsa3072;
  std::uint8_t threshold = 2;
  digest salt;
  std::vector<share_plan> shares;
  std::vector<share_plan> domain_shares;
  bytes domain_key_set;
  std::vector<start_up_key> start_up_keys;

  static auto fields(auto& self, auto take) {
    return take(self.box, self.slot, self.suite, self.threshold, self.salt, self.shares, self.domain_shares,
                self.domain_key_set, self.start_up_keys);
  }
};
inline box_initialised lifted(box_initialised_1 e) {
  return {e.box,
          std::move(e.slot),
          e.suite,
          e.threshold,
          e.salt,
          std::move(e.shares),
          std::move(e.domain_shares),
          std::move(e.domain_key_set),
          std::move(e.start_up_keys),
          {},
          {},
          {},
          {},
          {}};
}

/// Version 2: boxes took their ids without an enrolment, and made a start-up key for each domain.
struct box_initialised_2 {
  box_id box;
  label slot;
  suite_id suite = suite_id::rsa3072;
  std::uint8_t threshold = 2;
  digest salt;
  std::vector<share_plan> shares;
  std::vector<share_plan> domain_shares;
  bytes domain_key_set;
  std::vector<start_up_key> start_up_keys;
  std::optional<share_set> set;
  std::optional<share_set> domain_set;

  static auto fields(auto& self, auto take) {
    return take(self.box, self.slot, self.suite, self.threshold, self.salt, self.shares, self.domain_shares,
                self.domain_key_set, self.start_up_keys, self.set, self.domain_set);
  }
};
inline box_initialised lifted(box_initialised_2 e) {
  return {e.box,
          std::move(e.slot),
          e.suite,
          e.threshold,
          e.salt,
          std::move(e.shares),
          std::move(e.domain_shares),
          std::move(e.domain_key_set),
          std::move(e.start_up_keys),
          std::move(e.set),
          std::move(e.domain_set),
          {},
          {},
          {}};
}

/// Version 1 named the custodian, not the share.
struct share_entered_1 {
  box_id box;
  label custodian;

  static auto fields(auto& self, auto take) { return take(self.box, self.custodian); }
};
inline share_entered lifted(share_entered_1 e) {
  return {e.box, std::move(e.custodian), {}};
}

/// Likewise.
struct share_refused_1 {
  box_id box;
  label custodian;
  refusal reason = refusal::share_wrong;

  static auto fields(auto& self, auto take) { return take(self.box, self.custodian, self.reason); }
};
inline share_refused lifted(share_refused_1 e) {
  return {e.box, std::move(e.custodian), e.reason, {}};
}

/// Version 1 named the custodian in the text of its reason only.
struct box_disabled_1 {
  box_id box;
  std::string reason;

  static auto fields(auto& self, auto take) { return take(self.box, self.reason); }
};
inline box_disabled lifted(box_disabled_1 e) {
  return {e.box, std::move(e.reason), {}};
}

/// Version 1 did not say who issued the keys.
struct domain_process_made_1 {
  box_id box;
  domain_id domain;
  suite_id suite = suite_id::rsa3072;
  std::vector<box_id> steels;

  static auto fields(auto& self, auto take) { return take(self.box, self.domain, self.suite, self.steels); }
};
inline domain_process_made lifted(domain_process_made_1 e) {
  return {e.box, std::move(e.domain), e.suite, std::move(e.steels), {}, {}, {}};
}

/// Version 1: whoever spoke to a meter could have it keep a key.
struct installation_finished_1 {
  key_id key;
  box_id steel;
  sequence_number meter;
  std::optional<refusal> failure;
  signed_record mi7;

  static auto fields(auto& self, auto take) { return take(self.key, self.steel, self.meter, self.failure, self.mi7); }
};
inline installation_finished lifted(installation_finished_1 e) {
  return {std::move(e.key), e.steel, std::move(e.meter), e.failure, std::move(e.mi7), {}};
}

/// Version 1: a log had one key.
struct node_restarted_1 {
  std::uint64_t durable = 0;

  static auto fields(auto& self, auto take) { return take(self.durable); }
};
inline node_restarted lifted(node_restarted_1 e) { return {e.durable, {}}; }

/// One line of the list: tag, version, and the struct that was written then.
template <std::uint16_t Tag, std::uint8_t Version, class Payload>
struct earlier_entry {
  using event = Payload;
  static constexpr std::uint16_t tag = Tag;
  static constexpr std::uint8_t version = Version;
};

/// Calls `f.template operator()<Entry>()` for each entry until one answers true.
template <class... Entry>
struct earlier_entries {
  template <class F>
  static bool find(F&& f) {
    return (f.template operator()<Entry>() || ...);
  }
};

using earlier_list = earlier_entries<
  earlier_entry<2, 1, node_restarted_1>,
  earlier_entry<21, 1, box_initialised_1>, earlier_entry<21, 2, box_initialised_2>,
  earlier_entry<22, 1, share_entered_1>, earlier_entry<23, 1, share_refused_1>,
  earlier_entry<25, 1, box_disabled_1>, earlier_entry<26, 1, domain_process_made_1>,
  earlier_entry<32, 1, installation_finished_1>>;

} // namespace oaksteel
