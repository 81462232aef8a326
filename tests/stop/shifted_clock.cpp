// Loaded into the program with LD_PRELOAD: the machine's clock is ahead by CLOCK_AHEAD_MS milliseconds for it. For tests only.

#include <cstdlib>

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

extern "C" int clock_gettime(clockid_t which, timespec* at) {
  const auto result = static_cast<int>(syscall(SYS_clock_gettime, which, at));
  if (result != 0 || which != CLOCK_REALTIME)
    return result;
  const auto* ahead = std::getenv("CLOCK_AHEAD_MS");
  const long ms = ahead ? std::atol(ahead) : 0;
  at->tv_sec += ms / 1000;
  at->tv_nsec += ms % 1000 * 1'000'000;
  if (at->tv_nsec >= 1'000'000'000) {
    at->tv_nsec -= 1'000'000'000;
    ++at->tv_sec;
  }
  return 0;
}
