#include "scenarios/matrix.hpp"

#include "actors/link/any_message.hpp"
#include "events/refusal.hpp"
#include "node/text.hpp"

#include <algorithm>
#include <sstream>

namespace oaksteel {
namespace {

constexpr auto messages = [] {
  using enum meter_life;
  using enum component;
  return std::to_array<matrix_message>({
    // EP Fig. 24
    {"begin leg", installation, "begin leg", kdc},
    {"begin leg acknowledged", installation, "acknowledged", kmc},
    {"MI0", installation, "MI0", kmc},
    {"MI0 acknowledged", installation, "acknowledged", kdc},
    {"MI0' asked", installation, "new key id", archive},
    {"MI0'", installation, "MI0'", kmc},
    {"MI1", installation, "MI1", oak},
    {"MI2", installation, "MI2", kmc},
    {"MI3", installation, "store record", archive},
    {"MI3 response", installation, "record stored", kmc},
    {"MI3 response to Oak", installation, "pass response", oak},
    {"Generate Response", installation, "Generate Response", kmc},
    {"MI4", installation, "MI4", kdc},
    {"MI4 acknowledged", installation, "acknowledged", kmc, 2},
    // EP Fig. 25
    {"record ready", installation, "record ready", psr},
    {"record ready acknowledged", installation, "acknowledged", kdc, 2},
    {"MI4r", installation, "MI4r", kdc},
    {"MI4'", installation, "MI4'", psr},
    {"MI4' to Steel", installation, "install key", steel},
    {"MI5q", installation, "MI5q", meter},
    {"MI5i", installation, "MI5i", steel},
    {"MI5", installation, "MI5", meter},
    {"MI5s", installation, "MI5s", steel},
    {"MI6r", installation, "MI6r", meter},
    {"MI6", installation, "MI6", steel},
    {"MI6c", installation, "MI6c", meter},
    {"MI6c'", installation, "MI6c'", steel},
    {"MI7", installation, "MI7", psr},
    {"MI7 to KDC", installation, "MI7", kdc},
    {"MI7 to KDC acknowledged", installation, "acknowledged", psr},
    {"MI7 to KMC", installation, "MI7", kmc},
    {"MI7 to KMC acknowledged", installation, "acknowledged", kdc, 3},
    {"MI3 asked", installation, "fetch record", archive, 2},
    {"MI3 fetched", installation, "record fetched", kmc, 2},
    {"MI8", installation, "MI8", brass},
    {"MI9", installation, "MI9", kmc},
    {"MI9 to archive", installation, "store record", archive, 2},
    {"MI9 response", installation, "record stored", kmc, 2},
    {"MI9 response to Brass", installation, "confirm stored", brass},
    {"MI10", installation, "confirmed", kmc},
    {"MI10 to KDC", installation, "settle", kdc},
    {"MI10 acknowledged", installation, "acknowledged", kmc, 3},
    {"MI result", installation, "order result", site},
    // EP-13b
    {"MI7 [Failed]", failed_installation, "MI7", psr},
    {"MI7 [Failed] to KDC", failed_installation, "MI7", kdc},
    {"MI7 [Failed] to KDC acknowledged", failed_installation, "acknowledged", psr},
    {"MI7 [Failed] to KMC", failed_installation, "MI7", kmc},
    {"MI7 [Failed] to KMC acknowledged", failed_installation, "acknowledged", kdc, 3},
    {"MI3 asked for MB1", failed_installation, "fetch record", archive, 2},
    {"MI3 for MB1", failed_installation, "record fetched", kmc, 2},
    {"MB1", failed_installation, "MB1", brass},
    {"MB1 by time-out", unreported_installation, "MB1", brass, 1, "mi7"},
    {"MB2", failed_installation, "MB2", kmc},
    {"MB2 to archive", failed_installation, "store record", archive, 2},
    {"MB2 response", failed_installation, "record stored", kmc, 2},
    {"MB2 response to Brass", failed_installation, "confirm stored", brass},
    {"MB3", failed_installation, "confirmed", kmc},
    {"MB3 to KDC", failed_installation, "settle", kdc},
    {"MB3 acknowledged", failed_installation, "acknowledged", kmc, 3},
    // EP Fig. 26
    {"MR1 asked", registration, "register meter", meter},
    {"MR1", registration, "MR1", psr},
    {"MR1 to KDC", registration, "MR1", kdc},
    {"MR1 to KMC", registration, "MR1", kmc},
    {"MI9 asked", registration, "fetch record", archive},
    {"MI9 fetched", registration, "record fetched", kmc},
    {"MR2", registration, "MR2", brass},
    {"MR3", registration, "MR3", kmc},
    {"MR3 to archive", registration, "store record", archive},
    {"MR3 response", registration, "record stored", kmc},
    {"MR3 response to Brass", registration, "confirm stored", brass},
    {"MR4", registration, "confirmed", kmc},
    {"MR result", registration, "order result", kdc},
    {"MR result to PSR", registration, "order result", psr},
    {"MR result to operator", registration, "order result", site},
    // EP Fig. 27
    {"MO0", retirement, "MO0", kmc},
    {"MR3 asked", retirement, "fetch record", archive},
    {"MR3 fetched", retirement, "record fetched", kmc},
    {"MO1", retirement, "MO1", brass},
    {"MO2", retirement, "MO2", kmc},
    {"MO2 to archive", retirement, "store record", archive},
    {"MO2 response", retirement, "record stored", kmc},
    {"MO2 response to Brass", retirement, "confirm stored", brass},
    {"MO3", retirement, "confirmed", kmc},
    {"MO result", retirement, "order result", site},
  });
}();

constexpr std::string_view statuses[] = {"none", "gap", "New", "Installed", "Active", "Obsolete", "Bad", "open"};

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (auto rest = text;;) {
    const auto end = rest.find(at);
    parts.emplace_back(rest.substr(0, end));
    if (end == std::string_view::npos)
      return parts;
    rest.remove_prefix(end + 1);
  }
}

/// `New Installed`, one blank between.
expected<std::string, std::string> read_statuses(std::string_view text) {
  std::string all;
  std::istringstream in{std::string{text}};
  for (std::string word; in >> word;) {
    const auto status = word.substr(word.find('/') + 1);
    if (std::ranges::find(statuses, status) == std::end(statuses))
      return unexpected{unknown_word("status of a key", status, statuses)};
    all += (all.empty() ? "" : " ") + word;
  }
  if (all.empty())
    return unexpected{std::string{"an outcome begins with the status of each key, such as \"Bad Installed\""}};
  return all;
}

bool is_component(std::string_view word) {
  for (std::uint8_t c = 1; valid(static_cast<component>(c)); ++c)
    if (name(static_cast<component>(c)) == word)
      return true;
  return false;
}

/// `signature_invalid in brass*3 to kmc*3`
std::optional<std::string> read_errors(std::string_view text, cell_outcome& out) {
  std::istringstream in{std::string{text}};
  std::string code;
  in >> code;
  const auto known = std::ranges::find(all_refusals(), code, [](refusal r) { return name(r); });
  if (known == all_refusals().end())
    return "unknown code " + in_quotes(code) + "; docs/messages.md has them all";
  auto& found = out.codes[code];
  std::map<std::string, unsigned>* list = nullptr;
  for (std::string word; in >> word;) {
    if (word == "in" || word == "to") {
      list = word == "in" ? &found.in : &found.to;
      continue;
    }
    const auto star = word.find('*');
    const auto who = word.substr(0, star);
    unsigned times = 1;
    if (star != std::string::npos) {
      const auto digits = word.substr(star + 1);
      times = digits.size() == 1 && digits[0] >= '2' && digits[0] <= '9' ? digits[0] - '0' : 0;
    }
    if (!list || !is_component(who) || times == 0)
      return in_quotes(word) + " after " + code
             + "; write `in` and `to`, each with components: \"in brass*3 to kmc*3\"";
    (*list)[who] += times;
  }
  if (found.in.empty() && found.to.empty())
    return code + " stands alone; say `in` whose error log it is, `to` whom it is told";
  return std::nullopt;
}

void list(std::string& text, std::string_view word, const std::map<std::string, unsigned>& who) {
  if (who.empty())
    return;
  text += ' ';
  text += word;
  for (const auto& [part, times] : who)
    text += ' ' + part + (times > 1 ? '*' + std::to_string(times) : "");
}

} // namespace

