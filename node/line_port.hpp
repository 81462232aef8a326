#pragma once
// Reads and writes the bytes of a line, in a thread of its own. Knows nothing of frames. A line that goes away (the
// other end closed, the cable out) is taken up again when it is there again; what was written meanwhile is lost.

#include "node/line_address.hpp"
#include "storage/files.hpp"

#include <functional>
#include <memory>

namespace oaksteel {

/// Who waits at a TCP line's address, and who comes to it.
enum class line_side { listens, connects };

/// Both lead to one end: the same device, or a TCP address that is the other's.
bool same_line(const line_address& a, const line_address& b);

/// What a port's thread calls; each may block, and nothing more is read then.
struct line_listener {
  std::function<void(std::uint64_t connection)> began; ///< bytes go there and back from now on; connections are counted
  std::function<void()> ended;
  std::function<void(bytes)> heard;
  std::function<void()> turned_away; ///< a connection of another user of this machine, which is no meter of ours
};

class line_port {
public:
  /// Bytes of one heard(), and bytes that may wait to be written; those beyond are lost, as on a line.
  static constexpr std::size_t piece = 4096, unwritten_limit = 256 * 1024;

  /// Opens a device or begins to listen, so that whoever starts hears at once of what cannot be used: missing, no
  /// terminal, locked (another process has it), an address that is taken or unknown. A connection is only begun by the
  /// thread, and tried again with a growing pause (100 ms to 5 s) until it is there.
  static stored<line_port> open(const line_address& where, line_side side);
  /// Makes a pseudo-terminal; `name` becomes a link to the end that others open, when it is not empty. not_writable.
  static stored<line_port> make_terminal(const std::filesystem::path& name);

  /// Its address; of a pseudo-terminal that was made, what others open.
  std::string name() const;

  void start(line_listener listener);
  /// From any thread; does not block.
  void write(bytes data);
  /// Ends a connection, unless another has taken its place already. A device stays as it is.
  void hang_up(std::uint64_t connection);
  /// Ends the thread; nothing is called from then on. Not from within a call.
  void stop();

  line_port(line_port&&) noexcept;
  line_port& operator=(line_port&&) = delete;
  ~line_port();
  struct impl;
  explicit line_port(std::unique_ptr<impl> i);

private:
  std::unique_ptr<impl> impl_;
};

} // namespace oaksteel
