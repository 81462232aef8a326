// The driver of a fuzz target with libFuzzer: script/fuzz --coverage.

#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  oaksteel::fuzz::take({data, size});
  return 0;
}
