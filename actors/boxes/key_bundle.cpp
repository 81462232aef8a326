#include "actors/boxes/key_bundle.hpp"

#include <cstring>

namespace oaksteel {

bundle_part private_part(key_role role) {
  return static_cast<bundle_part>(role);
}
bundle_part public_part(key_role role) {
  return static_cast<bundle_part>(0x40 | static_cast<std::uint8_t>(role));
}
bundle_part start_up_part(box_type type) {
  static constexpr std::string_view order = "MOSBT";
  return static_cast<bundle_part>(static_cast<std::size_t>(bundle_part::start_up_first)
                                  + order.find(static_cast<char>(type)));
}

const secret* key_bundle::find(bundle_part part) const {
  auto it = parts_.find(part);
  return it == parts_.end() ? nullptr : &it->second;
}

secret key_bundle::packed() const {
  wiped_bytes out;
  for (const auto& [part, content] : parts_) {
    const auto& raw = reveal(content);
    const auto length = static_cast<std::uint32_t>(raw.size());
    out.push_back(static_cast<std::uint8_t>(part));
    for (int shift = 0; shift < 32; shift += 8)
      out.push_back(static_cast<std::uint8_t>(length >> shift));
    out.insert(out.end(), raw.begin(), raw.end());
  }
  return secret{std::move(out)};
}

std::optional<key_bundle> key_bundle::unpack(const secret& packed) {
  key_bundle bundle;
  std::span<const std::uint8_t> rest{reveal(packed)};
  while (!rest.empty()) {
    if (rest.size() < 5)
      return std::nullopt;
    std::uint32_t length = 0;
    std::memcpy(&length, rest.data() + 1, sizeof length);
    const auto part = static_cast<bundle_part>(rest[0]);
    rest = rest.subspan(5);
    if (length > rest.size())
      return std::nullopt;
    bundle.add(part, secret{rest.first(length)});
    rest = rest.subspan(length);
  }
  return bundle;
}

std::optional<private_key> key_bundle::key(bundle_part part, suite_id suite) const {
  auto content = find(part);
  return content ? private_key::parse(suite, *content) : std::nullopt;
}

std::optional<public_key> key_bundle::peer(key_role role, suite_id suite) const {
  auto content = find(public_part(role));
  return content ? public_key::parse(suite, reveal(*content)) : std::nullopt;
}

namespace {

std::shared_ptr<const private_key> shared(std::optional<private_key> key) {
  return key ? std::make_shared<const private_key>(std::move(*key)) : nullptr;
}

secret_handle copy_of(const secret* s) {
  return s ? std::make_shared<const secret>(std::span<const std::uint8_t>{reveal(*s)}) : nullptr;
}

struct holding {
  std::vector<key_role> own;
  std::vector<key_role> peers;
  bool secrets = false;
};

/// EP-9: who holds which key, and nobody else can.
holding holding_of(box_type type) {
  using enum key_role;
  switch (type) {
    case box_type::oak: return {{oak_authentication}, {steel_confidentiality, brass_confidentiality}, false};
    case box_type::steel: return {{steel_authentication, steel_confidentiality}, {oak_authentication}, false};
    case box_type::brass:
      return {{brass_authentication, brass_confidentiality}, {oak_authentication, steel_authentication}, true};
    case box_type::tin: return {{}, {brass_authentication}, false};
    case box_type::manufacturing: return {}; // all of it, see share_of_domain
  }
  return {};
}

} // namespace

ring_handle make_ring(const key_bundle& bundle, const domain_id& domain, suite_id suite, box_type type) {
  auto ring = std::make_shared<domain_ring>();
  ring->domain = domain;
  const auto plan = holding_of(type);
  for (auto role : plan.own) {
    auto key = shared(bundle.key(private_part(role), suite));
    if (!key)
      return nullptr;
    const bool secrecy = role == key_role::steel_confidentiality || role == key_role::brass_confidentiality;
    (secrecy ? ring->confidentiality : ring->authentication) = std::move(key);
  }
  ring->oak_authentication = bundle.peer(key_role::oak_authentication, suite);
  ring->steel_authentication = bundle.peer(key_role::steel_authentication, suite);
  ring->steel_confidentiality = bundle.peer(key_role::steel_confidentiality, suite);
  ring->brass_authentication = bundle.peer(key_role::brass_authentication, suite);
  ring->brass_confidentiality = bundle.peer(key_role::brass_confidentiality, suite);
  for (auto role : plan.peers)
    if (!bundle.find(public_part(role)))
      return nullptr;
  if (plan.secrets) {
    ring->secret_confidentiality = copy_of(bundle.find(bundle_part::brass_secret_confidentiality));
    ring->secret_authentication = copy_of(bundle.find(bundle_part::brass_secret_authentication));
    if (!ring->secret_confidentiality || !ring->secret_authentication)
      return nullptr;
  }
  if (type == box_type::brass && ring->confidentiality)
    ring->brass_confidentiality = ring->confidentiality->public_part();
  return ring;
}

key_bundle share_of_domain(const key_bundle& whole, box_type type) {
  if (type == box_type::manufacturing)
    return *key_bundle::unpack(whole.packed());
  key_bundle part;
  auto take = [&](bundle_part p) {
    if (auto content = whole.find(p))
      part.add(p, secret{std::span<const std::uint8_t>{reveal(*content)}});
  };
  const auto plan = holding_of(type);
  for (auto role : plan.own)
    take(private_part(role));
  for (auto role : plan.peers)
    take(public_part(role));
  if (plan.secrets) {
    take(bundle_part::brass_secret_confidentiality);
    take(bundle_part::brass_secret_authentication);
  }
  return part;
}

} // namespace oaksteel
