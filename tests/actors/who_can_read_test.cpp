// EP-9: who can read what. The table is the specification's, not the code's. Every part of the system tries, with all
// that it has and all that it finds with that, to open everything that lies sealed beside the log of a finished day:
// what opens, and which keys it finds, are the table's cells and nothing else.

#include "actors/boxes/installation.hpp"
#include "actors/boxes/record_addresses.hpp"
#include "crypto/shares.hpp"
#include "storage/signed_body.hpp"
#include "tests/actors/custodians.hpp"

#include <set>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(who_can_read)
namespace {

const domain_id ve{"VE"}, usps{"USPS"};

/// Whose a secret is: every line of the table is meant for each box, each domain, each meter by itself.
enum class belongs_to { a_box, the_site, a_domain, a_meter };

/// `readers` are the letters of the boxes, and m for a meter. Nobody else can: not the archives, KMC, KDC, PSR, data
/// capture systems, auditors, nor any part of another domain.
struct {
  std::string kind;
  belongs_to whose;
  std::string readers;
} const table[] = {
  // keys
  {"operation combination", belongs_to::a_box, "MOSBT"},
  {"start-up confidentiality key", belongs_to::a_box, "MOSBT"},
  {"domain key set, confidentiality", belongs_to::the_site, "M"},
  {"domain key set, authentication", belongs_to::the_site, "M"},
  {"start-up authentication key M", belongs_to::the_site, "M"},
  {"start-up authentication key O", belongs_to::the_site, "M"},
  {"start-up authentication key S", belongs_to::the_site, "M"},
  {"start-up authentication key B", belongs_to::the_site, "M"},
  {"start-up authentication key T", belongs_to::the_site, "M"},
  {"oak authentication private", belongs_to::a_domain, "MO"},
  {"steel authentication private", belongs_to::a_domain, "MS"},
  {"steel confidentiality private", belongs_to::a_domain, "MS"},
  {"brass authentication private", belongs_to::a_domain, "MB"},
  {"brass confidentiality private", belongs_to::a_domain, "MB"},
  {"S_B", belongs_to::a_domain, "MB"},
  {"s_B", belongs_to::a_domain, "MB"},
  {"memory key", belongs_to::a_meter, "m"},
  // what lies sealed
  {"keys of the box", belongs_to::a_box, "MOSBT"},
  {"domain process", belongs_to::a_box, "OSBT"},
  {"key set", belongs_to::a_box, "M"},
  {"package", belongs_to::a_box, "MOSBT"}, // by its own box alone
  {"whole domain", belongs_to::a_domain, "M"},
  {"master key to Brass, MI3", belongs_to::a_domain, "MB"},
  {"master key and test tokens to Steel, MI4", belongs_to::a_domain, "MS"},
  {"master key to Brass, MI9", belongs_to::a_domain, "MB"},
  {"master key under S_B, MR3", belongs_to::a_domain, "MB"},
  {"master key in the meter", belongs_to::a_meter, "m"},
};

/// A ciphertext, where it opens, and where it must not although the key is right.
struct sealed_thing {
  std::string kind, of;
  domain_id domain; ///< of what is in it
  bytes sealed, address;
  std::vector<bytes> elsewhere;
};

/// A key of somebody, or what he found with one: asymmetric, or 32 secret bytes.
struct found_key {
  std::shared_ptr<const private_key> asymmetric;
  secret_handle secret_bytes;
};

struct part {
  std::string name;
  char letter = '-';
  std::string box, meter;        ///< when it is one
  std::set<domain_id> domains;   ///< that it works for
  std::vector<found_key> keys;
  std::set<std::pair<std::string, std::string>> found; ///< kind, and whose
  std::set<const sealed_thing*> opened;

