#include "scenarios/schema.hpp"

namespace oaksteel {

std::pair<const chance_step*, std::uint32_t> chance_of(const script& plan) {
  for (std::uint32_t i = 0; i < plan.steps.size(); ++i)
    if (auto s = std::get_if<chance_step>(&plan.steps[i]))
      return {s, i + 1};
  return {nullptr, 0};
}

expected<script, text_error> parse_script(std::string_view text, const std::string& file) {
  const auto document = read_document(text, file, "scenario");
  if (!document)
    return unexpected{document.error()};
  auto result = read_script(*document);
  if (result)
    return result;
  auto error = result.error();
  error.file = file;
  return unexpected{std::move(error)};
}

} // namespace oaksteel
