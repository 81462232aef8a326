#pragma once
// Small logs for the tests of storage/.

#include "crypto/random.hpp"
#include "storage/environment.hpp"
#include "storage/inspect.hpp"

#include <boost/test/unit_test.hpp>
#include <botan/auto_rng.h>

#include <cstdlib>
#include <random>

#include <unistd.h>

namespace oaksteel::testing {

/// The first number after `--` on the command line, or `fallback`. Printed, so that a failure can be repeated.
inline std::uint64_t seed(std::uint64_t fallback) {
  auto& suite = boost::unit_test::framework::master_test_suite();
  auto value = suite.argc > 1 ? std::strtoull(suite.argv[suite.argc - 1], nullptr, 10) : fallback;
  BOOST_TEST_MESSAGE("seed " << value);
  return value;
}

/// A directory that goes with its owner.
class temporary_directory {
public:
  temporary_directory() {
    std::string name = (std::filesystem::temp_directory_path() / "oaksteel_test_XXXXXX").string();
    if (!mkdtemp(name.data()))
      throw std::runtime_error("no temporary directory");
    path_ = name;
  }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

inline stream_id node_stream() { return {stream_kind::node, "n1"}; }

inline log_key sample_key() { return log_key::from_seed(secret{bytes(32, 7)}); }

/// Its payload is the log's public key.
inline record first_record() {
  record r;
  r.stream = node_stream();
  r.time = {1000};
  r.actor = "node";
  r.command = {"start", 1};
  r.correlation = reference{};
  r.tag = 1;
  r.payload = sample_key().public_bytes();
  return r;
}

/// The first record, and any other of its stream that carries 32 bytes, says the key.
inline std::optional<log_identity> identify(const record& r) {
  if ((r.tag != 1 && r.stream != node_stream()) || r.payload.size() != 32)
    return std::nullopt;
  return log_identity{r.payload, false};
}

/// Event number `n` of all, on `stream`.
inline pending_event event(const stream_id& stream, std::uint64_t n, std::size_t payload = 200) {
  pending_event e;
  e.stream = stream;
  e.time = {static_cast<std::int64_t>(1000 + n)};
  e.actor = "O00000001";
  e.command = {"kmc", n};
  e.cause = reference{1, std::nullopt};
  e.correlation = reference{};
  e.participants = {{participant_kind::domain, "VE"}, {participant_kind::box, "O00000001"}};
  e.tag = 7;
  e.payload = bytes(payload, static_cast<std::uint8_t>(n));
  return e;
}

inline stream_id key_stream(std::uint64_t n) { return {stream_kind::key, "VE/" + std::to_string(n)}; }

/// One event on `stream` at `version`.
inline append_request request(const stream_id& stream, std::uint64_t version, std::uint64_t n,
                              std::size_t payload = 200) {
  append_request r;
  r.events.push_back(event(stream, n, payload));
  r.rows.push_back({stream, version, bytes(20, static_cast<std::uint8_t>(n))});
  return r;
}

/// Writes events to a few streams, in commits.
class writer {
public:
  /// `seals`: something lies beside each 25th.
  explicit writer(log& l, bool seals = false) : log_(l), seals_(seals), next_(l.position().size) {}

  /// `count` events in one commit; false when it was refused.
  bool commit(std::size_t count, std::size_t payload = 200) {
    std::vector<append_request> requests;
    std::vector<const append_request*> pointers;
    auto view = log_.view();
    std::map<std::uint64_t, std::uint64_t> versions;
    auto n = next_;
    for (std::size_t i = 0; i < count; ++i) {
      auto number = ++n % 10;
      if (!versions.contains(number)) {
        auto row = view.row(key_stream(number));
        versions[number] = row ? row->version : 0;
      }
      requests.push_back(request(key_stream(number), versions[number]++, n, payload));
      requests.back().events[0].lookups.push_back({1, "SN" + std::to_string(n)});
      if (seals_ && n % 25 == 0)
        requests.back().events[0].sealed = bytes(64, static_cast<std::uint8_t>(n));
    }
    for (const auto& r : requests)
      pointers.push_back(&r);
    auto results = log_.append(pointers);
    if (!results)
      return false;
    for (const auto& r : *results)
      if (!r)
        return false;
    next_ = n;
    return true;
  }

private:
  log& log_;
  bool seals_;
  std::uint64_t next_;
};

/// A closed log of `records` records with a checkpoint over them.
inline void make_log(const std::filesystem::path& dir, std::size_t records) {
  auto l = log::create(dir, first_record(), bytes(10, 1));
  BOOST_REQUIRE(l);
  writer w{*l, true};
  while (l->position().size < records)
    BOOST_REQUIRE(w.commit(std::min<std::size_t>(100, records - l->position().size)));
  BOOST_REQUIRE(write_checkpoint(dir, l->id(), false, l->position(), sample_key()));
}

inline verification verify_path(const std::filesystem::path& path,
                                const std::optional<std::string>& external = std::nullopt) {
  auto source = log_source::open(path);
  if (!source) {
    verification v;
    v.problem = log_problem{0, source.error().text};
    return v;
  }
  return verify(*source, identify, external);
}

} // namespace oaksteel::testing
