// Levels 2 and 3 at the components of a site (EP-27 to EP-29): what passes the two ends of a wire, and what does not. A
// refused command changes nothing, is in the error log of the component that it was for, and its sender hears the code.

#include "actors/link/gate.hpp"
#include "actors/link/message_list.hpp"
#include "node/node_log.hpp"
#include "tests/actors/site_bench.hpp"

#include <caf/event_based_actor.hpp>

#include <limits>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(gates)
namespace {

const domain_id ve{"VE"};
const party kmc{component::kmc, {}};
const party archive_of_ve{component::archive, "VE"};
const party oak{component::oak, "oak-ve"};

/// Hands what passes to `change`, there and back.
struct tap {
  std::function<void(bytes&)> there, back;
};
carrier_actor tapped(caf::actor_system& system, const carrier_actor& near, const tap& t) {
  return system.spawn([near, t](carrier_actor::pointer self) -> carrier_actor::behavior_type {
    return {[self, near, t](const carried& m) {
      auto rp = self->make_response_promise<carried>();
      auto data = m.data;
      if (t.there)
        t.there(data);
      self->request(near, caf::infinite, carried{{}, std::move(data)})
        .then(
          [rp, t](const carried& answer) mutable {
            auto back = answer.data;
            if (t.back)
              t.back(back);
            rp.deliver(carried{{}, std::move(back)});
          },
          [rp](const caf::error& e) mutable { rp.deliver(e); });
      return rp;
    }};
  });
}

class wired_site : public site_bench {
public:
  ~wired_site() {
    for (const auto& one : ends_)
      caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    world().settle();
  }

  carrier_actor before(const caf::actor& component, const wire& ends) {
    const auto near = near_end(world().system(), component, ends, {{{"VE"}, {"USPS"}}});
    ends_.push_back(caf::actor_cast<caf::actor>(near));
    return near;
  }
  /// The archive of VE as the KMC reaches it.
  archive_actor far_archive(const tap& t = {}) {
    const auto near = before(caf::actor_cast<caf::actor>(all().archive_of(ve)), {kmc, archive_of_ve});
    const auto carrier = tapped(world().system(), near, t);
    const auto far = far_end(world().system(), carrier, {kmc, archive_of_ve}, {{{"VE"}, {"USPS"}}});
    ends_.push_back(caf::actor_cast<caf::actor>(carrier));
    ends_.push_back(far);
    caf::anon_send(far, sender_named{{}, all().kmc()});
    world().settle();
    return caf::actor_cast<archive_actor>(far);
  }
  template <class Message>
  command from_kmc(const Message& m, const party& to) {
    return {command_kind::command, line_of<Message>.code, 77, kmc, to, parameters_in(m)};
  }
  command new_id() { return from_kmc(new_key_id{{{"kmc", 1}}, ve, id_of("steel-1"), {99}}, archive_of_ve); }

  /// What a near end answers to these bytes.
  command answer_of(const carrier_actor& near, const bytes& data) {
    const auto answer = ask<carried>(near, carried{{}, data});
    BOOST_REQUIRE(answer->answer);
    const auto c = decode_command(answer->answer->data);
    BOOST_REQUIRE(c);
    return *c;
  }
  /// Refused at this level, with this code, and on record at the component (EP-29).
  void refused(const std::string& about, const carrier_actor& near, const bytes& data, unsigned level, refusal why) {
    only_a_fault(about, why, [&] {
      const auto c = answer_of(near, data);
      BOOST_TEST_CONTEXT(about) {
        BOOST_CHECK(c.kind == (level == 2 ? command_kind::command_error : command_kind::response_code));
        BOOST_CHECK_EQUAL(name(refusal_in(c)), name(why));
      }
    });
  }

private:
  std::vector<caf::actor> ends_;
};

} // namespace

BOOST_FIXTURE_TEST_CASE(messages_pass_as_they_are, wired_site) {
  const auto far = far_archive();
  const auto steel = id_of("steel-1");
  const auto first = get<mi0_answer>(far, new_key_id{{}, ve, steel, {99}}).key;
  const auto second = get<mi0_answer>(all().archive_of(ve), new_key_id{{}, ve, steel, {99}}).key;
  BOOST_CHECK_EQUAL(second.number, first.number + 1);
  // A long answer, with a record in it.
  const fetch_record ask_it{{}, {ve, 1}, {}};
  const auto near = get<record_fetched>(all().archive_of(ve), ask_it), wired = get<record_fetched>(far, ask_it);
  BOOST_CHECK(near.key == wired.key && near.record == wired.record && wired.record && !wired.record->sealed.empty());
  // The head goes along: the event names its cause.
  auto m = new_key_id{{}, ve, steel, {99}};
  m.head.cause = {12, {}};
  get<mi0_answer>(far, m);
  const auto written_last = decode_record(events().back().data);
  BOOST_REQUIRE(written_last && written_last->cause);
  BOOST_CHECK_EQUAL(written_last->cause->position, 12u);
}