  bool may_read(const std::string& kind, const std::string& of) const {
    for (const auto& line : table)
      if (line.kind == kind && line.readers.find(letter) != std::string::npos)
        switch (line.whose) {
          case belongs_to::a_box: return of == box;
          case belongs_to::the_site: return !box.empty();
          case belongs_to::a_domain: return domains.contains({of});
          case belongs_to::a_meter: return of == meter;
        }
    return false;
  }
};

/// What not every box has that could read it.
const std::set<std::string> not_for_all{"domain process", "key set", "package"};

std::string name_of(bundle_part p) {
  if (p == bundle_part::brass_secret_confidentiality)
    return "S_B";
  if (p == bundle_part::brass_secret_authentication)
    return "s_B";
  if (p == bundle_part::domain_set_confidentiality)
    return "domain key set, confidentiality";
  if (p == bundle_part::domain_set_authentication)
    return "domain key set, authentication";
  if (p == bundle_part::start_up_confidentiality)
    return "start-up confidentiality key";
  for (const auto type : {box_type::manufacturing, box_type::oak, box_type::steel, box_type::brass, box_type::tin})
    if (p == start_up_part(type))
      return std::string{"start-up authentication key "} + static_cast<char>(type);
  return std::string{name(static_cast<key_role>(p))} + " private";
}

/// Takes the keys out of a bundle.
void learn(part& who, const key_bundle& bundle, const domain_id& domain) {
  for (const auto p : all_parts_of(bundle)) {
    if (is_public(p))
      continue;
    const auto* content = bundle.find(p);
    if (auto key = private_key::parse(suite_id::p256, *content))
      who.keys.push_back({std::make_shared<const private_key>(std::move(*key)), nullptr});
    else
      who.keys.push_back({nullptr, std::make_shared<const secret>(std::span{reveal(*content)})});
    who.found.emplace(name_of(p), p == bundle_part::start_up_confidentiality ? who.box : domain.text);
  }
}

std::optional<secret> open_with(const found_key& key, const bytes& sealed, const bytes& address) {
  return key.asymmetric ? opener{*key.asymmetric, blinding_generator()}.open(sealed, address)
                        : open_under(*key.secret_bytes, sealed, address);
}

/// Tries every key on everything until nothing more opens. A master key that was found is tried as a key too.
void read_all(part& who, const std::vector<sealed_thing>& things) {
  for (std::size_t i = 0; i < who.keys.size(); ++i)
    for (const auto& thing : things) {
      const auto key = who.keys[i];
      auto content = open_with(key, thing.sealed, thing.address);
      if (!content)
        continue;
      for (const auto& address : thing.elsewhere)
        BOOST_CHECK_MESSAGE(!open_with(key, thing.sealed, address), thing.kind << " opens for another address");
      if (!who.opened.insert(&thing).second)
        continue;
      who.found.emplace(thing.kind, thing.of);
      if (thing.kind.starts_with("master key")) {
        const std::span<const std::uint8_t> k{reveal(*content)};
        who.keys.push_back({nullptr, std::make_shared<const secret>(k.first(32))});
      } else if (auto bundle = key_bundle::unpack(*content)) {
        learn(who, *bundle, thing.domain);
      }
    }
}

/// Both ciphertexts beside key_generated (oak.cpp).
struct sealed_pair {
  bytes to_brass, to_steel;
  static auto fields(auto& self, auto take) { return take(self.to_brass, self.to_steel); }
};

bytes text_of(const std::string& s) {
  return {s.begin(), s.end()};
}

/// Says of each sealed event what it is; an event that nobody thought of here has no overload, and the test fails.
struct day_reader {
  const site_bench& bench;
  std::vector<sealed_thing> things = {};
  std::map<key_id, indicia_serial> serials = {};
  bytes sealed = {};

  std::string slot_of(const box_id& id) const {
    for (const auto& b : const_cast<site_bench&>(bench).all().boxes())
      if (bench.id_of(b.plan.slot.text) == id)
        return b.plan.slot.text;
    return {};
  }
  static domain_id other(const domain_id& d) { return d == ve ? usps : ve; }

