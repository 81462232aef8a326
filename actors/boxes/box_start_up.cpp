// How a box comes to its id and its keys (EP-6, EP-8; EP Figs. 22, 23).

#include "actors/boxes/initialisation.hpp"
#include "storage/find_event.hpp"

namespace oaksteel {

caf::typed_response_promise<start_up_key_offered> box_core::begin(caf::typed_response_promise<start_up_key_offered> rp,
                                                                  const set_secure_box_id& m) {
  struct begun {
    std::optional<refusal> problem = refusal::storage_failed;
    std::string detail;
    std::string told;
    open_enrolment made;
    bytes proof;
  };
  const command_info info{m.head, "Set Secure Box ID", fails(rp)};
  // The key that the order must be signed with came into this box's software from the first box (EP-6).
  auto problem = initialising_ ? refusal::busy : order_not_permitted(*around_.journal_log, place_, m);
  if (problem) {
    shell_->submit(info, [why = *problem, slot = m.slot](transaction& t) { t.refuse(why, slot.text); });
    return rp;
  }
  const auto authority = find_start_up_authority(*around_.journal_log, place_.type);
  auto answer = [m, suite = authority->suite, seen = seen_in(*authority, m), generators = generators_,
                 answers = around_.answers](work_context& w) {
    begun facts;
    if (auto unfit = find_unfitness(*generators, *answers)) {
      facts.problem = unfit->why;
      facts.detail = std::move(unfit->detail);
      return facts;
    }
    auto typed = read_enrolment_secret(m.officer, m.media, m.slot);
    if (!typed) {
      facts.problem = typed.error().why;
      facts.told = std::move(typed.error().told);
      return facts;
    }
    auto& made = facts.made;
    made.suite = suite;
    made.enrolment_secret = std::make_shared<const secret>(std::move(*typed));
    made.start_up = std::make_shared<const private_key>(private_key::generate(suite, w.random));
    made.seen = seen;
    made.seen.answer = fresh_nonce(w.random);
    made.seen.start_up_key = made.start_up->public_part().spki();
    facts.proof = enrolment_proof(*made.enrolment_secret, enrolment_side::box, made.seen);
    facts.problem.reset();
    return facts;
  };
  shell_->submit<begun>(info, std::move(answer), [this, rp, m](transaction& t, begun& facts) mutable {
    if (facts.problem)
      return t.refuse(*facts.problem, m.slot.text + facts.detail, custodian_named(m.officer), std::move(facts.told));
    if (id_.number != 0)
      return t.refuse(refusal::box_already_initialised, m.slot.text);
    start_up_key_offered offered{{}, facts.made.seen.start_up_key, facts.made.seen.answer, std::move(facts.proof)};
    enrolling_ = std::move(facts.made);
    t.when_durable([rp, offered = std::move(offered)](const message_head& next) mutable {
      offered.head = next;
      rp.deliver(std::move(offered));
    });
  });
  return rp;
}

caf::typed_response_promise<box_id_set> box_core::finish(caf::typed_response_promise<box_id_set> rp,
                                                         const take_box_id& m) {
  const command_info info{m.head, "take box id", fails(rp)};
  const auto refused = [&]() -> std::optional<refusal> {
    if (id_.number != 0)
      return refusal::box_already_initialised;
    if (!enrolling_)
      return refusal::enrolment_not_open;
    const auto authority = find_start_up_authority(*around_.journal_log, place_.type);
    if (!authority || !authority->key.verify(admission_text(enrolling_->seen), m.signature))
      return refusal::signature_invalid;
    if (!proves(m.proof, *enrolling_->enrolment_secret, enrolment_side::source, enrolling_->seen))
      return refusal::enrolment_refused;
    return wrong_set(m.shares.threshold, m.shares.custodians);
  };
  if (const auto why = refused()) {
    shell_->submit(info, [why = *why, slot = place_.slot](transaction& t) { t.refuse(why, slot.text); });
    return rp;
  }
  const auto& open = *enrolling_;
  return initialise(rp, info, {open.seen.id, open.seen.slot, open.suite, m.shares, around_.journal_log->origin(),
                               open.seen.source, open.start_up});
}

caf::typed_response_promise<box_id_set> box_core::initialise(caf::typed_response_promise<box_id_set> rp,
                                                             command_info info, const initialisation_terms& terms) {
  // While the shares of one set go out, no other may be written over them.
  if (initialising_) {
    shell_->submit(std::move(info), [slot = place_.slot](transaction& t) { t.refuse(refusal::busy, slot.text); });
    return rp;
  }
  initialising_ = true;
  info.failed = [this, failed = std::move(info.failed)](const caf::error& e) {
    initialising_ = false;
    noted_.reset();
    failed(e);
  };
  auto answer = [terms, generators = generators_, answers = around_.answers](work_context& w) {
    initialisation none;
    if (auto unfit = find_unfitness(*generators, *answers)) {
      none.problem = unfit->why;
      none.detail = std::move(unfit->detail);
      return none;
    }
    return initialise_box(terms, w.random);
  };
  shell_->submit<initialisation>(
    std::move(info), std::move(answer),
    [this, rp, id = terms.id](transaction& t, initialisation& made) mutable {
      if (made.medium && around_.media_failed)
        around_.media_failed(*made.medium);
      if (made.problem)
        return t.refuse(*made.problem, place_.slot.text + made.detail, custodian_named(made.custodian),
                        made.medium ? std::move(made.medium->text) : std::string{});
      const stream_id stream{stream_kind::box, id.text()};
      auto events = decide(t.state<secure_box>(stream), made.event);
      if (!events)
        return t.refuse(events.error(), place_.slot.text);
      id_ = id;
      enrolling_.reset();
      t.apply<secure_box>(stream, std::move(*events), std::move(made.sealed));
      note_generators(t);
      t.when_durable([this, rp, id](const message_head& next) mutable {
        initialising_ = false;
        rp.deliver(box_id_set{{next}, id});
      });
    });
  return rp;
}

std::function<std::optional<key_bundle>(work_context&)> box_core::package_opener(const package& keys,
                                                                                 const domain_id& domain) const {
  const auto& site = *around_.journal_log;
  const auto first = site.view().find(static_cast<std::uint8_t>(lookup::box_keys), id_.text());
  // Position 0 has nothing sealed beside it.
  return [keys, domain, id = id_, own = bundle_opener(first.value_or(0), "box"),
          authority = find_start_up_authority(site, id_.type)](work_context& w) -> std::optional<key_bundle> {
    if (!authority
        || !authority->key.verify(package_text(keys.source, id, domain, keys.steels, keys.sealed), keys.signature))
      return std::nullopt;
    const auto bundle = own();
    const auto start_up =
      bundle ? bundle->key(bundle_part::start_up_confidentiality, authority->suite) : std::nullopt;
    if (!start_up)
      return std::nullopt;
    auto packed = opener{*start_up, w.random}.open(keys.sealed, package_address(id, domain));
    return packed ? key_bundle::unpack(*packed) : std::nullopt;
  };
}

std::function<bytes(const key_bundle&, work_context&)> box_core::bundle_sealer(std::string_view purpose) const {
  return [lent = std::weak_ptr{combination_}, address = bundle_address(id_, purpose)](const key_bundle& bundle,
                                                                                       work_context& w) {
    const auto combination = lent.lock();
    return combination ? seal_under(*combination, bundle.packed(), address, w.random) : bytes{};
  };
}

caf::typed_response_promise<acknowledged> box_core::take(caf::typed_response_promise<acknowledged> rp,
                                                         const take_domain_process& m) {
  const auto authority = find_start_up_authority(*around_.journal_log, place_.type);
  const auto suite = authority ? authority->suite : suite_id::rsa3072;
  const keeper under_combination = [type = place_.type, seal = bundle_sealer(m.domain.text)](
                                     const key_bundle& keys, const domain_id& domain, suite_id of, work_context& w) {
    auto ring = make_ring(keys, domain, of, type);
    return ring ? kept_keys{std::move(ring), seal(keys, w), {}} : kept_keys{};
  };
  auto answer = [m, suite, open = package_opener(m.keys, m.domain),
                 keep_it = keep ? keep() : under_combination](work_context& w) {
    const auto keys = open(w);
    return keys ? keep_it(*keys, m.domain, suite, w) : kept_keys{};
  };
  shell_->submit<kept_keys>(
    {m.head, "take domain process", fails(rp)}, std::move(answer),
    [this, rp, m, suite](transaction& t, kept_keys& kept) mutable {
      domain_process_made proposed{id_,           m.domain, suite, m.keys.steels, m.keys.source,
                                   sha256(m.keys.sealed), kept.key_data};
      auto events = decide(t.state<secure_box>(stream()), proposed);
      if (!events)
        return t.refuse(events.error(), m.domain.text);
      if (!combination_)
        return t.refuse(refusal::box_disabled, m.domain.text);
      if (kept.sealed.empty())
        return t.refuse(refusal::sealed_material_invalid, m.domain.text);
      if (kept.ring)
        rings_[m.domain] = std::move(kept.ring);
      t.apply<secure_box>(stream(), std::move(*events), std::move(kept.sealed));
      t.when_durable([rp](const message_head& next) mutable { rp.deliver(acknowledged{{next}}); });
    });
  return rp;
}

} // namespace oaksteel
