#include "actors/boxes/box_core.hpp"

#include "actors/boxes/initialisation.hpp"
#include "crypto/shares.hpp"
#include "events/box_reasons.hpp"
#include "storage/find_event.hpp"
#include "storage/share_file.hpp"

namespace oaksteel {
namespace {

/// A box's work draws from its own generators.
surroundings with_generators(surroundings around, randomness& own) {
  around.random = &own;
  return around;
}

} // namespace

std::vector<participant> custodian_named(const label& somebody) {
  if (somebody.empty())
    return {};
  return {{participant_kind::custodian, somebody.text}};
}

box_core::box_core(const box_place& place, shell_client own, const surroundings& around)
  : place_(place), generators_(std::make_shared<box_generators>(place.slot, place.type, around)),
    id_{place.type, 0} {
  around_ = with_generators(around, *generators_);
  shell_ = std::make_unique<shell>(std::string{name(place.type)} + "/" + place.slot.text, std::move(own), around_);
  shell_->when_answered = [this] { after_drawing(); };
  const auto view = around_.journal_log->view();
  if (auto initialised = find_event<box_initialised>(view, lookup::box_in_slot, place_.slot.text)) {
    id_ = initialised->event.box;
    // A process that ended had no time to say so.
    const auto forget = [this](const caf::error&) { noted_.reset(); };
    shell_->submit({shell_->next_head(), "start", forget}, [this](transaction& t) {
      if (auto lost = decide(t.state<secure_box>(stream()), lose_memory{std::string{process_restarted}}))
        t.apply<secure_box>(stream(), std::move(*lost));
      note_generators(t);
    });
  }
}

void box_core::note_generators(transaction& t) {
  noted_ = generators_->condition();
  if (auto news = decide(t.state<secure_box>(stream()), report_generators{*noted_}); news && !news->empty())
    t.apply<secure_box>(stream(), std::move(*news));
}

void box_core::after_drawing() {
  // A box without an id has no stream yet; it says what it finds when it takes one.
  if (id_.number == 0 || noted_ == generators_->condition())
    return;
  // When it could not be written, the next batch finds that it is news still.
  shell_->submit_first({shell_->next_head(), "report_generators", [this](const caf::error&) { noted_.reset(); }},
                       [this](transaction& t) { note_generators(t); });
}

ring_handle box_core::ring(const domain_id& domain) const {
  auto it = rings_.find(domain);
  return it == rings_.end() ? nullptr : it->second;
}

std::optional<key_bundle> box_core::open_bundle(std::uint64_t position, std::string_view purpose) const {
  return bundle_opener(position, purpose)();
}

std::function<std::optional<key_bundle>()> box_core::bundle_opener(std::uint64_t position,
                                                                   std::string_view purpose) const {
  return [sealed = around_.journal_log->view().sealed(position), lent = std::weak_ptr{combination_},
          address = bundle_address(id_, purpose)]() -> std::optional<key_bundle> {
    const auto combination = lent.lock();
    if (!combination || !sealed)
      return std::nullopt;
    auto packed = open_under(*combination, *sealed, address);
    return packed ? key_bundle::unpack(*packed) : std::nullopt;
  };
}

caf::typed_response_promise<box_report> box_core::enter(caf::typed_response_promise<box_report> rp,
                                                        const put_share& m) {
  shell_->submit({m.head, "put share", fails(rp)}, [this, rp, m](transaction& t) mutable {
    const auto& box = t.state<secure_box>(stream());
    share_check found;
    std::string told;
    auto share = read_share(box, m, found, told);
    auto events = decide(box, enter_share{m.custodian}, found);
    if (!events)
      return t.refuse(events.error(), m.custodian.text, custodian_named(m.custodian));
    if (!std::holds_alternative<share_refused>(events->front()))
      shares_.insert_or_assign(m.custodian, std::move(share));
    // Enabling is cryptography and not a flag: the quorum must open what is sealed (EP-10).
    if (std::holds_alternative<box_enabled>(events->back()) && !open_keys(box)) {
      wipe();
      found.wrong = refusal::sealed_material_invalid;
      events = decide(box, enter_share{m.custodian}, found);
      if (auto lost = decide(box, lose_memory{std::string{nothing_opened}}))
        events->insert(events->end(), lost->begin(), lost->end());
    }
    const bool enables = std::holds_alternative<box_enabled>(events->back());
    const auto shown = t.apply<secure_box>(stream(), std::move(*events));
    if (enables && when_enabled)
      when_enabled(t);
    if (const auto* refused = std::get_if<share_refused>(shown.front().get()))
      return t.when_durable([rp, why = refused->reason, told](const message_head&) mutable {
        rp.deliver(make_error(why, told));
      });
    t.when_durable([rp, box = t.state<secure_box>(stream())](const message_head& next) mutable {
      rp.deliver(box_report{{next}, box});
    });
  });
  return rp;
}

secret box_core::read_share(const secure_box& box, const put_share& m, share_check& found, std::string& told) const {
  const auto refused = [&](refusal why) {
    found.wrong = why;
    return secret{};
  };
  // A stranger who brings a share has it named on record; one who brings none hears that he is a stranger.
  const auto nothing_there = [&](refusal why) {
    return refused(holds_share(box, m.custodian) ? why : refusal::custodian_not_known);
  };
  const media medium{m.media / m.custodian.text};
  told = medium.directory().string();
  if (!medium.present())
    return nothing_there(refusal::medium_missing);
  const auto text = medium.read(share_file_name(id_.text()));
  told = text ? (medium.directory() / share_file_name(id_.text())).string() : text.error().text;
  if (!text && text.error().code == storage_code::missing)
    return nothing_there(refusal::share_missing);
  if (!text)
    return refused(text.error().code == storage_code::io ? refusal::medium_failed : refusal::share_damaged);
  auto file = parse_share(*text);
  if (!file) {
    told += ": " + file.error();
    return refused(refusal::share_damaged);
  }
  const auto& terms = file->terms;
  found.share = terms.name();
  if (!file->signature_valid)
    return refused(refusal::share_forged);
  const auto made = find_event<box_initialised>(around_.journal_log->view(), lookup::box_keys, id_.text());
  const auto& set = made ? made->event.set : std::nullopt;
  if (!set || set->id != terms.set) {
    if (terms.log != around_.journal_log->origin())
      return refused(refusal::share_foreign);
    return refused(terms.of == id_.text() ? refusal::share_outdated : refusal::share_of_another_box);
  }
  if (const auto why = not_of_set(*file, *set, box.salt, box.shares))
    return refused(*why);
  return std::move(file->share);
}

caf::typed_response_promise<box_report> box_core::remove(caf::typed_response_promise<box_report> rp,
                                                         const take_share& m) {
  // At once (EP-10): the keys go now, and the decision comes before that of earlier work.
  if (shares_.contains(m.custodian))
    wipe();
  shell_->submit_first({m.head, "take share", fails(rp)}, [this, rp, m](transaction& t) mutable {
    auto events = decide(t.state<secure_box>(stream()), remove_share{m.custodian});
    if (!events)
      return t.refuse(events.error(), m.custodian.text, custodian_named(m.custodian));
    wipe();
    t.apply<secure_box>(stream(), std::move(*events));
    t.when_durable([rp, box = t.state<secure_box>(stream())](const message_head& next) mutable {
      rp.deliver(box_report{{next}, box});
    });
  });
  return rp;
}

caf::typed_response_promise<acknowledged> box_core::activate(caf::typed_response_promise<acknowledged> rp,
                                                             const activate_domain& m) {
  shell_->submit({m.head, "activate domain", fails(rp)}, [this, rp, m](transaction& t) mutable {
    auto events = decide(t.state<secure_box>(stream()), switch_domain{m.domain});
    if (!events)
      return t.refuse(events.error(), m.domain.text);
    t.apply<secure_box>(stream(), std::move(*events));
    t.when_durable([rp](const message_head& next) mutable { rp.deliver(acknowledged{{next}}); });
  });
  return rp;
}

caf::typed_response_promise<box_report> box_core::report(caf::typed_response_promise<box_report> rp,
                                                         const ask_box& m) {
  shell_->submit({m.head, "ask box", fails(rp)}, [this, rp](transaction& t) mutable {
    t.when_durable([rp, box = t.state<secure_box>(stream())](const message_head& next) mutable {
      rp.deliver(box_report{{next}, box});
    });
  });
  return rp;
}

caf::typed_response_promise<box_tested> box_core::test(caf::typed_response_promise<box_tested> rp,
                                                       const test_box& m) {
  auto answer = [generators = generators_, answers = around_.answers](work_context&) {
    return test_box_now(*generators, *answers);
  };
  shell_->submit<box_self_test>({m.head, "test box", fails(rp)}, std::move(answer),
                                [this, rp](transaction& t, box_self_test& found) mutable {
                                  t.when_durable([rp, id = id_, found](const message_head& next) mutable {
                                    rp.deliver(box_tested{{next}, id, std::move(found)});
                                  });
                                });
  return rp;
}

void box_core::repeat(command_info info, const key_id& key, std::function<void(const message_head&)> deliver) {
  shell_->submit(std::move(info), [this, key, deliver = std::move(deliver)](transaction& t) {
    if (auto why = not_ready(t.state<secure_box>(stream()), place_.type, key.domain))
      return t.refuse(*why, key.text(), {{participant_kind::key, key.text()}});
    t.when_durable(deliver);
  });
}

bool box_core::open_keys(const secure_box& box) {
  std::vector<const secret*> entered;
  for (const auto& [custodian, share] : shares_)
    entered.push_back(&share);
  auto whole = combine(entered);
  if (!whole)
    return false;
  combination_ = std::make_shared<const secret>(std::move(*whole));
  const auto view = around_.journal_log->view();
  // Every box has something sealed from its first day on, so that a wrong combination cannot enable it.
  const auto first = view.find(static_cast<std::uint8_t>(lookup::box_keys), id_.text());
  if (!first || !open_bundle(*first, "box"))
    return false;
  // A Manufacturing box opens a domain's keys for each use.
  if (id_.type == box_type::manufacturing)
    return true;
  for (const auto& [domain, process] : box.processes) {
    auto position =
      view.find(static_cast<std::uint8_t>(lookup::domain_process), id_.text() + '|' + domain.text);
    auto bundle = position ? open_bundle(*position, domain.text) : std::nullopt;
    auto ring = bundle ? make_ring(*bundle, domain, process.suite, id_.type) : nullptr;
    if (!ring)
      return false;
    rings_[domain] = std::move(ring);
  }
  return true;
}

void box_core::wipe() {
  shares_.clear();
  combination_ = nullptr;
  rings_.clear();
  in_hand_.clear();
  if (when_wiped)
    when_wiped();
}

} // namespace oaksteel
