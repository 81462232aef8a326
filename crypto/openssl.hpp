#pragma once
// What OpenSSL hands out, and what it keeps.

namespace oaksteel {

/// Of what OpenSSL hands out.
template <auto Free>
struct freed {
  void operator()(auto* p) const { Free(p); }
};

/// Whether what OpenSSL frees is wiped (openssl_memory.cpp). Without it no scalar is given to it.
bool openssl_wipes();

} // namespace oaksteel
