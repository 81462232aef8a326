#include "actors/boxes/share_file.hpp"

#include "storage/media.hpp"

#include <botan/hex.h>

#include <algorithm>

namespace oaksteel {
namespace {

using wiped_text = Botan::secure_vector<std::uint8_t>;

constexpr std::string_view first_line = "oaksteel share 1\n";
constexpr std::string_view share_key = "share = \"";

void add(wiped_text& out, std::string_view s) {
  out.insert(out.end(), s.begin(), s.end());
}

media medium_of(const std::filesystem::path& directory, const label& custodian) {
  return media{directory / custodian.text};
}

std::string file_of(const std::string& of) {
  return of + ".share";
}

} // namespace

std::optional<storage_error> write_share(const std::filesystem::path& directory, const share_header& header,
                                         const secret& share) {
  wiped_text text;
  add(text, first_line);
  add(text, "for = \"" + header.of + "\"\ncustodian = \"" + header.custodian.text + "\"\n");
  add(text, "index = " + std::to_string(header.index) + "\nthreshold = " + std::to_string(header.threshold) + "\n");
  add(text, share_key);
  const auto& raw = reveal(share);
  wiped_text hex(raw.size() * 2);
  Botan::hex_encode(reinterpret_cast<char*>(hex.data()), raw.data(), raw.size(), false);
  text.insert(text.end(), hex.begin(), hex.end());
  add(text, "\"\n");
  auto written = medium_of(directory, header.custodian).write(file_of(header.of), secret{std::move(text)});
  if (written)
    return std::nullopt;
  return written.error();
}

expected<secret, refusal> read_share(const std::filesystem::path& directory, const label& custodian,
                                     const std::string& of) {
  auto file = medium_of(directory, custodian).read(file_of(of));
  if (!file)
    return refuse(refusal::share_missing);
  const auto& text = reveal(*file);
  const auto begins = std::equal(first_line.begin(), first_line.end(), text.begin(),
                                 text.size() < first_line.size() ? text.begin() + static_cast<long>(text.size())
                                                                 : text.begin() + static_cast<long>(first_line.size()));
  auto at = std::search(text.begin(), text.end(), share_key.begin(), share_key.end());
  if (!begins || at == text.end())
    return refuse(refusal::share_wrong);
  at += static_cast<long>(share_key.size());
  const auto end = std::find(at, text.end(), '"');
  const auto length = static_cast<std::size_t>(end - at);
  if (end == text.end() || length == 0 || length % 2 != 0)
    return refuse(refusal::share_wrong);
  wiped_text share(length / 2);
  try {
    // Botan decodes from the wiped memory into wiped memory and throws at the first wrong character.
    const auto got = Botan::hex_decode(share.data(), reinterpret_cast<const char*>(&*at), length, false);
    if (got != share.size())
      return refuse(refusal::share_wrong);
  } catch (const std::exception&) {
    return refuse(refusal::share_wrong);
  }
  return secret{std::move(share)};
}

} // namespace oaksteel
