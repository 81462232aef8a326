#pragma once
// The scenario file: what is set up, what happens, and what must come out. Its keys are documented in
// scenarios/README.md. Every mistake in a file gets one line: file, line, column, what would be right.

#include "events/expected.hpp"
#include "events/generators.hpp"
#include "events/ids.hpp"
#include "node/ceremony.hpp"
#include "node/document.hpp"
#include "scenarios/matrix.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace oaksteel {

/// `[[fault]]`: this meter fails so often during key installation of this domain.
struct meter_fault {
  sequence_number meter;
  domain_id domain;
  std::string what; ///< "write" (memory write fails) or "tokens" (wrong test tokens)
  unsigned times = 1;
};

/// `[[fault]]` of a box: from this sample on, the noise of this generator is bad; at each start anew.
struct box_fault {
  label box; ///< its slot
  generator_part generator = generator_part::hardware;
  std::string what; ///< one of noise_faults
  std::uint64_t after = 0;
};
/// How a noise source can fail.
inline constexpr std::string_view noise_faults[] = {"stuck", "biased", "repeating", "slow", "dead"};

/// `do = "ceremony"`: initialise the boxes, create the domains that no later step creates, make the domain processes.
struct first_ceremony_step {};
/// `do = "domain"`: create domains, bring all Manufacturing boxes up to date, make the domain processes.
struct domain_step {
  std::vector<domain_id> domains;
};
/// `do = "enable"`: custodians put their shares in.
struct enable_step {
  std::vector<label> boxes;
};
/// `do = "disable"`: the last share is taken out.
struct disable_step {
  std::vector<label> boxes;
};
/// `do = "activate"`: another domain of a box becomes the active one.
struct activate_step {
  label box;
  domain_id domain;
};
/// `do = "restart"`: the process ends and starts again; custodians come back to the boxes that were enabled.
struct restart_step {};
/// `do = "install"`: an order for every meter of a label file.
struct install_step {
  std::string labels; ///< file name, beside the scenario file
  std::vector<domain_id> domains;
};
/// `do = "scrap"`: take meters out before registration.
struct scrap_step {
  std::vector<sequence_number> meters;
  std::string reason;
};
/// `do = "register"`: the first `count` installed meters of the label file that are not scrapped.
struct register_step {
  unsigned count = 0;
  country_code country;
  std::uint64_t first_serial = 0;
  unsigned serial_digits = 7;
  unsigned line = 0, column = 0; ///< where `count` stands
};
/// `do = "retire"`
struct retire_step {
  std::vector<sequence_number> meters;
  std::string reason;
};
/// `do = "mail"`: every registered meter prints `pieces` indicia; the data capture system sends them
/// with the wrong ones mixed in.
struct mail_step {
  unsigned pieces = 0;
  unsigned forged = 0;       ///< a token that no key made
  unsigned altered = 0;      ///< postage changed after printing
  unsigned misdated = 0;     ///< dated before the registration
  unsigned unregistered = 0; ///< an indicia serial number that nobody has
  std::string origin = "06926";
  unsigned batch = 1000;     ///< indicia in one request
};
/// `do = "wait"`: let virtual time pass.
struct wait_step {
  unsigned hours = 0;
};
/// `do = "chance"`: the process starts anew, and from here on messages, meters and the process itself fail by chance. An
/// order that does not complete is no failure then.
struct chance_step {
  unsigned messages = 0; ///< of a thousand messages, so many meet a fault
  unsigned memory = 0;   ///< of a thousand meters, so many fail once or twice in a domain
  unsigned records = 0;  ///< written on average before the process ends; 0: it does not
  unsigned ends = 0;     ///< how often it ends at most
};

using step = std::variant<first_ceremony_step, domain_step, enable_step, disable_step, activate_step, restart_step,
                          install_step, scrap_step, register_step, retire_step, mail_step, wait_step, chance_step,
                          cell_step>;

/// `[expect]`: counts that must come out; what is not named is not checked.
struct expectations {
  std::map<domain_id, std::map<std::string, std::uint64_t>> keys;     ///< `[expect.keys.VE]` Active = 18
  std::map<domain_id, std::map<std::string, std::uint64_t>> verdicts; ///< `[expect.verdicts.VE]` good = 4000
  std::map<label, bool> enabled;                                      ///< `[expect.boxes]` oak-ve = "enabled"
};

/// A meter that a fault or a step names, and where: whether there is such a meter, the label files say.
struct meter_mention {
  sequence_number meter;
  unsigned line = 0;
  unsigned column = 0;
};

struct script : site_plan {
  std::string name;
  std::uint64_t seed = 1;
  instant start;
  std::vector<meter_fault> faults;
  std::vector<box_fault> box_faults;
  std::vector<message_fault> message_faults;
  degraded_work degraded = degraded_work::allowed;
  bool as_commands = false; ///< components talk in commands, through gates (actors/link/gate.hpp)
  std::vector<step> steps;   ///< that of a matrix stands here as its cells
  std::vector<meter_mention> mentions;
  expectations expect;
};

/// Its `chance` step and the number of that step, from 1; null and 0 when there is none.
std::pair<const chance_step*, std::uint32_t> chance_of(const script& plan);

/// The ceremony of one step, which may be none.
ceremony_steps ceremony_of(const script& plan, const step& s);
/// That of all steps, in order: what `oaksteel ceremony script` prints.
ceremony_steps ceremony_of(const script& plan);

/// Largest scenario file, in bytes.
inline constexpr std::size_t scenario_limit = document_limit;

/// Reads a scenario from its text; `file` is for messages only.
expected<script, text_error> parse_script(std::string_view text, const std::string& file);

/// A label: one meter to come (EP, "Digital Meter Requirements").
struct meter_label {
  product_code product;
  sequence_number meter;

  static auto fields(auto& self, auto take) { return take(self.product, self.meter); }
};

/// Largest label file and largest line of one, in bytes.
inline constexpr std::size_t label_file_limit = 64 * 1024 * 1024;
inline constexpr std::size_t label_line_limit = 1024;
/// Most labels in a file.
inline constexpr std::size_t label_limit = 1'000'000;

/// Reads a label file: CSV with the header `product_code,sequence_number` (columns in any order, others
/// ignored), RFC 4180 quoting, LF or CRLF, an optional UTF-8 byte-order mark.
expected<std::vector<meter_label>, text_error> parse_labels(std::string_view text, const std::string& file);

} // namespace oaksteel
