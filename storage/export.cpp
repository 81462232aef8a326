#include "storage/export.hpp"

#include "storage/archive.hpp"
#include "storage/inspect.hpp"

namespace oaksteel {

namespace {

constexpr std::size_t write_bytes_at = 1 << 20;

} // namespace

stored<std::uint64_t> write_export(log_source& source, const write_piece& write) {
  bytes buffer{export_magic.begin(), export_magic.end()};
  std::uint64_t records = 0;
  while (const auto* item = source.next()) {
    const auto* r = std::get_if<scanned_record>(item);
    if (!r)
      continue;
    if (!is_as_written(*r))
      return unexpected{storage_error{storage_code::damaged, "record " + std::to_string(r->position)
                                                               + " was changed after it was written; nothing is exported"}};
    ++records;
    encode_into(buffer, static_cast<std::uint32_t>(r->data.size()));
    buffer.insert(buffer.end(), r->data.begin(), r->data.end());
    if (buffer.size() >= write_bytes_at) {
      if (auto written = write(buffer); !written)
        return unexpected{written.error()};
      buffer.clear();
    }
  }
  if (source.damage())
    return unexpected{storage_error{storage_code::damaged, "record " + std::to_string(source.damage()->position) +
                                                               ": " + source.damage()->text}};
  auto note = source.checkpoint_note().value_or("");
  encode_into(buffer, std::uint32_t{0});
  buffer.insert(buffer.end(), note.begin(), note.end());
  encode_into(buffer, static_cast<std::uint32_t>(note.size()));
  if (auto written = write(buffer); !written)
    return unexpected{written.error()};
  return records;
}

stored<std::uint64_t> write_export(log_source& source, const std::filesystem::path& path) {
  auto file = new_file::begin(path);
  if (!file)
    return unexpected{file.error()};
  auto records = write_export(source, [&](std::span<const std::uint8_t> data) { return file->write(data); });
  if (!records)
    return records;
  if (auto finished = file->finish(); !finished)
    return unexpected{finished.error()};
  return records;
}

} // namespace oaksteel
