#include "actors/boxes/brass_checks.hpp"

#include "actors/boxes/record_addresses.hpp"
#include "events/audit_times.hpp"
#include "events/protections.hpp"
#include "storage/signed_body.hpp"

namespace oaksteel {
namespace {

/// The body of a record when `signer` signed it in this domain.
template <class Body>
expected<Body, refusal> read_signed(const signed_record& r, const public_key& signer, const domain_ring& ring,
                                    work_context& w) {
  auto body = decode_body<Body>(r.body);
  if (!body)
    return refuse(refusal::record_malformed);
  if (!w.proofs.check(signer, {"record", ring.domain.text}, r.body, r.proof))
    return refuse(refusal::signature_invalid);
  return std::move(*body);
}

/// What a meter with this key answers MI6r with (EP-16).
std::string test_tokens_of(const secret& k, const domain_ring& ring, work_context& w) {
  return w.tokens().test_tokens(w.tokens().derive(k, key_use::test, ring.domain.text), test_token_position,
                                test_token_number);
}

/// K out of material that was sealed to Brass, when it is the material that was signed.
std::optional<secret> open_for_brass(const sealed_record& r, const digest& signed_digest, byte_view address,
                                     const domain_ring& ring, work_context& w) {
  if (sha256(r.sealed) != signed_digest)
    return std::nullopt;
  return opener{*ring.confidentiality, w.random, ring.unwrapped}.open(r.sealed, address);
}

template <class Work>
Work failed(refusal why) {
  Work work;
  work.problem = why;
  return work;
}

} // namespace

brass_work<installation_confirmed> check_installation(const mi8& m, const box_id& brass, const box_clock& clock,
                                                      const domain_ring& ring, work_context& w) {
  using work = brass_work<installation_confirmed>;
  auto mi3 = read_signed<mi3_body>(m.mi3.record, *ring.oak_authentication, ring, w);
  if (!mi3)
    return failed<work>(mi3.error());
  auto mi7 = read_signed<mi7_body>(m.mi7, *ring.steel_authentication, ring, w);
  if (!mi7)
    return failed<work>(mi7.error());
  if (mi3->key != m.key || mi7->key != m.key || mi3->oak != mi7->oak || mi3->steel != mi7->steel || mi7->failure)
    return failed<work>(refusal::records_disagree);
  const bool right_times =
    in_order({mi3->kms_request, mi3->oak_time, mi7->psr_install, mi7->steel_time, m.kms_install, clock.now}, clock.tolerance)
    && strictly_later(mi3->kms_request, m.kms_install);
  if (keeps(protection::audit_times) && !right_times)
    return failed<work>(refusal::time_out_of_order);
  auto k = open_for_brass(m.mi3, mi3->sealed, sealed_address(body_type::mi3, m.key, mi3->oak, mi3->steel), ring, w);
  if (!k)
    return failed<work>(refusal::sealed_material_invalid);
  // EP: "This checks that the Domain Master Key in the Domain Archive is the same as the key installed in the meter."
  if (test_tokens_of(*k, ring, w) != mi7->test_tokens)
    return failed<work>(refusal::test_tokens_differ);

  work done;
  done.sealed = w.to(*ring.brass_confidentiality).seal(*k, sealed_address(body_type::mi9, m.key, brass, mi3->steel));
  const mi9_body mi9{brass,           mi3->oak,   mi3->steel,    m.key, mi7->meter,
                     sha256(done.sealed), mi3->check, m.kms_install, clock.now};
  done.event.meter = mi7->meter;
  done.event.mi9.body = encode_body(mi9);
  done.event.mi10.body = encode_body(mi10_body{m.key, mi7->meter});
  done.problem.reset();
  return done;
}

brass_work<key_condemned> check_condemnation(const mb1& m, const box_id& brass, const box_clock& clock,
                                             const domain_ring& ring, work_context& w) {
  using work = brass_work<key_condemned>;
  auto mi3 = read_signed<mi3_body>(m.mi3.record, *ring.oak_authentication, ring, w);
  if (!mi3)
    return failed<work>(mi3.error());
  if (mi3->key != m.key)
    return failed<work>(refusal::records_disagree);
  instant reported;
  auto reason = m.reason;
  if (m.mi7) {
    auto mi7 = read_signed<mi7_body>(*m.mi7, *ring.steel_authentication, ring, w);
    if (!mi7)
      return failed<work>(mi7.error());
    if (mi7->key != m.key)
      return failed<work>(refusal::records_disagree);
    reported = mi7->steel_time;
    if (mi7->failure) {
      reason = *mi7->failure;
    } else {
      // EP-13b: that the key in the meter is another is evidence, and not somebody's word.
      auto k = open_for_brass(m.mi3, mi3->sealed, sealed_address(body_type::mi3, m.key, mi3->oak, mi3->steel), ring, w);
      if (!k)
        return failed<work>(refusal::sealed_material_invalid);
      if (reason != refusal::test_tokens_differ || test_tokens_of(*k, ring, w) == mi7->test_tokens)
        return failed<work>(refusal::records_disagree);
    }
  } else if (reason != refusal::no_answer) {
    return failed<work>(refusal::records_disagree); // Steel says every other reason
  }
  if (!in_order({mi3->kms_request, mi3->oak_time, reported, clock.now}, clock.tolerance))
    return failed<work>(refusal::time_out_of_order);
  work done;
  done.event.reason = reason;
  done.event.mb2.body = encode_body(mb2_body{brass, mi3->oak, mi3->steel, m.key, reason, clock.now});
  done.event.mb3.body = encode_body(mb3_body{m.key, reason});
  done.problem.reset();
  return done;
}

brass_work<registration_confirmed> check_registration(const mr2& m, const box_id& brass, const box_clock& clock,
                                                      const std::optional<time_zone>& zone, const domain_ring& ring,
                                                      work_context& w) {
  using work = brass_work<registration_confirmed>;
  auto mi9 = read_signed<mi9_body>(m.mi9.record, ring.authentication->public_part(), ring, w);
  if (!mi9)
    return failed<work>(mi9.error());
  if (mi9->key != m.key || mi9->meter != m.report.meter)
    return failed<work>(refusal::records_disagree);
  if (!in_order({mi9->kms_install, mi9->brass_time, m.kms_registration, clock.now}, clock.tolerance)
      || !strictly_later(mi9->kms_install, m.kms_registration)
      || !day_in_order(mi9->kms_install, m.report.date, m.kms_registration, zone, clock.tolerance))
    return failed<work>(refusal::time_out_of_order);
  auto k = open_for_brass(m.mi9, mi9->sealed, sealed_address(body_type::mi9, m.key, mi9->brass, mi9->steel), ring, w);
  if (!k)
    return failed<work>(refusal::sealed_material_invalid);
  const auto& r = m.report;
  const auto expected_token = w.tokens().registration_token(
    w.tokens().derive(*k, key_use::registration, ring.domain.text),
    registration_data(ring.domain, r.meter, r.product, r.serial, r.country, r.date));
  if (!same_bytes(expected_token, m.token))
    return failed<work>(refusal::registration_tokens_differ);

  work done;
  done.sealed =
    seal_under(*ring.secret_confidentiality, *k, sealed_address(body_type::mr3, m.key, r.meter, r.serial), w.random);
  const mr3_body mr3{brass,     m.key,  r.meter,             r.product,  r.serial,           r.country,
                     r.date, sha256(done.sealed), mi9->check, m.kms_registration, clock.now};
  auto& e = done.event;
  e.meter = r.meter;
  e.serial = r.serial;
  e.mr3.body = encode_body(mr3);
  e.mr4.body = encode_body(mr4_body{ring.domain, r.meter, r.serial, r.country});
  e.mr3_tag = tag_under(*ring.secret_authentication, e.mr3.body);
  e.mr4_tag = tag_under(*ring.secret_authentication, e.mr4.body);
  done.problem.reset();
  return done;
}

brass_work<retirement_confirmed> check_retirement(const mo1& m, const box_id& brass, const box_clock& clock,
                                                  const domain_ring& ring, work_context& w) {
  using work = brass_work<retirement_confirmed>;
  const auto& own = ring.authentication->public_part();
  digest sealed;
  sequence_number meter;
  key_id key;
  instant kms_before, brass_before;
  std::optional<calendar_date> registered;
  if (m.status == key_status::active) {
    auto mr3 = read_signed<mr3_body>(m.current.record, own, ring, w);
    if (!mr3)
      return failed<work>(mr3.error());
    if (!same_bytes(tag_under(*ring.secret_authentication, m.current.record.body), m.current.tag))
      return failed<work>(refusal::signature_invalid);
    sealed = mr3->sealed;
    meter = mr3->meter;
    key = mr3->key;
    kms_before = mr3->kms_registration;
    brass_before = mr3->brass_time;
    registered = mr3->date;
  } else {
    auto mi9 = read_signed<mi9_body>(m.current.record, own, ring, w);
    if (!mi9)
      return failed<work>(mi9.error());
    sealed = mi9->sealed;
    meter = mi9->meter;
    key = mi9->key;
    kms_before = mi9->kms_install;
    brass_before = mi9->brass_time;
  }
  if (key != m.key || meter != m.meter)
    return failed<work>(refusal::records_disagree);
  if (!in_order({kms_before, brass_before, m.kms_obsolete, clock.now}, clock.tolerance)
      || !strictly_later(kms_before, m.kms_obsolete) || (registered && m.date < *registered))
    return failed<work>(refusal::time_out_of_order);
  if (sha256(m.current.sealed) != sealed)
    return failed<work>(refusal::sealed_material_invalid);
  work done;
  done.sealed = m.current.sealed;
  auto& e = done.event;
  e.meter = meter;
  e.mo2.body = encode_body(mo2_body{brass, m.key, meter, m.reason, m.date, sealed, m.kms_obsolete, clock.now});
  e.mo3.body = encode_body(mo3_body{m.key, meter});
  e.mo2_tag = tag_under(*ring.secret_authentication, e.mo2.body);
  e.mo3_tag = tag_under(*ring.secret_authentication, e.mo3.body);
  done.problem.reset();
  return done;
}

} // namespace oaksteel
