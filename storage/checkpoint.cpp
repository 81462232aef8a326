#include "storage/checkpoint.hpp"

namespace oaksteel {

namespace fs = std::filesystem;

std::string log_origin(const digest& id, bool simulated) {
  return (simulated ? "oaksteel/simulated/" : "oaksteel/log/") + id.hex();
}

fs::path checkpoint_file(const fs::path& dir) { return dir / "checkpoint"; }

stored<done> write_checkpoint(const fs::path& dir, const digest& id, bool simulated, const log_position& position,
                              const log_key& key) {
  auto origin = log_origin(id, simulated);
  auto note = signed_note(checkpoint{origin, position.size, position.root}.text(), origin, key);
  return write_durably(checkpoint_file(dir), {reinterpret_cast<const std::uint8_t*>(note.data()), note.size()});
}

stored<std::optional<std::string>> read_checkpoint(const fs::path& dir) {
  auto data = read_bounded(checkpoint_file(dir), note_limit);
  if (data)
    return std::optional{std::string{data->begin(), data->end()}};
  if (data.error().code == storage_code::missing)
    return std::optional<std::string>{};
  return unexpected{data.error()};
}

} // namespace oaksteel
