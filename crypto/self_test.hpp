#pragma once
// Known-answer tests of the primitives that a box relies on (EP-8, EP-11): run before it takes an id, and on demand.

#include "crypto/generators.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace oaksteel {

/// A computation whose result is published.
struct known_answer {
  std::string name;            ///< of what is computed, and who published the result
  std::function<bool()> holds; ///< whether this program gives that result; an exception means no
};

/// SHA-256, HMAC, AES-256-GCM, CMAC, the key derivation of crypto/token, HMAC_DRBG, verifying ECDSA and RSA-PSS,
/// and shares.
const std::vector<known_answer>& known_answers();

/// Computes all of `answers`. Nothing when they hold; else the line that names the first which does not.
std::optional<std::string> wrong_answer(const std::vector<known_answer>& answers);

/// What a box's test on demand found: of its generators, and of its software.
struct box_self_test {
  self_test_report generators;
  std::optional<std::string> wrong_answer; ///< the known answer that does not hold

  static auto fields(auto& self, auto take) { return take(self.generators, self.wrong_answer); }
};

} // namespace oaksteel
