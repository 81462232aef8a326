#pragma once
// The certificate, key, authority and list of revoked certificates of a node or an operator, as TLS needs them.

#include "storage/credentials.hpp"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace oaksteel {

/// What the machine's clock says. Certificates and operators' commands hold by it; records have a clock of their own
/// (actors/surroundings.hpp).
instant machine_time();

/// Of a folder of certificates (peer_port_options).
class tls_identity {
public:
  /// The error is all that is wrong with the files.
  static stored<tls_identity> load(const std::filesystem::path& folder, const holder_name& holder);

  boost::asio::ssl::context& context() const { return *context_; }
  /// The files have changed since they were read.
  bool outdated() const;
  /// The certificate that a peer showed, or why it is not taken. That the peer holds its key is TLS's to show.
  expected<certificate, std::string> peer_of(const SSL* connection) const;
  /// The node that it must be for.
  expected<std::string, std::string> node_in(const SSL* connection) const;
  const credentials& own() const { return *own_; }

private:
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::shared_ptr<const credentials> own_;
  std::vector<std::filesystem::path> files_;
  std::vector<std::filesystem::file_time_type> read_at_;
};

} // namespace oaksteel
