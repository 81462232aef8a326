#include "cli/backup.hpp"

#include "cli/output.hpp"
#include "node/restore.hpp"
#include "storage/backup.hpp"

#include <iostream>

namespace oaksteel {

int backup(const backup_arguments& arguments) {
  if (const auto problem = no_log_to_back_up(arguments.data))
    return complain(*problem);
  if (const auto written = write_backup(arguments.data, arguments.backup); !written)
    return complain(written.error());
  std::error_code none;
  const auto size = std::filesystem::file_size(arguments.backup, none);
  if (arguments.json)
    print_line(std::cout, {{"file", arguments.backup.string()}, {"bytes", size}});
  else
    std::cout << size << " bytes written to " << printable(arguments.backup.string()) << '\n';
  return output_arrived() ? exit_done : exit_io;
}

int restore(const backup_arguments& arguments) {
  if (arguments.raise_by > raise_limit)
    return complain("--raise-by is " + std::to_string(arguments.raise_by) + "; at most " + std::to_string(raise_limit)
                      + " is allowed",
                    exit_usage);
  const auto made =
    restore_backup(arguments.backup, arguments.data, static_cast<std::uint32_t>(arguments.raise_by));
  if (!made)
    return complain(made.error());
  if (arguments.json)
    print_line(std::cout, {{"node", made->node},
                           {"log", made->log.hex()},
                           {"parent", made->parent.hex()},
                           {"position", made->position}});
  else
    std::cout << "node " << printable(made->node) << " is restored in " << printable(arguments.data.string())
              << ": log " << made->log.hex() << " begins behind record " << made->position << " of log "
              << made->parent.hex() << '\n';
  return output_arrived() ? exit_done : exit_io;
}

} // namespace oaksteel