// EP-29: also where the component itself refuses.
BOOST_FIXTURE_TEST_CASE(a_refusal_of_the_component_comes_back, wired_site) {
  const auto far = far_archive();
  only_refused<record_fetched>("another domain's key", refusal::domain_not_known, far, fetch_record{{}, {{"USPS"}, 1}, {}});
}

// A PSR has an error log too.
BOOST_FIXTURE_TEST_CASE(a_meter_that_is_not_on_the_line_is_on_record, wired_site) {
  const sequence_number nobody{"M0009999"};
  const auto& line = box("steel-1").line;
  only_refused<acknowledged>("its label", refusal::meter_not_known, line, load_label{{}, nobody, {"DM400"}});
  only_refused<mi5i>("a question to it", refusal::meter_not_known, line, mi5q{{}, nobody, id_of("steel-1"), {}});
  only_refused<order_result>(
      "its registration", refusal::meter_not_known, line,
      register_meter{{}, nobody, {"DM400"}, {"1"}, {"US"}, calendar_date::of(world().time().now())});
  only_refused<acknowledged>("a record for it", refusal::meter_not_known, line, record_ready{{}, {ve, 1}, nobody});
}

// EP-29: what becomes of a message that asks for nothing is told to its source too.
BOOST_FIXTURE_TEST_CASE(every_message_is_answered_where_it_is_refused, wired_site) {
  const auto steel = id_of("steel-1");
  only_refused<acknowledged>("MI0 of no order", refusal::order_not_known, all().kmc(), mi0{{}, {999}, ve, steel});
  only_refused<acknowledged>("MI7 that nobody signed", refusal::signature_invalid, all().kdc(), mi7{{}, {ve, 1}, {}});
  const ask_report wrong{{}, {ve, 999}, {box_type::steel, 77}, id_of("oak-ve"), {"M0000001"}};
  only_refused<acknowledged>("a question to a Steel box that is not there", refusal::box_not_known, all().kdc(), wrong);
  // By way of KDC and PSR.
  const ask_report late{{}, {ve, std::uint64_t{1} << 60}, steel, id_of("oak-ve"), {"M0000001"}};
  only_refused<acknowledged>("a question about a key that is far off", refusal::key_id_not_assigned, all().kdc(), late);
}

// EP-30: who is at the ends, and whom the parameters name as far as they can be read.
BOOST_FIXTURE_TEST_CASE(a_refused_command_names_who_takes_part, wired_site) {
  const auto named_by = [&](const std::function<void()>& what, const std::string& where = {}) {
    what();
    std::set<std::string> all;
    for (const auto& p :
         last<fault_recorded>([&](const fault_recorded& f) { return where.empty() || f.where == where; }).involved)
      all.insert(std::string{name(p.kind)} + ' ' + p.id);
    return all;
  };
  using names = std::set<std::string>;
  const auto steel = "box " + id_of("steel-1").text(), maker = "box " + id_of("oak-ve").text();
  const auto to_oak = before(caf::actor_cast<caf::actor>(box("oak-ve").oak), {kmc, oak});
  auto c = from_kmc(mi1{{}, {ve, 999}, id_of("steel-1"), {}}, oak);
  c.parameters.pop_back();
  BOOST_CHECK((named_by([&] { answer_of(to_oak, encode(c)); }) == names{"domain VE", "key VE/999", steel, maker}));
  // One that cannot be read names nobody, the others do.
  c.parameters[1] = {1, 2, 3};
  BOOST_CHECK((named_by([&] { answer_of(to_oak, encode(c)); }) == names{steel, maker}));
  const auto to_archive = before(caf::actor_cast<caf::actor>(all().archive_of(ve)), {kmc, archive_of_ve});
  auto id = new_id();
  id.code = line_of<mi1>.code; // none of an archive's
  BOOST_CHECK(named_by([&] { answer_of(to_archive, encode(id)); }).contains("domain VE"));
  id = new_id();
  id.parameters.push_back({});
  BOOST_CHECK((named_by([&] { answer_of(to_archive, encode(id)); }) == names{"domain VE", "order 99", steel}));
  // At the end that asked: whom the question names.
  const auto far = far_archive({{}, [](bytes& data) { data = bytes(100, 0x5a); }});
  BOOST_CHECK((named_by([&] { ask<record_fetched>(far, fetch_record{{}, {ve, 7}, {"M0000001"}}); }, "kmc")
               == names{"domain VE", "key VE/7", "meter M0000001"}));
  // What is no name is in no record.
  auto odd = from_kmc(fetch_record{{}, {{"no domain"}, 7}, {"no meter"}}, archive_of_ve);
  BOOST_CHECK((named_by([&] { answer_of(to_archive, encode(odd)); }) == names{"domain VE"}));
  // Where the archive itself refuses a question about a key, too: by its id, or by its meter.
  const auto named_by_archive = [&](const fetch_record& m) {
    return named_by([&] { ask<record_fetched>(all().archive_of(ve), m); });
  };
  BOOST_CHECK((named_by_archive({{}, {{"USPS"}, 7}, {}}) == names{"domain USPS", "key USPS/7"}));
  BOOST_CHECK((named_by_archive({{}, {{"USPS"}, 0}, {"M0000001"}}) == names{"domain USPS", "meter M0000001"}));
}

