#pragma once
// docs/messages.md, as `oaksteel messages` prints it: from the interfaces and the one list of messages.

#include <string>

namespace oaksteel {

/// Every component's command table, every answer, and the codes of the three levels, in Markdown.
std::string message_page();

} // namespace oaksteel
