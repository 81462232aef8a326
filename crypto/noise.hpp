#pragma once
// Where noise comes from: the processor, a device, the kernel, or any generator (a seeded one, to run again).

#include "crypto/health.hpp"
#include "crypto/random.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace oaksteel {

/// Why a read gave nothing that may be used.
struct unread {
  fault_kind kind; ///< dead or slow
  std::string reason;
};

/// Gives samples of eight bits. One thread at a time.
class noise_source {
public:
  virtual ~noise_source() = default;
  /// What it truly is, for people.
  virtual std::string name() const = 0;
  /// Fills `out`, or says why not. A source that can wait gives up after `bound`. An exception means dead too.
  virtual std::optional<unread> read(std::span<std::uint8_t> out, std::chrono::milliseconds bound) = 0;
};

/// The first of these that answers here: the processor's RDSEED; /dev/hwrng; the processor's generator (RDRAND,
/// DARN), which is no noise but what a DRBG in hardware makes of it. Where there is none of them, a source that is
/// dead: a box of two generators says DEGRADED there. The name says which.
std::unique_ptr<noise_source> hardware_source();
/// The kernel's generator (getrandom).
std::unique_ptr<noise_source> kernel_source();
/// RDSEED, in words of 64 bits. Dead where the processor has none.
std::unique_ptr<noise_source> rdseed_source();
/// A character device or a FIFO, such as /dev/hwrng. Dead if it cannot be opened, slow if it has nothing to say.
std::unique_ptr<noise_source> device_source(std::string path);
/// What `from` gives, taken for noise.
std::unique_ptr<noise_source> generator_source(std::string name, std::unique_ptr<generator> from);

} // namespace oaksteel
