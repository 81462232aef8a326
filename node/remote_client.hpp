#pragma once
// The operator's end of a connection to a node (operator_connection.hpp): signs a request with his own key, asks, and asks
// again under the same id when the answer does not come.

#include "node/line_address.hpp"
#include "node/requests.hpp"
#include "storage/credentials.hpp"
#include "storage/files.hpp"

namespace oaksteel {

/// How an operator reaches a node over the network.
struct operator_access {
  std::filesystem::path certificates; ///< his folder, as `oaksteel pki issue operator` made it
  label node;                         ///< whose certificate the other end must show
  line_address address;
  std::optional<label> id;            ///< of the command; drawn when left out
};

/// The name of whose folder it is: the one certificate in it beside the authority's. The error is one line: also what is wrong with
/// the files.
stored<label> holder_of(const std::filesystem::path& certificates);

/// What the node answers. The request was done at most once, and perhaps was where the error says that no answer came: then
/// the same id asks for the first answer.
stored<requests::answer> ask_over_network(const operator_access& access, const requests::any_request& request);

} // namespace oaksteel
