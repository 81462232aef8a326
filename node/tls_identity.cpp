#include "node/tls_identity.hpp"

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

expected<certificate, std::string> tls_identity::peer_of(const SSL* connection) const {
  auto* shown = SSL_get0_peer_certificate(connection);
  const int size = shown ? i2d_X509(shown, nullptr) : 0;
  if (size <= 0 || static_cast<std::size_t>(size) > certificate_limit)
    return unexpected{std::string{"it shows no certificate, or one that is too large"}};
  bytes der(static_cast<std::size_t>(size));
  auto* end = der.data();
  i2d_X509(shown, &end);
  auto read = admit(der, own_->authority, own_->revocations, machine_time());
  if (!read)
    return unexpected{std::string{text(read.error())}};
  return std::move(*read);
}

expected<std::string, std::string> tls_identity::node_in(const SSL* connection) const {
  const auto read = peer_of(connection);
  if (!read)
    return unexpected{read.error()};
  if (read->holder.kind != holder_kind::node)
    return unexpected{"its certificate is for " + read->holder.text() + ", and for no node"};
  return read->holder.name.text;
}

} // namespace oaksteel
