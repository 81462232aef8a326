#pragma once
// An authority in a directory of its own, and certificates of it, as `oaksteel pki` makes them.

#include "storage/authority.hpp"
#include "tests/program.hpp"

#include <chrono>

namespace oaksteel::testing {

class deployment_pki {
public:
  deployment_pki() { BOOST_REQUIRE(make_authority_directory(authority(), days_ago(20), *random_)); }

  std::filesystem::path authority() const { return place_ / "authority"; }
  /// The folder of a node's certificate. One that began `ago` days before now ends after `days` days.
  std::filesystem::path node(const std::string& name, unsigned days = 30, unsigned ago = 0) {
    return issued({holder_kind::node, {name}}, {}, days, ago);
  }
  std::filesystem::path person(const std::string& name, operator_role role = operator_role::officer) {
    return issued({holder_kind::person, {name}}, {role}, 30, 0);
  }
  /// Puts the list that then holds for everybody into all folders.
  void revoke_at(const std::string& name, const std::vector<std::filesystem::path>& folders) {
    BOOST_REQUIRE(revoke(authority(), name, now(), *random_));
    for (const auto& folder : folders) {
      // As a new file, and not written over: a node may read it meanwhile.
      std::filesystem::copy_file(authority() / "ca.crl.pem", folder / "new");
      std::filesystem::rename(folder / "new", folder / "ca.crl.pem");
    }
  }

private:
  static instant now() {
    return {std::chrono::duration_cast<std::chrono::microseconds>(
              std::chrono::system_clock::now().time_since_epoch()).count()};
  }
  static instant days_ago(unsigned days) { return {now().us - std::int64_t{days} * 86'400 * 1'000'000}; }
  std::filesystem::path issued(const holder_name& who, std::vector<operator_role> roles, unsigned days, unsigned ago) {
    const auto out = place_ / (who.name.text + "-" + std::to_string(++count_));
    const auto made = issue(authority(), {who, std::move(roles), days, out, true}, days_ago(ago), *random_);
    BOOST_REQUIRE_MESSAGE(made, (made ? "" : made.error().text));
    return made->folder;
  }
  scratch_directory place_;
  int count_ = 0;
  std::unique_ptr<generator> random_ = system_randomness()->stream("deployment", 0);
};

} // namespace oaksteel::testing