BOOST_FIXTURE_TEST_CASE(what_is_no_command_of_the_component_does_not_reach_it, wired_site) {
  const auto near = before(caf::actor_cast<caf::actor>(all().archive_of(ve)), {kmc, archive_of_ve});
  const auto good = new_id();
  auto c = good;
  const auto changed = [&](auto&& change) {
    c = good;
    change(c);
    return encode(c);
  };
  refused("no bytes", near, {}, 2, refusal::command_malformed);
  refused("noise", near, bytes(300, 0xa5), 2, refusal::command_malformed);
  auto longer = encode(good);
  longer.push_back(0);
  refused("a byte more", near, longer, 2, refusal::command_malformed);
  refused("unknown command", near, changed([](command& x) { x.code = 0x7fff; }), 2, refusal::command_unknown);
  refused("a command of another component", near,
          encode(from_kmc(mi1{{}, {ve, 1}, id_of("steel-1"), {}}, archive_of_ve)), 2, refusal::command_unknown);
  refused("an answer as a command", near, changed([](command& x) { x.code = line_of<mi0_answer>.code; }), 2,
          refusal::command_unknown);
  only_a_fault("a response that nobody asked for", refusal::command_malformed, [&] {
    const auto told = answer_of(near, changed([](command& x) { x.kind = command_kind::response; }));
    BOOST_CHECK(told.kind == command_kind::response_error && refusal_in(told) == refusal::command_malformed);
  });
  refused("a sender who is not on this wire", near,
          changed([](command& x) { x.from = {component::kdc, {}}; }), 2, refusal::sender_not_permitted);
  refused("for another box", near, changed([](command& x) { x.to = {component::archive, "USPS"}; }), 3,
          refusal::wrong_box);
  refused("a parameter less", near, changed([](command& x) { x.parameters.pop_back(); }), 2,
          refusal::parameter_count_wrong);
  refused("a parameter more", near, changed([](command& x) { x.parameters.push_back({1}); }), 2,
          refusal::parameter_count_wrong);
  for (std::size_t i = 0; i < good.parameters.size(); ++i)
    refused("parameter " + std::to_string(i) + " too long", near,
            changed([i](command& x) { x.parameters[i].push_back(0); }), 2, refusal::command_malformed);
  refused("a domain that nobody knows", near,
          encode(from_kmc(new_key_id{{}, {"NOPE"}, id_of("steel-1"), {99}}, archive_of_ve)), 3,
          refusal::domain_not_known);
  // The record table: MI4 is none that an archive keeps.
  store_record wrong{{}, {ve, 1}, {{{static_cast<std::uint8_t>(body_type::mi4)}, {}}, {}, {}}};
  refused("a record of another type", near, encode(from_kmc(wrong, archive_of_ve)), 3, refusal::record_type_unknown);
  wrong.record.record.body = {0xee};
  refused("a record of no type", near, encode(from_kmc(wrong, archive_of_ve)), 3, refusal::record_type_unknown);
  // And after all that the same wire carries the right one.
  BOOST_CHECK(answer_of(near, encode(good)).kind == command_kind::response);
}