  void add(const std::string& kind, const std::string& of, const domain_id& domain, const bytes& material,
           const bytes& address, std::vector<bytes> elsewhere) {
    BOOST_CHECK(!material.empty());
    things.push_back({kind, of, domain, material, address, std::move(elsewhere)});
  }
  /// A master key that travels from box to box.
  void travels(const std::string& kind, body_type type, const key_id& key, const box_id& from, const box_id& to,
               const bytes& material) {
    const auto next = [](box_id id) { return box_id{id.type, id.number + 1}; };
    const auto another = type == body_type::mi3 ? body_type::mi4 : body_type::mi3;
    add(kind, key.domain.text, key.domain, material, sealed_address(type, key, from, to),
        {sealed_address(another, key, from, to), sealed_address(type, {other(key.domain), key.number}, from, to),
         sealed_address(type, {key.domain, key.number + 1}, from, to), sealed_address(type, key, next(from), to),
         sealed_address(type, key, from, next(to))});
  }
  void under_s_b(const key_id& key, const sequence_number& meter, const indicia_serial& serial) {
    const auto type = body_type::mr3;
    add("master key under S_B, MR3", key.domain.text, key.domain, sealed, sealed_address(type, key, meter, serial),
        {sealed_address(body_type::mo2, key, meter, serial),
         sealed_address(type, {other(key.domain), key.number}, meter, serial),
         sealed_address(type, {key.domain, key.number + 1}, meter, serial),
         sealed_address(type, key, {meter.text + "0"}, serial), sealed_address(type, key, meter, {serial.text + "0"})});
  }

  void read(const box_initialised& e) {
    const box_id second{e.box.type, e.box.number + 1};
    add("keys of the box", e.slot.text, {}, sealed, bundle_address(e.box, "box"),
        {bundle_address(second, "box"), bundle_address(e.box, "VE")});
  }
  void read(const key_set_received& e) {
    const box_id second{e.box.type, e.box.number + 1};
    add("key set", slot_of(e.box), {}, sealed, bundle_address(e.box, "key set"),
        {bundle_address(second, "key set"), bundle_address(e.box, "box"), package_address(e.box, {})});
  }
  void read(const domain_process_made& e) {
    if (e.box.type == box_type::manufacturing)
      return whole(e.domain);
    const box_id second{e.box.type, e.box.number + 1};
    add("domain process", slot_of(e.box), e.domain, sealed, bundle_address(e.box, e.domain.text),
        {bundle_address(second, e.domain.text), bundle_address(e.box, other(e.domain).text),
         bundle_address(e.box, "box"), package_address(e.box, e.domain)});
  }
  void whole(const domain_id& domain) {
    add("whole domain", domain.text, domain, sealed, text_of("oaksteel/1/domain|" + domain.text),
        {text_of("oaksteel/1/domain|" + other(domain).text)});
  }
  void read(const domain_created& e) { whole(e.domain); }
  void read(const key_generated& e) {
    const auto both = decode<sealed_pair>(sealed);
    BOOST_REQUIRE(both);
    travels("master key to Brass, MI3", body_type::mi3, e.key, e.oak, e.steel, both->to_brass);
    travels("master key and test tokens to Steel, MI4", body_type::mi4, e.key, e.oak, e.steel, both->to_steel);
  }
  void read(const key_created& e) {
    travels("master key to Brass, MI3", body_type::mi3, e.key, e.oak, e.steel, sealed);
  }
  void read(const install_record_received& e) {
    const auto body = decode_body<mi4_body>(e.mi4.body);
    BOOST_REQUIRE(body);
    travels("master key and test tokens to Steel, MI4", body_type::mi4, e.key, body->oak, body->steel, sealed);
  }
  void installed(const signed_record& mi9) {
    const auto body = decode_body<mi9_body>(mi9.body);
    BOOST_REQUIRE(body);
    travels("master key to Brass, MI9", body_type::mi9, body->key, body->brass, body->steel, sealed);
    steels[body->key] = {body->brass, body->steel};
  }
  void read(const installation_confirmed& e) { installed(e.mi9); }
  void read(const key_installed& e) { installed(e.mi9); }
  void read(const registration_confirmed& e) {
    serials[e.key] = e.serial;
    under_s_b(e.key, e.meter, e.serial);
  }
  void read(const key_activated& e) { under_s_b(e.key, e.meter, e.serial); }
  /// What is retired stays as it was sealed: under S_B, or to Brass if it was never registered.
  void retired(const key_id& key, const sequence_number& meter) {
    if (serials.contains(key))
      under_s_b(key, meter, serials[key]);
    else
      travels("master key to Brass, MI9", body_type::mi9, key, steels[key].first, steels[key].second, sealed);
  }
  void read(const retirement_confirmed& e) { retired(e.key, e.meter); }
  void read(const key_retired& e) { retired(e.key, e.meter); }
  void read(const key_provisioned& e) {
    const auto address = [](const std::string& meter, const key_id& key) {
      return text_of("oaksteel/1/meter|" + meter + '|' + key.text());
    };
    add("master key in the meter", e.meter.text, e.key.domain, sealed, address(e.meter.text, e.key),
        {address(e.meter.text + "0", e.key), address(e.meter.text, {other(e.key.domain), e.key.number}),
         address(e.meter.text, {e.key.domain, e.key.number + 1})});
  }
  template <class Event>
  void read(const Event&) {
    BOOST_ERROR("an event with sealed material has no line here");
  }

