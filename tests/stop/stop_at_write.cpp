// Loaded into the program with LD_PRELOAD: counts every call that changes a file below one directory, and ends the
// process at the one that the environment names. For tests only; how they use it: tests/README.md.
//
//   STOP_BELOW   the directory, absolute; without it nothing is counted
//   STOP_AT      number of the call, from 1; 0 ends nothing
//   STOP_WHEN    before | half | after: before the call; after half of its bytes, where only calls that write at least
//                two bytes are counted; after the call
//                spoil: nothing ends; a bit of what the call (only write() is counted) writes is another
//   STOP_LIST    a file outside of the directory: at exit it gets one line for each call, `name path`
//
// Child processes count with their parent, and their stop ends both: to whoever looks at the files, the program is all
// of them. What it writes to memory that it shares with a file (LMDB's table of readers) is no call and not counted.
// The steady clock goes on by a tenth of a second at each reading and not otherwise: what depends on it (a checkpoint
// each second) comes at the same call in every run, however busy the machine is.

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

namespace {

enum class moment { before, half, after, spoil };

/// What parent and children share; mapped, so that it outlives every close().
struct tally {
  std::atomic<unsigned> calls;
  std::atomic<std::size_t> listed;
  char list[1 << 20];
};

struct plan {
  char below[PATH_MAX] = "";
  unsigned at = 0;
  moment when = moment::before;
  const char* list = nullptr;
  pid_t program = 0;
  tally* shared = nullptr;
  std::atomic<unsigned> clock_readings = 0;
};
plan now;

/// The function of that name behind this library.
template <class F>
F* next_of(const char* name, F*) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

/// The path that a call is about.
struct place {
  char path[PATH_MAX] = "";

  bool counts() const {
    const std::string_view below{now.below}, all{path};
    return now.shared && !below.empty() && all.starts_with(below)
           && (all.size() == below.size() || all[below.size()] == '/');
  }
};

place of_file(int fd) {
  const int error = errno;
  char link[32];
  place p;
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const auto n = fd > 2 ? readlink(link, p.path, sizeof p.path - 1) : -1;
  p.path[n < 0 ? 0 : n] = '\0';
  errno = error;
  return p;
}

place of_name(int folder, const char* name) {
  if (!name || *name == '\0')
    return of_file(folder); // AT_EMPTY_PATH
  place p;
  if (*name != '/') {
    if (folder == AT_FDCWD)
      p.path[getcwd(p.path, sizeof p.path) ? std::strlen(p.path) : 0] = '\0';
    else
      p = of_file(folder);
  }
  const auto length = std::strlen(p.path);
  std::snprintf(p.path + length, sizeof p.path - length, *name == '/' ? "%s" : "/%s", name);
  return p;
}

[[noreturn]] void stop() {
  if (getpid() != now.program)
    kill(now.program, SIGKILL);
  kill(getpid(), SIGKILL);
  for (;;)
    pause();
}

void list(const char* name, const place& where) {
  char line[PATH_MAX + 64];
  const auto size = static_cast<std::size_t>(std::snprintf(line, sizeof line, "%s %s\n", name, where.path));
  auto& t = *now.shared;
  const auto at = t.listed.fetch_add(size);
  if (at + size <= sizeof t.list)
    std::memcpy(t.list + at, line, size);
}

/// True when this is the call to stop at.
bool reached(const char* name, const place& where) {
  list(name, where);
  return now.shared->calls.fetch_add(1) + 1 == now.at;
}

/// A call that happens as a whole.
template <class Call>
auto changing(const char* name, const place& where, const Call& call) {
  const bool counted = now.when == moment::before || now.when == moment::after;
  const bool last = counted && where.counts() && reached(name, where);
  if (last && now.when == moment::before)
    stop();
  const auto result = call();
  if (last)
    stop();
  return result;
}

/// A call that writes `size` bytes; `part(n)` writes the first n of them.
template <class Part>
ssize_t writing(const char* name, int fd, std::size_t size, const Part& part) {
  const auto where = of_file(fd);
  if (now.when != moment::half)
    return changing(name, where, [&] { return part(size); });
  if (size > 1 && where.counts() && reached(name, where)) {
    part(size / 2);
    stop();
  }
  return part(size);
}

/// The first `size` bytes of what `parts` hold.
struct shortened {
  iovec parts[IOV_MAX];
  int count = 0;

