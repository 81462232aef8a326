#pragma once
// A request as an operator signs it and a node reads it (SYS-6). One line:
//
//   line := record [" " request]      record: hex of a signed_record, whose body is an operation_body
//
// The request stands in the body. Mail that is too long for an event stands behind it, and the body has its digest; no
// other request may.

#include "crypto/certificate.hpp"
#include "events/operation.hpp"
#include "node/requests.hpp"

namespace oaksteel {

/// Longest line.
inline constexpr std::size_t signed_request_limit = 2 * 64 * 1024 + requests::request_limit;

/// What came over a connection whose other end showed `who`; whether he signed it is for actors/operators.hpp.
struct signed_request {
  certificate who;
  signed_record command;
  operation_body body;
  requests::any_request request;
};

/// What an operator says of a request, beside the request.
struct request_terms {
  label node; ///< for which it is
  label by;
  label id;
  instant time;
};
std::string sign_request(const request_terms& terms, const requests::any_request& request, const private_key& key,
                         generator& random);
/// Or one line that says why it is none.
expected<signed_request, std::string> read_signed_request(std::string_view line, certificate who);

} // namespace oaksteel