std::span<const matrix_message> matrix_messages() {
  return messages;
}

const any_message& listed_message(const matrix_message& m) {
  return *std::ranges::find(all_messages(), m.message, &any_message::name);
}

expected<cell_outcome, std::string> cell_outcome::parse(std::string_view text) {
  cell_outcome out;
  if (const auto bracket = text.find('('); bracket != std::string_view::npos) {
    if (!text.ends_with(')') || text.size() - bracket < 3)
      return unexpected{std::string{"a reason stands in brackets at the end: \"Installed (nobody acts on it)\""}};
    out.unseen = text.substr(bracket + 1, text.size() - bracket - 2);
    text = text.substr(0, bracket);
  }
  const auto parts = split(text, ';');
  const auto times = split(parts.front(), '|');
  if (times.size() > 2)
    return unexpected{std::string{"an order is taken up again once; write \"New | Installed\""}};
  auto keys = read_statuses(times[0]);
  if (!keys)
    return unexpected{keys.error()};
  out.keys = *keys;
  if (times.size() == 2) {
    auto again = read_statuses(times[1]);
    if (!again)
      return unexpected{again.error()};
    out.again = *again;
  }
  for (std::size_t i = 1; i < parts.size(); ++i)
    if (auto why = read_errors(parts[i], out))
      return unexpected{*why};
  return out;
}

std::string cell_outcome::text() const {
  auto all = keys + (again.empty() ? "" : " | " + again);
  for (const auto& [code, found] : codes) {
    all += "; " + code;
    list(all, "in", found.in);
    list(all, "to", found.to);
  }
  return all;
}

} // namespace oaksteel
