#pragma once
// What a node that has no Manufacturing box is told by the node that has the first one: whom its boxes are to believe
// (SYS-6). Where that box stands, its own event says it (box_initialised).

#include "events/box.hpp"

namespace oaksteel {

/// The node whose certificate names it told what the first Manufacturing box made public (EP-6).
struct authority_introduced {
  std::string node;
  digest log; ///< of that node: enrolments name it
  box_id box;
  suite_id suite = suite_id::rsa3072;
  bytes domain_key_set;                    ///< public authentication key of the domain key set, SubjectPublicKeyInfo
  std::vector<start_up_key> start_up_keys; ///< public start-up authentication keys

  static auto fields(auto& self, auto take) {
    return take(self.node, self.log, self.box, self.suite, self.domain_key_set, self.start_up_keys);
  }
};

struct authority {
  digest log;
  suite_id suite = suite_id::rsa3072;
  bytes domain_key_set; ///< empty before an introduction

  static auto fields(auto& self, auto take) { return take(self.log, self.suite, self.domain_key_set); }
};
using authority_event = std::variant<authority_introduced>;

/// Once for all: another key set later is wrong_signer, the same one no event. wrong_box_type, record_malformed.
decision<authority_event> decide(const authority& state, const authority_introduced& proposed);
void evolve(authority& state, const authority_introduced& e);

} // namespace oaksteel
