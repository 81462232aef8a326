#include "crypto/random.hpp"

#include <botan/hash.h>
#include <botan/hmac_drbg.h>
#include <botan/loadstor.h>
#include <botan/system_rng.h>

#include <span>

namespace oaksteel {

namespace {

class system_source final : public randomness {
public:
  std::unique_ptr<generator> stream(const std::string&, std::uint64_t) override {
    return std::make_unique<Botan::System_RNG>();
  }
};

/// Adds `field` with its length in front, so that no two lists of fields hash alike.
void add_field(Botan::HashFunction& hash, std::span<const std::uint8_t> field) {
  std::uint8_t length[4];
  Botan::store_be(static_cast<std::uint32_t>(field.size()), length);
  hash.update(length, sizeof length);
  hash.update(field.data(), field.size());
}

template <class Number>
void add_number(Botan::HashFunction& hash, Number n) {
  std::uint8_t big_endian[sizeof n];
  Botan::store_be(n, big_endian);
  add_field(hash, big_endian);
}

class seeded_source final : public randomness {
public:
  seeded_source(std::uint64_t seed, std::uint32_t epoch) : seed_(seed), epoch_(epoch) {}

  std::unique_ptr<generator> stream(const std::string& actor, std::uint64_t number) override {
    const auto hash = Botan::HashFunction::create_or_throw("SHA-256");
    add_number(*hash, seed_);
    add_number(*hash, epoch_);
    add_field(*hash, {reinterpret_cast<const std::uint8_t*>(actor.data()), actor.size()});
    add_number(*hash, number);
    const auto seed = hash->final();
    // SP 800-90A, 10.1.2. This constructor knows no source to reseed from, so it never reseeds: the
    // stream is a function of the seed alone, however long it gets.
    auto drbg = std::make_unique<Botan::HMAC_DRBG>("SHA-256");
    drbg->initialize_with(seed.data(), seed.size());
    return drbg;
  }

private:
  std::uint64_t seed_;
  std::uint32_t epoch_;
};

} // namespace

std::unique_ptr<randomness> system_randomness() { return std::make_unique<system_source>(); }

std::unique_ptr<randomness> seeded_randomness(std::uint64_t seed, std::uint32_t epoch) {
  return std::make_unique<seeded_source>(seed, epoch);
}

std::unique_ptr<generator> child_generator(generator& parent) {
  const auto seed = parent.random_vec(48);
  auto drbg = std::make_unique<Botan::HMAC_DRBG>("SHA-256");
  drbg->initialize_with(seed.data(), seed.size());
  return drbg;
}

generator& blinding_generator() { return Botan::system_rng(); }

} // namespace oaksteel
