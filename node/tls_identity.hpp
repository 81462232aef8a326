#pragma once
// A node's certificate, key, authority and list of revoked certificates, as TLS needs them.

#include "storage/credentials.hpp"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace oaksteel {

/// Of a folder of certificates (peer_port_options).
class tls_identity {
public:
  /// The error is all that is wrong with the files.
  static stored<tls_identity> load(const std::filesystem::path& folder, const std::string& node);

  boost::asio::ssl::context& context() const { return *context_; }
  /// The files have changed since they were read.
  bool outdated() const;
  /// The node that a peer's certificate is for, or why the certificate is not taken. That the peer holds its key is TLS's to
  /// show.
  expected<std::string, std::string> node_in(const SSL* connection) const;

private:
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::shared_ptr<const credentials> own_;
  std::vector<std::filesystem::path> files_;
  std::vector<std::filesystem::file_time_type> read_at_;
};

} // namespace oaksteel