// A wire knows who is at its other end: a component that may send this elsewhere may not send it here.
BOOST_FIXTURE_TEST_CASE(a_sender_says_what_it_may_and_nothing_else, wired_site) {
  const party site_itself{component::site, {}};
  const auto near = before(caf::actor_cast<caf::actor>(box("oak-ve").oak), {site_itself, oak});
  auto c = from_kmc(mi1{{}, {ve, 1}, id_of("steel-1"), {}}, oak);
  c.from = site_itself;
  refused("the operator asks for a key", near, encode(c), 2, refusal::sender_not_permitted);
}

// EP-28: a faulty response is on record at both ends, and whoever asked hears what is wrong with it.
BOOST_FIXTURE_TEST_CASE(a_faulty_response_is_told_to_both_ends, wired_site) {
  struct faulty {
    std::string about;
    std::function<void(bytes&)> change;
    refusal why;
  };
  const auto as_command = [](auto&& change) {
    return [change](bytes& data) {
      // What comes back of the complaint has no content.
      auto c = decode_command(data);
      if (!c)
        return;
      change(*c);
      data = encode(*c);
    };
  };
  const std::vector<faulty> table{
      {"noise", [](bytes& data) { data = bytes(100, 0x5a); }, refusal::command_malformed},
      {"another command's answer", as_command([](command& c) { c.request += 1; }), refusal::sender_not_permitted},
      {"from another", as_command([](command& c) { c.from.of = "USPS"; }), refusal::sender_not_permitted},
      {"an answer to something else", as_command([](command& c) { c.code = line_of<mi2>.code; }),
       refusal::command_unknown},
      {"a command", as_command([](command& c) { c.kind = command_kind::command; }), refusal::command_malformed},
      {"a parameter less", as_command([](command& c) { c.parameters.pop_back(); }), refusal::parameter_count_wrong},
      {"a domain that nobody knows", as_command([](command& c) {
         c.parameters[1] = encode(key_id{{"NOPE"}, 1});
       }),
       refusal::domain_not_known},
  };
  for (const auto& one : table) {
    BOOST_TEST_CONTEXT(one.about) {
      const auto far = far_archive({{}, one.change});
      const auto before_it = events().size();
      const auto asked = ask<mi0_answer>(far, new_key_id{{}, ve, id_of("steel-1"), {99}});
      BOOST_REQUIRE(asked->failure);
      BOOST_CHECK_EQUAL(name(*asked->failure), name(one.why));
      std::set<std::string> where;
      const auto all_events = events();
      for (auto i = before_it; i < all_events.size(); ++i)
        if (const auto* f = std::get_if<fault_recorded>(&all_events[i].event)) {
          BOOST_CHECK_EQUAL(name(f->reason), name(one.why));
          BOOST_CHECK_EQUAL(f->command, "new key id, answer");
          where.insert(f->where);
        }
      BOOST_CHECK((where == std::set<std::string>{"kmc", "archive/VE"}));
    }
  }
}

// EP-28: an answer that nobody waits for is a faulty one, and changes nothing else.
BOOST_FIXTURE_TEST_CASE(an_answer_comes_once, wired_site) {
  bytes answer;
  const auto far = far_archive({{}, [&](bytes& data) {
                                  if (answer.empty())
                                    answer = data;
                                }});
  get<mi0_answer>(far, new_key_id{{}, ve, id_of("steel-1"), {99}});
  const auto before_it = events().size();
  caf::anon_send(caf::actor_cast<caf::actor>(far), carried{{}, answer});
  caf::anon_send(caf::actor_cast<caf::actor>(far), carried{{}, bytes(100, 0x5a)}); // nobody's answer
  world().settle();
  std::multiset<std::string> found;
  const auto all_events = events();
  for (auto i = before_it; i < all_events.size(); ++i) {
    const auto* f = std::get_if<fault_recorded>(&all_events[i].event);
    found.insert(f ? f->where + ": " + std::string{name(f->reason)} : "something else");
  }
  BOOST_CHECK((found == std::multiset<std::string>{"archive/VE: sender_not_permitted", "kmc: sender_not_permitted"}));
}

