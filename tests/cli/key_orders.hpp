#pragma once
// Orders at a cluster whose nodes and links fail meanwhile (SYS-6): asked again until they are done. At the end no
// key was tried or installed twice, and what was answered is in the logs. By the nodes' own users and, for every second
// meter, by operators over TLS.

#include "tests/cli/cluster.hpp"
#include "tests/scenarios/log_facts.hpp"

namespace oaksteel::testing {

class key_orders {
public:
  explicit key_orders(cluster& at) : all_(at) {}

  /// What happens each time that something is asked for, while it is worked on.
  using meanwhile = std::function<void(const running_program&)>;

  /// One more meter's day: keys, registration, mail that is verified; every third is then taken out of service.
  void live_a_day(const meanwhile& happens) {
    const auto number = cluster::meter(++meters_), serial = std::to_string(200'000'000'000 + meters_);
    {
      const line_meter meter{all_, number};
      answered_.merge(installed_keys(insist(factory, oscar_, {"key", "request", "--meter", number, "--product", "DM400", "--domain",
                                                              "VE", "--domain", "USPS", "--json"}, happens)));
      insist(factory, oscar_, {"meter", "register", "--meter", number, "--product", "DM400", "--serial", serial, "--country",
                               "US", "--json"}, happens);
      ++registered_;
    }
    const auto mail = (all_.work / (number + ".csv")).string();
    const auto printed = run_program({"meter", "print", "--meter", number, "--data", line_meter::data(all_, number).string(),
                                      "--pieces", "3", "--postage", "730", "--origin", "06484"});
    BOOST_REQUIRE_MESSAGE(printed.status == 0, printed.told());
    std::ofstream{mail} << printed.out;
    const auto verdicts = insist(facility, vera_, {"verify", mail}, happens).out;
    BOOST_CHECK_EQUAL(verdicts, "VE  3 pieces: 3 good\nUSPS  3 pieces: 3 good\n");
    if (meters_ % 3 != 0)
      return;
    insist(centre, oscar_, {"key", "retire", "--meter", number, "--domain", "VE", "--domain", "USPS", "--reason", "withdrawn",
                            "--json"}, happens);
    ++retired_;
  }

  /// Ends all nodes and looks into all logs.
  void end() {
    all_.end();
    std::set<std::string> archived, tried, held;
    for (const auto& [node, domain] : {std::pair{0, "VE"}, {2, "USPS"}}) {
      const auto log = log_in(all_.data(cluster::names[node]));
      BOOST_CHECK_EQUAL(once_each(log, &key_installed::meter).size(), meters_);
      BOOST_CHECK_EQUAL(once_each(log, &key_activated::key).size(), registered_);
      BOOST_CHECK_EQUAL(once_each(log, &key_retired::key).size(), retired_);
      for (const auto& key : once_each(log, &key_installed::key)) {
        BOOST_CHECK_EQUAL(key.domain.text, domain);
        archived.insert(key.text());
      }
    }
    BOOST_CHECK(archived == answered_);
    once_each(log_in(all_.data(cluster::names[1])), &installation_attempted::key);
    for (unsigned n = 1; n <= meters_; ++n) {
      const auto log = log_in(line_meter::data(all_, cluster::meter(n)));
      for (const auto& key : once_each(log, &key_provisioned::key))
        BOOST_CHECK_MESSAGE(tried.insert(key.text()).second, key.text() << " came to a second meter");
      for (const auto& key : once_each(log, &key_committed::key))
        held.insert(key.text());
    }
    BOOST_CHECK(held == answered_);
    std::set<std::string> on_record;
    for (const auto& node : cluster::names)
      for (const auto& told : log_in(all_.data(node)))
        if (const auto* e = std::get_if<operation_answered>(&told.event))
          BOOST_CHECK_MESSAGE(on_record.insert(node + ' ' + e->id.text).second, node << " answered " << e->id.text << " twice");
    for (const auto& one : signed_)
      BOOST_CHECK_MESSAGE(on_record.contains(one), one << " was answered, and the log does not say so");
    std::cout << meters_ << " meters have their keys, " << registered_ << " are registered, " << retired_
              << " of them retired again, " << unanswered_ << " requests were asked again, " << signed_.size()
              << " were operators' and answered over TLS, " << tried.size()
              << " keys came to a meter" << std::endl;
  }

private:
  /// The answer of the first try that is done. An operator who heard nothing asks the same again; what he heard is what
  /// every later one with that id would hear.
  program_result insist(const std::string& node, const std::filesystem::path& folder, const std::vector<std::string>& words, const meanwhile& happens) {
    const bool over_tls = meters_ % 2 == 0 && all_.on_one_machine();
    program_result last;
    for (unsigned n = 0; n < tries; ++n) {
      if (last.status != unanswered)
        ++ids_;
      const auto id = "id-" + std::to_string(ids_);
      auto command = words;
      if (over_tls)
        command.insert(command.end(), {"--node", node, "--plan", (all_.work / "plan.toml").string(), "--as", folder.string(),
                                       "--id", id});
      else
        command.insert(command.end(), {"--data", all_.data(node)});
      running_program asked{command};
      happens(asked);
      last = asked.finish(longest);
      BOOST_REQUIRE_MESSAGE(!last.hung, words[0] << ' ' << words[1] << ": no answer");
      BOOST_REQUIRE_MESSAGE(last.status == 0 || last.status == 1 || last.status == unanswered, last.told());
      if (over_tls && last.status == 0)
        signed_.insert(node + ' ' + id);
      if (last.status == 0)
        return last;
      ++unanswered_;
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    BOOST_FAIL(words[0] << ' ' << words[1] << ": not done after " << tries << " tries: " << last.told() << last.out);
    return last;
  }

  static constexpr int unanswered = 3; ///< exit status
  static constexpr unsigned tries = 40;
  /// An order may wait for a report that is asked for again after 2 minutes (EP-13b).
  static constexpr std::chrono::minutes longest{4};

  static std::vector<told_event> log_in(const std::filesystem::path& data) {
    auto log = read_log(data);
    BOOST_REQUIRE_MESSAGE(log, data << " cannot be read");
    return std::move(*log);
  }

  /// Each event of a kind in a log names another `what`.
  template <class Event, class What>
  static std::set<What> once_each(const std::vector<told_event>& log, What Event::*what) {
    std::set<What> all;
    for (const auto& told : log)
      if (const auto* e = std::get_if<Event>(&told.event))
        BOOST_CHECK_MESSAGE(all.insert(e->*what).second,
                            "a second " << name_of_event(told.event) << " at " << told.position);
    return all;
  }

  inline static const auto &centre = cluster::names[0], &factory = cluster::names[1], &facility = cluster::names[3];

  cluster& all_;
  std::filesystem::path oscar_ = all_.pki.person("Oscar", operator_role::operating),
                        vera_ = all_.pki.person("Vera", operator_role::verifier); ///< folders
  unsigned meters_ = 0, registered_ = 0, retired_ = 0, unanswered_ = 0, ids_ = 0;
  std::set<std::string> signed_; ///< answered commands of operators: node and id
  std::set<std::string> answered_; ///< keys
};

} // namespace oaksteel::testing
