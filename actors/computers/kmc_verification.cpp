#include "actors/computers/kmc.hpp"

namespace oaksteel {
namespace {

using namespace std::chrono_literals;

/// One request of a data capture system, until every domain has answered.
struct capture {
  caf::typed_response_promise<mail_verified> rp;
  mail_verified answer;
  std::size_t missing = 0;
  bool failed = false;
};

void verify_domain(kmc_pointer self, const verify_mail& m, std::size_t index, const std::shared_ptr<capture>& c) {
  const auto domain = m.domains[index];
  const auto servers = self->state.options.domains.at(domain);
  auto trouble = [c](const caf::error& e) {
    if (!std::exchange(c->failed, true))
      c->rp.deliver(e);
  };
  fetch_verification fetch{{self->state.house->next_head(m.head)}, domain, m.pieces};
  self->request(servers.archive, answer_timeout, std::move(fetch))
    .then(
      [self, m, domain, servers, index, c, trouble](const verification_material& material) {
        verify_tokens check{{self->state.house->next_head(material.head)}, domain, m.request, m.pieces,
                            std::make_shared<const verification_material>(material)};
        self->request(servers.brass, answer_timeout, std::move(check))
          .then(
            [index, c](const tokens_checked& checked) {
              c->answer.results[index] = checked.result;
              c->answer.head = checked.head;
              if (--c->missing == 0 && !c->failed)
                c->rp.deliver(std::move(c->answer));
            },
            trouble);
      },
      trouble);
}

} // namespace

// EP Fig. 28: the same operations, once for each domain, independently.
caf::typed_response_promise<mail_verified> verify_for_capture(kmc_pointer self, const verify_mail& m) {
  auto rp = self->make_response_promise<mail_verified>();
  auto refused = [self, rp, m](refusal why) mutable {
    self->state.house->submit({m.head, "verify mail", [rp](const caf::error& e) mutable { rp.deliver(e); }},
                              [why, m](transaction& t) { t.refuse(why, m.request); });
    return rp;
  };
  if (!m.pieces || m.pieces->empty() || m.pieces->size() > mail_batch_limit || m.domains.empty())
    return refused(refusal::command_malformed);
  for (const auto& domain : m.domains)
    if (!self->state.options.domains.contains(domain))
      return refused(refusal::domain_not_known);
  auto c = std::make_shared<capture>();
  c->rp = rp;
  c->missing = m.domains.size();
  c->answer.results.resize(m.domains.size());
  for (std::size_t i = 0; i < m.domains.size(); ++i)
    verify_domain(self, m, i, c);
  return rp;
}

} // namespace oaksteel