BOOST_FIXTURE_TEST_CASE(a_wire_carries_so_many_commands_and_then_says_busy, wired_site) {
  const auto silent = world().system().spawn([](carrier_actor::pointer self) -> carrier_actor::behavior_type {
    return {[self](const carried&) { return self->make_response_promise<carried>(); }};
  });
  const auto far = far_end(world().system(), silent, {kmc, archive_of_ve}, {{{"VE"}}});
  const auto to = caf::actor_cast<archive_actor>(far);
  const fetch_record m{{}, {ve, 1}, {}};
  std::vector<pending_handle<record_fetched>> all_asked;
  for (std::size_t i = 0; i <= outstanding_limit; ++i)
    all_asked.push_back(world().ask<record_fetched>(to, m));
  world().settle();
  for (std::size_t i = 0; i < outstanding_limit; ++i)
    BOOST_REQUIRE(!all_asked[i]->ready());
  BOOST_CHECK(all_asked.back()->failure == refusal::busy);
  caf::anon_send_exit(far, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(silent, caf::exit_reason::user_shutdown);
  world().settle();
}

/// The log of another node, with one record.
struct other_log {
  scratch_directory dir;
  opened_log opened = *create_log(dir / "log", {"there", false, bytes(32, 1)}, {1});
  const log& itself = opened.written;
};

// A position is one of the sender's log: between nodes it goes with that log's id, and is a position again where it
// came from (SYS-6).
BOOST_FIXTURE_TEST_CASE(references_lead_from_one_log_into_another, wired_site) {
  const other_log there;
  const auto own = written().id();
  std::vector<message_head> asked, answered;
  const auto note_in = [](std::vector<message_head>& heads) {
    return [&heads](bytes& data) {
      const auto c = decode_command(data);
      BOOST_REQUIRE(c && !c->parameters.empty());
      heads.push_back(*decode<message_head>(c->parameters.front()));
    };
  };
  wire ends{kmc, archive_of_ve, false, &written()};
  const auto near = before(caf::actor_cast<caf::actor>(all().archive_of(ve)), ends);
  ends.own_log = &there.itself;
  const auto carrier = tapped(world().system(), near, {note_in(asked), note_in(answered)});
  const auto far = far_end(world().system(), carrier, ends, {{{"VE"}, {"USPS"}}});
  new_key_id m{{}, ve, id_of("steel-1"), {1}};
  m.head.cause = {5, own};
  m.head.correlation = {1, {}};
  const auto answer = get<mi0_answer>(caf::actor_cast<archive_actor>(far), m);
  BOOST_REQUIRE(asked.size() == 1u && answered.size() == 1u);
  const reference beginning{1, there.itself.id()}, assigned{written().size(), own};
  BOOST_TEST((asked[0].cause == reference{5, own} && asked[0].correlation == beginning));
  const auto kept = decode_record(events().back().data);
  BOOST_REQUIRE(kept && kept->cause && kept->correlation);
  BOOST_TEST((*kept->cause == reference{5, {}} && *kept->correlation == beginning));
  BOOST_TEST((answered[0].cause == assigned && answered[0].correlation == beginning));
  BOOST_TEST((answer.head.cause == assigned && answer.head.correlation == reference{1, {}}));
  caf::anon_send_exit(carrier, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(far, caf::exit_reason::user_shutdown);
  world().settle();
}

// What another node says of records is its claim. It cannot pass for a local cause that is not there, nor stand in the
// log without a name.
BOOST_FIXTURE_TEST_CASE(a_reference_from_elsewhere_is_a_claim, wired_site) {
  const auto own = written().id();
  const digest third{{3}};
  constexpr auto far_off = std::numeric_limits<std::uint64_t>::max();
  const auto near =
    before(caf::actor_cast<caf::actor>(all().archive_of(ve)), {kmc, archive_of_ve, false, &written()});
  struct line {
    std::string_view what;
    reference claimed;
    std::optional<reference> kept;
  };
  const line table[] = {
    {"none", {}, {}},
    {"of no log", {5, {}}, {}},
    {"position 0 of a log", {0, third}, {}},
    {"a record of this log", {5, own}, reference{5, {}}},
    {"a record that this log does not have", {far_off, own}, {}},
    {"a record of a log that nobody here knows", {far_off, third}, reference{far_off, third}},
  };
  for (const auto& [what, claimed, kept] : table) {
    new_key_id m{{{"kmc", 1}, claimed, claimed}, ve, id_of("steel-1"), {99}};
    BOOST_TEST((answer_of(near, encode(from_kmc(m, archive_of_ve))).kind == command_kind::response), what);
    const auto last = decode_record(events().back().data);
    BOOST_REQUIRE(last);
    BOOST_TEST((last->cause == kept), what);
    // What follows from nothing begins here.
    BOOST_TEST((last->correlation == kept.value_or(reference{last->position, {}})), what);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
