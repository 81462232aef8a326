#include "crypto/noise.hpp"

#include <botan/processor_rng.h>
#include <botan/system_rng.h>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace oaksteel {

namespace {

unread dead(std::string reason) { return {fault_kind::dead, std::move(reason)}; }
unread failed_with(int error) { return dead(std::generic_category().message(error)); }

#if defined(__x86_64__)
bool has_rdseed() { return __builtin_cpu_supports("rdseed"); }

/// False when the processor gave nothing at any of many attempts: several processes can drain it for a while.
__attribute__((target("rdseed"))) bool rdseed(unsigned long long& word) {
  for (int i = 0; i < 100'000; ++i) {
    if (_rdseed64_step(&word) == 1)
      return true;
    _mm_pause();
  }
  return false;
}
#else
bool has_rdseed() { return false; }
bool rdseed(unsigned long long&) { return false; }
#endif

class rdseed_noise final : public noise_source {
public:
  std::string name() const override { return "rdseed"; }

  std::optional<unread> read(std::span<std::uint8_t> out, std::chrono::milliseconds) override {
    if (!has_rdseed())
      return dead("the processor has no RDSEED");
    while (!out.empty()) {
      unsigned long long word = 0;
      if (!rdseed(word))
        return dead("RDSEED gave nothing");
      const auto n = std::min(out.size(), sizeof word);
      std::memcpy(out.data(), &word, n);
      out = out.subspan(n);
    }
    return std::nullopt;
  }
};

class device_noise final : public noise_source {
public:
  explicit device_noise(std::string path)
      : path_(std::move(path)), file_(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)),
        error_(file_ < 0 ? errno : 0) {}
  ~device_noise() override {
    if (file_ >= 0)
      ::close(file_);
  }
  std::string name() const override { return path_; }

  std::optional<unread> read(std::span<std::uint8_t> out, std::chrono::milliseconds bound) override {
    if (file_ < 0)
      return failed_with(error_);
    // Waits of one millisecond are counted, so that no clock is needed.
    for (auto left = bound.count(); !out.empty();) {
      const auto n = ::read(file_, out.data(), out.size());
      if (n > 0)
        out = out.subspan(static_cast<std::size_t>(n));
      else if (n == 0)
        return dead("it ended " + std::to_string(out.size()) + " bytes short");
      else if (errno != EAGAIN && errno != EINTR)
        return failed_with(errno);
      else if (left-- <= 0)
        return unread{fault_kind::slow, "it had nothing to say"};
      else
        ::poll(nullptr, 0, 1);
    }
    return std::nullopt;
  }

private:
  std::string path_;
  int file_;
  int error_;
};

class generator_noise final : public noise_source {
public:
  generator_noise(std::string name, std::unique_ptr<generator> from) : name_(std::move(name)), from_(std::move(from)) {}
  std::string name() const override { return name_; }

  std::optional<unread> read(std::span<std::uint8_t> out, std::chrono::milliseconds) override {
    from_->randomize(out.data(), out.size());
    return std::nullopt;
  }

private:
  std::string name_;
  std::unique_ptr<generator> from_;
};

/// What stands for a generator that this machine does not have: the kernel's twice would be one generator.
class no_noise final : public noise_source {
public:
  std::string name() const override { return "none on this machine"; }
  std::optional<unread> read(std::span<std::uint8_t>, std::chrono::milliseconds) override {
    return dead("this machine has no hardware generator");
  }
};

bool answers(noise_source& source) {
  std::array<std::uint8_t, 8> sample{};
  return !source.read(sample, std::chrono::milliseconds{100});
}

} // namespace

std::unique_ptr<noise_source> rdseed_source() { return std::make_unique<rdseed_noise>(); }

std::unique_ptr<noise_source> device_source(std::string path) {
  return std::make_unique<device_noise>(std::move(path));
}

std::unique_ptr<noise_source> generator_source(std::string name, std::unique_ptr<generator> from) {
  return std::make_unique<generator_noise>(std::move(name), std::move(from));
}

std::unique_ptr<noise_source> kernel_source() {
  return generator_source("kernel", std::make_unique<Botan::System_RNG>());
}

std::unique_ptr<noise_source> hardware_source() {
  for (auto& source : {rdseed_source, +[] { return device_source("/dev/hwrng"); }})
    if (auto found = source(); answers(*found))
      return found;
  if (Botan::Processor_RNG::available()) {
    auto processor = std::make_unique<Botan::Processor_RNG>();
    auto name = processor->name();
    return generator_source(std::move(name), std::move(processor));
  }
  return std::make_unique<no_noise>();
}

} // namespace oaksteel
