#include "node/tls_identity.hpp"

#include <boost/asio/ssl/error.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <chrono>

namespace oaksteel {
namespace {

namespace fs = std::filesystem;
namespace ssl = boost::asio::ssl;

/// Nothing for one that is not there.
std::vector<fs::file_time_type> times_of(const std::vector<fs::path>& files) {
  std::vector<fs::file_time_type> all;
  for (const auto& f : files) {
    std::error_code gone;
    all.push_back(fs::last_write_time(f, gone));
  }
  return all;
}

storage_error unfit(const fs::path& file) {
  return {storage_code::not_ours, file.string() + ": TLS cannot use this file"};
}

/// What it says, if it is to be taken now.
expected<certificate, refused_certificate> admitted(const X509* shown, const credentials& own) {
  const int size = shown ? i2d_X509(shown, nullptr) : 0;
  if (size <= 0)
    return unexpected{refused_certificate{certificate_refusal::unreadable, {}}};
  if (static_cast<std::size_t>(size) > certificate_limit)
    return unexpected{refused_certificate{certificate_refusal::too_large, {}}};
  bytes der(static_cast<std::size_t>(size));
  auto* end = der.data();
  i2d_X509(shown, &end);
  return admit(der, own.authority, own.revocations, machine_time());
}

unfit_certificate in_words(const refused_certificate& r) {
  return {std::string{text(r.why)}, r.holder ? r.holder->text() : std::string{}};
}

unfit_certificate for_no_node(const certificate& c) {
  return {"it is for no node", c.holder.text()};
}

/// What TLS tells the other end (RFC 8446, 6.2), by OpenSSL's table of verdicts.
int verdict_for_tls(certificate_refusal why) {
  switch (why) {
    case certificate_refusal::revoked: return X509_V_ERR_CERT_REVOKED;
    case certificate_refusal::expired: return X509_V_ERR_CERT_HAS_EXPIRED;
    default: return X509_V_ERR_CERT_REJECTED;
  }
}

} // namespace

instant machine_time() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::microseconds>(since).count()};
}

stored<tls_identity> tls_identity::load(const fs::path& folder, const holder_name& holder) {
  const auto files = credential_files::in(folder, holder.name);
  tls_identity all;
  all.files_ = {files.certificate, files.key, files.authority, files.revocation_list};
  all.read_at_ = times_of(all.files_);
  auto read = read_credentials(files, holder, machine_time());
  if (!read) {
    std::string wrong;
    for (const auto& line : read.error())
      wrong += (wrong.empty() ? "" : "; ") + line;
    return unexpected{storage_error{storage_code::not_ours, wrong}};
  }
  all.own_ = std::make_shared<const credentials>(std::move(*read));
  all.context_ = std::make_shared<ssl::context>(ssl::context::tls);
  auto* native = all.context_->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION);
  // Each connection proves everything anew: a session that is taken up again asks for no certificate.
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(native, 0);
  all.context_->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  SSL_CTX_set_verify_depth(native, 0); // nothing stands between the authority and a holder
  boost::system::error_code failed;
  if (all.context_->use_certificate_file(files.certificate.string(), ssl::context::pem, failed))
    return unexpected{unfit(files.certificate)};
  if (all.context_->use_private_key_file(files.key.string(), ssl::context::pem, failed))
    return unexpected{unfit(files.key)};
  if (all.context_->load_verify_file(files.authority.string(), failed))
    return unexpected{unfit(files.authority)};
  return all;
}

bool tls_identity::outdated() const { return times_of(files_) != read_at_; }

tls_problem tls_problem_of(const boost::system::error_code& failed) {
  if (failed.category() != boost::asio::error::get_ssl_category())
    return {failed.message()};
  switch (ERR_GET_REASON(static_cast<unsigned long>(failed.value()))) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST: return {"what it sends is no TLS"};
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION: return {"it has no TLS 1.3"};
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return {"it shows no certificate"};
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED: return {"it refuses the certificate shown to it: revoked", true};
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED: return {"it refuses the certificate shown to it: expired", true};
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA: return {"it refuses the certificate shown to it: of another authority", true};
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN: return {"it refuses the certificate shown to it", true};
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return {"it wants a certificate", true};
    default: return {failed.message()};
  }
}

expected<certificate, unfit_certificate> tls_identity::peer_of(const SSL* connection) const {
  auto read = admitted(SSL_get0_peer_certificate(connection), *own_);
  if (!read)
    return unexpected{in_words(read.error())};
  return std::move(*read);
}

expected<certificate, unfit_certificate> tls_identity::node_of(const SSL* connection) const {
  return of_a_node(peer_of(connection));
}

expected<certificate, unfit_certificate> tls_identity::of_a_node(expected<certificate, unfit_certificate> read) {
  if (read && read->holder.kind != holder_kind::node)
    return unexpected{for_no_node(*read)};
  return read;
}

std::optional<unfit_certificate> tls_identity::problem_with(const certificate& c) const {
  const auto now = admit(c.der, own_->authority, own_->revocations, machine_time());
  return now ? std::nullopt : std::optional{in_words(now.error())};
}

bool tls_identity::takes(bool preverified, X509_STORE_CTX* asked, std::optional<unfit_certificate>& problem) const {
  if (preverified && X509_STORE_CTX_get_error_depth(asked) > 0)
    return true; // the authority's
  const auto read = admitted(X509_STORE_CTX_get0_cert(asked), *own_);
  if (!read)
    problem = in_words(read.error());
  else if (!preverified && read->holder.kind == holder_kind::person) // it serves, and may not
    problem = for_no_node(*read);
  else if (!preverified)
    problem = unfit_certificate{X509_verify_cert_error_string(X509_STORE_CTX_get_error(asked)), read->holder.text()};
  if (preverified && !read)
    X509_STORE_CTX_set_error(asked, verdict_for_tls(read.error().why));
  return preverified && read;
}

} // namespace oaksteel
