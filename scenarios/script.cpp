#include "scenarios/schema.hpp"

namespace oaksteel {

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
