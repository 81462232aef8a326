// What OpenSSL frees is wiped. OpenSSL 3.0 leaves copies of a scalar behind when it multiplies a point (ecp_nistz256.c:
// ecp_nistz256_windowed_mul frees its digits as they are), and a disabled box holds no key in clear (EP-10).

#include "crypto/openssl.hpp"

#include <openssl/crypto.h>

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace oaksteel {
namespace {

void* allocate(std::size_t size, const char*, int) { return size == 0 ? nullptr : std::malloc(size); }

void release(void* p, const char*, int) {
  if (p)
    OPENSSL_cleanse(p, malloc_usable_size(p));
  std::free(p);
}

void* resize(void* p, std::size_t size, const char* file, int line) {
  auto* fresh = allocate(size, file, line);
  if (p && (fresh || size == 0)) {
    if (fresh)
      std::memcpy(fresh, p, std::min(size, malloc_usable_size(p)));
    release(p, file, line);
  }
  return fresh;
}

bool wipes = false;

/// Before anything of OpenSSL is used, which begins when static objects are made: it takes no other functions later.
__attribute__((constructor(101))) void wipe_what_is_freed() {
  wipes = CRYPTO_set_mem_functions(allocate, resize, release) == 1;
}

} // namespace

bool openssl_wipes() { return wipes; }

} // namespace oaksteel
