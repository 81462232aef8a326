#pragma once
// Orders at a cluster whose nodes and links fail meanwhile (SYS-6): asked again until the keys are in. At the end no
// key was tried or installed twice, and what was answered is in the logs.

#include "tests/cli/cluster.hpp"
#include "tests/scenarios/log_facts.hpp"

namespace oaksteel::testing {

class key_orders {
public:
  explicit key_orders(cluster& at) : all_(at) {}

  /// The keys of one more meter. `meanwhile` is done once each time that they are asked for, while the order runs.
  void give_keys(const std::function<void(const running_program&)>& meanwhile) {
    const auto number = cluster::meter(++meters_);
    const line_meter meter{all_, number};
    program_result last;
    for (unsigned n = 0; n < tries; ++n) {
      running_program asked{all_.key_request(number)};
      meanwhile(asked);
      last = asked.finish(longest);
      BOOST_REQUIRE_MESSAGE(!last.hung, number << ": no answer");
      BOOST_REQUIRE_MESSAGE(last.status == 0 || last.status == 1 || last.status == 3, last.told());
      if (last.status == 0)
        return answered_.merge(installed_keys(last));
      ++unanswered_;
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    BOOST_FAIL(number << " has no keys after " << tries << " tries: " << last.told() << last.out);
  }

  /// Ends all nodes and looks into all logs.
  void end() {
    all_.end();
    std::set<std::string> archived, tried, held;
    for (const auto& [node, domain] : {std::pair{0, "VE"}, {2, "USPS"}}) {
      const auto log = log_in(all_.data(cluster::names[node]));
      BOOST_CHECK_EQUAL(once_each(log, &key_installed::meter).size(), meters_);
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
    std::cout << meters_ << " meters have their keys, " << unanswered_ << " requests were asked again, " << tried.size()
              << " keys came to a meter" << std::endl;
  }

private:
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

  cluster& all_;
  unsigned meters_ = 0, unanswered_ = 0;
  std::set<std::string> answered_; ///< keys
};

} // namespace oaksteel::testing