  std::map<key_id, std::pair<box_id, box_id>> steels = {};

  void read_log() {
    const auto view = bench.written().view();
    for (const auto& told : bench.events())
      if (auto material = view.sealed(told.position)) {
        sealed = std::move(*material);
        std::visit([this](const auto& e) { read(e); }, told.event);
      }
  }
};

struct whole_site : site_bench {
  /// Everybody, with what is his. A box is a part, and so is each domain process in it by itself.
  std::vector<part> everybody() {
    std::vector<part> all_parts;
    for (const auto& b : all().boxes()) {
      const auto& slot = b.plan.slot.text;
      part box{slot, static_cast<char>(b.plan.type), slot, {}, {ve, usps}, {}, {}, {}};
      if (!b.manufacturing)
        box.domains = {b.plan.domains.begin(), b.plan.domains.end()};
      box.keys.push_back({nullptr, std::make_shared<const secret>(combination_of(*this, b))});
      box.found.emplace("operation combination", slot);
      all_parts.push_back(std::move(box));
      for (const auto& domain : b.plan.domains) {
        part process{domain.text + " in " + slot, static_cast<char>(b.plan.type), {}, {}, {domain}, {}, {}, {}};
        learn(process, bundle_of(*this, b, domain.text), domain);
        all_parts.push_back(std::move(process));
      }
    }
    const auto slots = erasable_slots::open(written().directory() / "meters.keys", 16);
    BOOST_REQUIRE(slots);
    for (std::size_t slot = 0; slot < 4; ++slot) {
      auto key = slots->read(slot);
      BOOST_REQUIRE(key && *key);
      const auto number = "M000000" + std::to_string(slot + 1);
      part meter{"meter " + number, 'm', {}, number, {}, {}, {{"memory key", number}}, {}};
      meter.keys.push_back({nullptr, std::make_shared<const secret>(std::move(**key))});
      all_parts.push_back(std::move(meter));
    }
    // They have the log and all that lies sealed beside it, and no key. What 32 bytes they know they try.
    for (const auto* name : {"archive of VE", "archive of USPS", "KMC", "KDC", "PSR", "data capture", "auditor"}) {
      part computer{name, '-', {}, {}, {}, {}, {}, {}};
      for (const auto& told : events())
        if (const auto* e = std::get_if<box_initialised>(&told.event)) {
          computer.keys.push_back({nullptr, std::make_shared<const secret>(std::span{e->salt.value})});
          for (const auto& share : e->shares)
            computer.keys.push_back({nullptr, std::make_shared<const secret>(std::span{share.commitment.value})});
        }
      all_parts.push_back(std::move(computer));
    }
    return all_parts;
  }

