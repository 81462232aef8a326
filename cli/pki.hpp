#pragma once
// `oaksteel pki`: the authority of a trial deployment, and the certificates of its nodes and operators.

#include "storage/authority.hpp"

namespace oaksteel {

struct pki_arguments {
  std::filesystem::path authority; ///< the authority's directory
  bool json = false;
};

// Each does its work, prints what came of it, and returns the exit status (output.hpp). No key is printed.

int pki_init(const pki_arguments& arguments);
int pki_issue(const pki_arguments& arguments, const certificate_order& order);
/// `what`: a holder, a serial or a file with a certificate.
int pki_revoke(const pki_arguments& arguments, const std::string& what);
/// All that was issued, in that order.
int pki_list(const pki_arguments& arguments);

} // namespace oaksteel
