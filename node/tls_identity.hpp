#pragma once
// The certificate, key, authority and list of revoked certificates of a node or an operator, as TLS needs them.

#include "storage/credentials.hpp"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <optional>
#include <string>

namespace oaksteel {

/// What the machine's clock says. Certificates and operators' commands hold by it; records have a clock of their own
/// (actors/surroundings.hpp).
instant machine_time();

/// A certificate that was shown and is not taken.
struct unfit_certificate {
  std::string why;
  std::string holder; ///< `node:factory`; empty where the authority has not signed it, so that nobody knows
};

/// A secure connection that failed.
struct tls_problem {
  std::string why;
  bool of_the_other = false; ///< it is the other end that does not take what was shown to it
};
/// In words.
tls_problem tls_problem_of(const boost::system::error_code& failed);

/// Of a folder of certificates (peer_port_options).
class tls_identity {
public:
  /// The error is all that is wrong with the files.
  static stored<tls_identity> load(const std::filesystem::path& folder, const holder_name& holder);

  boost::asio::ssl::context& context() const { return *context_; }
  /// The files have changed since they were read.
  bool outdated() const;
  /// The certificate that a peer showed, or why it is not taken. That the peer holds its key is TLS's to show.
  expected<certificate, unfit_certificate> peer_of(const SSL* connection) const;
  /// The same of a peer that must be a node.
  expected<certificate, unfit_certificate> node_of(const SSL* connection) const;
  static expected<certificate, unfit_certificate> of_a_node(expected<certificate, unfit_certificate> read);
  /// While hands are shaken, as OpenSSL asks it of each certificate of a chain: whether this one is taken. So whoever is
  /// not let in hears why from TLS itself. What is wrong is left in `problem`.
  bool takes(bool preverified, X509_STORE_CTX* asked, std::optional<unfit_certificate>& problem) const;
  /// Of one that was taken before: what is wrong with it now.
  std::optional<unfit_certificate> problem_with(const certificate& c) const;
  const credentials& own() const { return *own_; }

private:
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::shared_ptr<const credentials> own_;
  std::vector<std::filesystem::path> files_;
  std::vector<std::filesystem::file_time_type> read_at_;
};

} // namespace oaksteel