  shortened(const iovec* all, int n, std::size_t size) {
    for (; count < n && size > 0; ++count) {
      parts[count] = all[count];
      parts[count].iov_len = std::min(all[count].iov_len, size);
      size -= parts[count].iov_len;
    }
  }
};
std::size_t bytes_in(const iovec* parts, int n) {
  std::size_t size = 0;
  for (int i = 0; i < n; ++i)
    size += parts[i].iov_len;
  return size;
}

bool changes(int flags) {
  return (flags & (O_CREAT | O_TRUNC)) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}
mode_t mode_in(int flags, va_list arguments) {
  return changes(flags) ? va_arg(arguments, mode_t) : 0;
}
bool changes(const char* mode) {
  return std::strpbrk(mode, "wa") != nullptr;
}

__attribute__((constructor)) void begin() {
  const char* below = std::getenv("STOP_BELOW");
  if (!below)
    return;
  std::snprintf(now.below, sizeof now.below, "%s", below);
  const char* at = std::getenv("STOP_AT");
  now.at = at ? static_cast<unsigned>(std::strtoul(at, nullptr, 10)) : 0;
  const std::string_view when = std::getenv("STOP_WHEN") ? std::getenv("STOP_WHEN") : "before";
  now.when = when == "half"    ? moment::half
             : when == "after" ? moment::after
             : when == "spoil" ? moment::spoil
                               : moment::before;
  now.list = std::getenv("STOP_LIST");
  now.program = getpid();
  void* memory = mmap(nullptr, sizeof(tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    std::abort();
  now.shared = static_cast<tally*>(memory);
}

__attribute__((destructor)) void end() {
  if (!now.shared || !now.list || getpid() != now.program)
    return;
  auto& t = *now.shared;
  const int fd = next_of("open", &open)(now.list, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  // A list that does not fit is no list.
  if (fd < 0 || t.listed > sizeof t.list
      || next_of("write", &write)(fd, t.list, t.listed) != static_cast<ssize_t>(t.listed))
    std::abort();
  close(fd);
}

} // namespace

// --- the calls, as the C library declares them; those with 64 in their names are the same here ----------

extern "C" {

int open(const char* path, int flags, ...) {
  static const auto next = next_of("open", &open);
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_in(flags, arguments);
  va_end(arguments);
  if (!changes(flags))
    return next(path, flags);
  return changing("open", of_name(AT_FDCWD, path), [&] { return next(path, flags, mode); });
}
int open64(const char* path, int flags, ...) __attribute__((alias("open")));

int openat(int folder, const char* path, int flags, ...) {
  static const auto next = next_of("openat", &openat);
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_in(flags, arguments);
  va_end(arguments);
  if (!changes(flags))
    return next(folder, path, flags);
  return changing("openat", of_name(folder, path), [&] { return next(folder, path, flags, mode); });
}
int openat64(int folder, const char* path, int flags, ...) __attribute__((alias("openat")));

int creat(const char* path, mode_t mode) {
  return open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}
int creat64(const char* path, mode_t mode) __attribute__((alias("creat")));

FILE* fopen(const char* path, const char* mode) {
  static const auto next = next_of("fopen", &fopen);
  if (!changes(mode))
    return next(path, mode);
  return changing("fopen", of_name(AT_FDCWD, path), [&] { return next(path, mode); });
}
FILE* fopen64(const char* path, const char* mode) __attribute__((alias("fopen")));

ssize_t write(int fd, const void* data, size_t size) {
  static const auto next = next_of("write", &write);
  const auto where = of_file(fd);
  if (now.when == moment::spoil && size > 0 && where.counts() && reached("write", where)) {
    auto* other = static_cast<char*>(std::malloc(size));
    std::memcpy(other, data, size);
    other[size / 2] ^= 1;
    const auto n = next(fd, other, size);
    std::free(other);
    return n;
  }
  return writing("write", fd, size, [&](size_t n) { return next(fd, data, n); });
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  static const auto next = next_of("pwrite", &pwrite);
  return writing("pwrite", fd, size, [&](size_t n) { return next(fd, data, n, at); });
}
ssize_t pwrite64(int fd, const void* data, size_t size, off_t at) __attribute__((alias("pwrite")));

ssize_t writev(int fd, const iovec* parts, int count) {
  static const auto next = next_of("writev", &writev);
  return writing("writev", fd, bytes_in(parts, count), [&](size_t n) {
    const shortened first{parts, count, n};
    return next(fd, first.parts, first.count);
  });
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t at) {
  static const auto next = next_of("pwritev", &pwritev);
  return writing("pwritev", fd, bytes_in(parts, count), [&](size_t n) {
    const shortened first{parts, count, n};
    return next(fd, first.parts, first.count, at);
  });
}
ssize_t pwritev64(int fd, const iovec* parts, int count, off_t at) __attribute__((alias("pwritev")));

ssize_t sendfile(int to, int from, off_t* at, size_t size) {
  static const auto next = next_of("sendfile", reinterpret_cast<ssize_t (*)(int, int, off_t*, size_t)>(0));
  return writing("sendfile", to, size, [&](size_t n) { return next(to, from, at, n); });
}
ssize_t sendfile64(int to, int from, off_t* at, size_t size) __attribute__((alias("sendfile")));

ssize_t copy_file_range(int from, off_t* from_at, int to, off_t* to_at, size_t size, unsigned flags) {
  static const auto next = next_of("copy_file_range", &copy_file_range);
  return writing("copy_file_range", to, size, [&](size_t n) { return next(from, from_at, to, to_at, n, flags); });
}

int fsync(int fd) {
  static const auto next = next_of("fsync", &fsync);
  return changing("fsync", of_file(fd), [&] { return next(fd); });
}

int fdatasync(int fd) {
  static const auto next = next_of("fdatasync", &fdatasync);
  return changing("fdatasync", of_file(fd), [&] { return next(fd); });
}

/// Which file lies behind the memory is not asked for: only logs are mapped for writing.
int msync(void* memory, size_t size, int flags) {
  static const auto next = next_of("msync", &msync);
  place mapped;
  std::snprintf(mapped.path, sizeof mapped.path, "%s", now.below);
  return changing("msync", mapped, [&] { return next(memory, size, flags); });
}

int ftruncate(int fd, off_t size) {
  static const auto next = next_of("ftruncate", &ftruncate);
  return changing("ftruncate", of_file(fd), [&] { return next(fd, size); });
}
int ftruncate64(int fd, off_t size) __attribute__((alias("ftruncate")));

int truncate(const char* path, off_t size) {
  static const auto next = next_of("truncate", &truncate);
  return changing("truncate", of_name(AT_FDCWD, path), [&] { return next(path, size); });
}
int truncate64(const char* path, off_t size) __attribute__((alias("truncate")));

int fallocate(int fd, int mode, off_t at, off_t size) {
  static const auto next = next_of("fallocate", &fallocate);
  return changing("fallocate", of_file(fd), [&] { return next(fd, mode, at, size); });
}
int fallocate64(int fd, int mode, off_t at, off_t size) __attribute__((alias("fallocate")));

int posix_fallocate(int fd, off_t at, off_t size) {
  static const auto next = next_of("posix_fallocate", &posix_fallocate);
  return changing("posix_fallocate", of_file(fd), [&] { return next(fd, at, size); });
}
int posix_fallocate64(int fd, off_t at, off_t size) __attribute__((alias("posix_fallocate")));

int rename(const char* from, const char* to) {
  static const auto next = next_of("rename", &rename);
  return changing("rename", of_name(AT_FDCWD, to), [&] { return next(from, to); });
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  static const auto next = next_of("renameat", &renameat);
  return changing("renameat", of_name(to_folder, to), [&] { return next(from_folder, from, to_folder, to); });
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  static const auto next = next_of("renameat2", &renameat2);
  return changing("renameat2", of_name(to_folder, to), [&] { return next(from_folder, from, to_folder, to, flags); });
}

int link(const char* from, const char* to) {
  static const auto next = next_of("link", &link);
  return changing("link", of_name(AT_FDCWD, to), [&] { return next(from, to); });
}

int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  static const auto next = next_of("linkat", &linkat);
  return changing("linkat", of_name(to_folder, to), [&] { return next(from_folder, from, to_folder, to, flags); });
}

int symlink(const char* target, const char* at) {
  static const auto next = next_of("symlink", &symlink);
  return changing("symlink", of_name(AT_FDCWD, at), [&] { return next(target, at); });
}

int unlink(const char* path) {
  static const auto next = next_of("unlink", &unlink);
  return changing("unlink", of_name(AT_FDCWD, path), [&] { return next(path); });
}

int unlinkat(int folder, const char* path, int flags) {
  static const auto next = next_of("unlinkat", &unlinkat);
  return changing("unlinkat", of_name(folder, path), [&] { return next(folder, path, flags); });
}

int remove(const char* path) {
  static const auto next = next_of("remove", static_cast<int (*)(const char*)>(nullptr));
  return changing("remove", of_name(AT_FDCWD, path), [&] { return next(path); });
}

int rmdir(const char* path) {
  static const auto next = next_of("rmdir", &rmdir);
  return changing("rmdir", of_name(AT_FDCWD, path), [&] { return next(path); });
}

int mkdir(const char* path, mode_t mode) {
  static const auto next = next_of("mkdir", &mkdir);
  return changing("mkdir", of_name(AT_FDCWD, path), [&] { return next(path, mode); });
}

int mkdirat(int folder, const char* path, mode_t mode) {
  static const auto next = next_of("mkdirat", &mkdirat);
  return changing("mkdirat", of_name(folder, path), [&] { return next(folder, path, mode); });
}

int chmod(const char* path, mode_t mode) {
  static const auto next = next_of("chmod", &chmod);
  return changing("chmod", of_name(AT_FDCWD, path), [&] { return next(path, mode); });
}

int fchmod(int fd, mode_t mode) {
  static const auto next = next_of("fchmod", &fchmod);
  return changing("fchmod", of_file(fd), [&] { return next(fd, mode); });
}

int clock_gettime(clockid_t which, timespec* time) {
  static const auto next = next_of("clock_gettime", &clock_gettime);
  if (!now.shared || which != CLOCK_MONOTONIC)
    return next(which, time);
  const auto tenths = 10'000 + now.clock_readings.fetch_add(1);
  *time = {static_cast<time_t>(tenths / 10), static_cast<long>(tenths % 10) * 100'000'000};
  return 0;
}

int fchmodat(int folder, const char* path, mode_t mode, int flags) {
  static const auto next = next_of("fchmodat", &fchmodat);
  return changing("fchmodat", of_name(folder, path), [&] { return next(folder, path, mode, flags); });
}

} // extern "C"
