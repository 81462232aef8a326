#pragma once
// What a suite supplies. Only suite.cpp and the files of the suites include this; adding a suite is
// adding a file with one `suite_parts` and its line in suite.cpp.

#include "crypto/merkle.hpp"
#include "crypto/suite.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace oaksteel {

/// Prepared operations of one key. Botan's operation objects serve one thread and cost much to make;
/// a key serves any thread. So each use takes an idle one or makes one, and gives it back.
template <class Operation>
class idle_pool {
public:
  template <class Make, class Use>
  auto with(Make make, Use use) const {
    auto operation = take();
    if (!operation)
      operation = make();
    auto result = use(*operation);
    // Not given back after an exception: it may hold half a message.
    std::lock_guard lock{mutex_};
    idle_.push_back(std::move(operation));
    return result;
  }

private:
  std::unique_ptr<Operation> take() const {
    std::lock_guard lock{mutex_};
    if (idle_.empty())
      return nullptr;
    auto operation = std::move(idle_.back());
    idle_.pop_back();
    return operation;
  }

  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Operation>> idle_;
};

struct public_key::impl {
  impl(suite_id of, bytes der) : suite(of), spki(std::move(der)), name{sha256(spki)} {}
  virtual ~impl() = default;
  virtual bool verify(byte_view message, byte_view signature) const = 0;
  virtual bytes wrap(const secret& key, generator& random) const = 0;

  const suite_id suite;
  const bytes spki;
  const fingerprint name;
};

struct private_key::impl {
  explicit impl(public_key p) : public_part(std::move(p)) {}
  virtual ~impl() = default;
  virtual secret stored() const = 0;
  virtual bytes sign(byte_view message, generator& random) const = 0;
  virtual std::optional<secret> unwrap(byte_view wrapped, generator& random) const = 0;

  const public_key public_part;
};

/// The doors of a suite. What cannot be read gives nullptr; nothing is thrown.
struct suite_parts {
  std::shared_ptr<const public_key::impl> (*read_public)(byte_view spki);
  std::unique_ptr<private_key::impl> (*read_private)(const secret& pkcs8);
  std::unique_ptr<private_key::impl> (*generate)(generator& random);
};

extern const suite_parts rsa3072_parts;
extern const suite_parts p256_parts;

} // namespace oaksteel
