#pragma once
// File systems of a given size, or read-only, where the test may mount some.

#include "tests/program.hpp"

#include <iostream>

#include <sys/mount.h>

namespace oaksteel::testing {

/// A disk of a given size, gone with this object.
class small_disk {
public:
  small_disk(const std::filesystem::path& at, const std::string& size) : at_(at) {
    std::filesystem::create_directories(at);
    mounted_ = mount("none", at.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
  }
  ~small_disk() {
    if (mounted_)
      umount2(at_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  bool resize(const std::string& size) const {
    return mount("none", at_.c_str(), "tmpfs", MS_REMOUNT, ("size=" + size).c_str()) == 0;
  }
  bool make_read_only() const { return mount("none", at_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "") == 0; }

private:
  std::filesystem::path at_;
  bool mounted_ = false;
};

inline void skip(const std::string& why) {
  std::cout << "SKIPPED: " << boost::unit_test::framework::current_test_case().full_name() << ": " << why << std::endl;
}

} // namespace oaksteel::testing
