#pragma once
// "Given events, when command, then events or refusal": what the tables of this folder are written in.
//
// The properties are run by RapidCheck. A property that fails prints its seed and a counterexample; run it
// again with RC_PARAMS="reproduce=..." as printed, or the whole run with RC_PARAMS="seed=<number>".

#include "events/event.hpp"
#include "events/mail.hpp"

#include <boost/test/unit_test.hpp>
#include <rapidcheck.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace oaksteel::given_when_then {

inline const domain_id ve{"VE"};
inline const domain_id usps{"USPS"};
inline const domain_id ukrm{"UKRM"};
inline const box_id oak_1{box_type::oak, 1};
inline const box_id oak_2{box_type::oak, 2};
inline const box_id steel_1{box_type::steel, 1};
inline const box_id steel_2{box_type::steel, 2};
inline const box_id brass_1{box_type::brass, 1};
inline const box_id brass_2{box_type::brass, 2};
inline const sequence_number meter_a{"A1"};
inline const sequence_number meter_b{"B2"};
inline const product_code product_1{"PC-1"};
inline const product_code product_2{"PC-2"};
inline const indicia_serial serial_1{"4711"};
inline const indicia_serial serial_2{"4712"};
inline const country_code germany{"DE"};
inline const country_code france{"FR"};
inline const calendar_date march_2{20260302};
inline const calendar_date march_3{20260303};

inline key_id key(std::uint64_t number, const domain_id& domain = ve) { return {domain, number}; }

template <class Event>
any_event to_any(const Event& e) {
  return std::visit([](const auto& one) -> any_event { return one; }, e);
}

template <class State, class Event>
void apply(State& state, const Event& e) {
  std::visit([&](const auto& one) { evolve(state, one); }, e);
}

/// The state after these events.
template <class State, class... Event>
State given(const Event&... events) {
  State state;
  (evolve(state, events), ...);
  return state;
}

/// The names of the events, `-` for none (it was carried out before), or `! reason` of a refusal.
template <class Event>
std::string outcome(const decision<Event>& d) {
  if (!d)
    return "! " + std::string{name(d.error())};
  std::string text;
  for (const auto& e : *d)
    text.append(text.empty() ? "" : " + ").append(name_of_event(to_any(e)));
  return text.empty() ? "-" : text;
}

/// One line of a table.
template <class Event>
struct line {
  std::string_view when;
  decision<Event> got;
  std::string_view then;
};

template <class Event>
void check(std::initializer_list<line<Event>> lines) {
  for (const auto& l : lines)
    BOOST_TEST_CONTEXT("when " << l.when) { BOOST_TEST(outcome(l.got) == l.then); }
}

/// The event that a decision gave, of this type.
template <class Wanted, class Event>
Wanted event_in(const decision<Event>& d, std::size_t index = 0) {
  BOOST_REQUIRE(d && index < d->size() && std::holds_alternative<Wanted>((*d)[index]));
  return std::get<Wanted>((*d)[index]);
}

/// The decision's events on the live state, and the same events folded as replay folds them: they agree
/// after each. True when there were events.
template <class State, class Event>
class lived {
public:
  State live;

  bool take(const decision<Event>& d) {
    if (!d) {
      RC_ASSERT(valid(d.error()));
      return false;
    }
    for (const auto& e : *d) {
      apply(live, e);
      RC_ASSERT(evolve_any(folded_, to_any(e)));
      RC_ASSERT(std::get<State>(folded_) == live);
    }
    return !d->empty();
  }

private:
  any_state folded_ = State{};
};

/// A random number, taken apart into the parameters of one command.
struct draw {
  std::uint64_t left = 0;

  std::uint64_t below(std::uint64_t n) {
    const auto drawn = left % n;
    left /= n;
    return drawn;
  }
  /// True but for one time in n.
  bool mostly(std::uint64_t n) { return below(n) != n - 1; }
  template <class T>
  const T& one_of(std::initializer_list<T> all) {
    return *(all.begin() + below(all.size()));
  }
};

/// Random commands, at most about a hundred.
inline std::vector<draw> draws() {
  std::vector<draw> all;
  for (auto number : *rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, 1ull << 50)))
    all.push_back({number});
  return all;
}

} // namespace oaksteel::given_when_then
