#pragma once
// Mail that was read, as a file: one piece a line, with a header.
//
//   serial,date,piece,postage_thousandths,origin,tokens
//   000000100001,20261128,1,730,06484,VE=123456 USPS=654321
//
// Values hold no comma and no quote. A line may end with CR LF, empty lines are passed over, and a byte-order mark is.

#include "events/mail.hpp"
#include "node/text.hpp"

namespace oaksteel {

inline constexpr std::string_view mail_header = "serial,date,piece,postage_thousandths,origin,tokens";

/// A line of the file, without its end.
std::string mail_line(const indicium& piece);

/// The pieces; or where the first mistake is, and what would be right. `file` names the text. More than `most` are one.
expected<std::vector<indicium>, text_error> read_mail(std::string_view text, const std::string& file,
                                                      std::size_t most = mail_batch_limit);

/// Files of at most mail_batch_limit pieces and `most` bytes each, which hold the pieces in their order.
std::vector<std::string> mail_files(const std::vector<indicium>& pieces, std::size_t most);

} // namespace oaksteel