  /// A package for each box, as it lay on the line.
  void add_packages(std::vector<sealed_thing>& things) {
    for (const auto& b : all().boxes()) {
      if (b.plan.slot == all().manufacturing().plan.slot)
        continue;
      const auto& slot = b.plan.slot.text;
      const auto domain = b.manufacturing ? ve : b.plan.domains.front();
      things.push_back(
        {"package", slot, domain, package_for(slot, domain).sealed, package_address(id_of(slot), domain), {}});
    }
  }
};

/// Whom a secret of this kind can belong to.
std::set<std::string> all_of(belongs_to whose, const std::vector<part>& parts) {
  std::set<std::string> names;
  for (const auto& p : parts)
    for (const auto& name : {whose == belongs_to::a_box ? p.box : whose == belongs_to::a_meter ? p.meter : ""})
      if (!name.empty())
        names.insert(name);
  if (whose == belongs_to::a_domain)
    names = {"VE", "USPS"};
  if (whose == belongs_to::the_site)
    names = {""};
  return names;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(each_part_reads_its_cells_of_the_table_and_no_others, whole_site) {
  day_reader day{*this};
  day.read_log();
  add_packages(day.things);
  auto parts = everybody();
  for (auto& who : parts)
    read_all(who, day.things);
  std::size_t opened = 0;
  for (const auto& who : parts) {
    for (const auto& thing : day.things) {
      const bool did = who.opened.contains(&thing);
      opened += did;
      BOOST_CHECK_MESSAGE(did == who.may_read(thing.kind, thing.of),
                          who.name << (did ? " opens " : " does not open ") << thing.kind << " of " << thing.of);
    }
    for (const auto& [kind, of] : who.found)
      BOOST_CHECK_MESSAGE(who.may_read(kind, of), who.name << " finds " << kind << " of " << of);
    // And what it may read, it finds: of each kind that there is for it.
    for (const auto& line : table)
      for (const auto& of : all_of(line.whose, parts))
        if (who.may_read(line.kind, of))
          BOOST_CHECK_MESSAGE(who.found.contains({line.kind, of}) || not_for_all.contains(line.kind),
                              who.name << " does not find " << line.kind << " of " << of);
  }
  BOOST_CHECK_GT(opened, 100);
  BOOST_TEST_MESSAGE(parts.size() << " parts, " << day.things.size() << " sealed things, " << opened << " opened");
}

// MI5 goes through a PSR. When it has passed, nobody can open it: the session's key was Steel's and the meter's, for
// that moment.
BOOST_FIXTURE_TEST_CASE(what_passed_a_psr_opens_for_nobody, whole_site) {
  const sequence_number number{"M0000009"};
  scratch_directory memory;
  auto slots = std::move(*erasable_slots::open(memory / "slots", 16));
  const auto meter = all().connect_meter({number, 9, &slots, {}});
  world().settle();
  get<acknowledged>(meter, load_label{{}, number, {"DM400"}});
  std::vector<mi5> caught;
  const auto tap = world().system().spawn([&caught, meter](meter_actor::pointer self) -> meter_actor::behavior_type {
    return {[](const work_done&) {}, [](const append_done&) {},
            [](const command_refused&) -> caf::result<acknowledged> { return caf::error{}; },
            [=](const load_label& m) { return self->delegate(meter, m); },
            [=](const mi5q& m) { return self->delegate(meter, m); },
            [=, &caught](const mi5& m) {
              caught.push_back(m);
              return self->delegate(meter, m);
            },
            [=](const mi6r& m) { return self->delegate(meter, m); },
            [=](const mi6c& m) { return self->delegate(meter, m); },
            [=](const register_meter& m) { return self->delegate(meter, m); },
            [=](const print_request& m) { return self->delegate(meter, m); },
            [=](const tamper& m) { return self->delegate(meter, m); }};
  });
  send(box("steel-1").line, meter_connected{{}, number, tap});
  const auto steel = id_of("steel-1");
  const auto key = get<mi0_answer>(all().archive_of(ve), new_key_id{{}, ve, steel, {99}}).key;
  const auto made = get<mi2>(box("oak-ve").oak, mi1{{}, key, steel, world().time().now()});
  const auto report =
    get<mi7>(box("steel-1").steel, install_key{{}, key, number, world().time().now(), made.mi4});
  BOOST_REQUIRE(!decode_body<mi7_body>(report.record.body)->failure);
  BOOST_REQUIRE_EQUAL(caught.size(), 1);
  day_reader day{*this};
  day.read_log();
  auto parts = everybody();
  for (auto& who : parts) {
    read_all(who, day.things);
    for (const auto& found : who.keys)
      BOOST_CHECK_MESSAGE(!open_with(found, caught[0].sealed, session_address(steel, number, key)), who.name);
  }
  caf::anon_send_exit(tap, caf::exit_reason::user_shutdown);
}

// One custodian alone, of however many boxes, and nobody of the quorum beside him.
BOOST_FIXTURE_TEST_CASE(a_share_below_the_quorum_opens_nothing, whole_site) {
  for (const auto& b : all().boxes())
    for (const auto& share : shares_of(*this, b))
      BOOST_CHECK_MESSAGE(!combine({&share}), b.plan.slot.text);
  const auto ada = share_on(*this, {"Ada"}, "domain-key-set"), bela = share_on(*this, {"Bela"}, "domain-key-set");
  BOOST_CHECK(!combine({&ada}));
  const auto of_a_box = shares_of(*this, all().manufacturing());
  BOOST_CHECK(!combine({&ada, &of_a_box.back()}));
  // At the quorum it is everything.
  BOOST_CHECK(combine({&ada, &bela}));
}

// What a thief of the disk has, or an auditor: no file but the custodians' media and the meters' memory holds a secret,
// LMDB's freed pages included.
BOOST_FIXTURE_TEST_CASE(no_file_of_a_log_holds_a_secret_in_the_clear, whole_site) {
  std::map<std::string, bytes> secrets;
  const auto remember = [&](const std::string& what, std::span<const std::uint8_t> s) {
    secrets[what] = {s.begin(), s.begin() + 16};
  };
  for (const auto& b : all().boxes()) {
    remember("combination of " + b.plan.slot.text, reveal(combination_of(*this, b)));
    for (const auto& share : shares_of(*this, b))
      remember("a share of " + b.plan.slot.text, std::span{reveal(share)}.subspan(21));
  }
  const auto remember_all = [&](const std::string& of, const key_bundle& bundle) {
    for (const auto p : all_parts_of(bundle))
      if (!is_public(p))
        remember(name_of(p) + of, essence(*bundle.find(p)));
  };
  remember_all("", bundle_of(*this, all().manufacturing(), "box"));
  for (const auto& domain : {ve, usps})
    remember_all(" of " + domain.text, whole_domain(*this, domain));
  day_reader day{*this};
  day.read_log();
  auto parts = everybody();
  for (auto& who : parts)
    if (who.letter == 'M') {
      read_all(who, day.things);
      for (const auto& key : who.keys)
        if (key.secret_bytes)
          remember("master key " + std::to_string(secrets.size()), reveal(*key.secret_bytes));
    }
  BOOST_CHECK_GT(secrets.size(), 40);
  for (const auto& entry : std::filesystem::recursive_directory_iterator{written().directory()}) {
    const bool of_custodians_or_meters = entry.path().string().find("/media/") != std::string::npos
                                         || entry.path().filename() == "meters.keys";
    if (!entry.is_regular_file() || of_custodians_or_meters)
      continue;
    const auto content = file_content(entry.path());
    for (const auto& [what, secret_bytes] : secrets)
      BOOST_CHECK_MESSAGE(content.find(std::string{secret_bytes.begin(), secret_bytes.end()}) == std::string::npos,
                          entry.path().filename() << " holds " << what);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
