#pragma once
// The line that an exported log begins with; the grammar stands at write_export() in inspect.hpp.

#include <string_view>

namespace oaksteel {

inline constexpr std::string_view export_magic = "oaksteel export 1\n";

} // namespace oaksteel
