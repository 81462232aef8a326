#include "actors/computers/computers.hpp"

#include <caf/typed_response_promise.hpp>

namespace oaksteel {
namespace {

/// Generous: a whole file of mail is one request.
constexpr auto capture_timeout = std::chrono::minutes{60};

/// A request of the operator, in batches; one batch is with the KMC at a time.
struct run {
  data_capture_actor::pointer self;
  kmc_actor kmc;
  verify_mail whole;
  std::size_t batch = 1000;
  std::size_t sent = 0;
  mail_verified answer;
  caf::typed_response_promise<mail_verified> rp;
};

void next_batch(const std::shared_ptr<run>& r) {
  if (r->sent >= r->whole.pieces->size()) {
    r->rp.deliver(std::move(r->answer));
    return;
  }
  const auto first = r->whole.pieces->begin() + static_cast<std::ptrdiff_t>(r->sent);
  const auto count = std::min(r->batch, r->whole.pieces->size() - r->sent);
  auto part = r->whole;
  part.request += '/' + std::to_string(r->sent);
  part.pieces = std::make_shared<const std::vector<indicium>>(first, first + static_cast<std::ptrdiff_t>(count));
  r->sent += count;
  r->self->request(r->kmc, capture_timeout, std::move(part))
    .then(
      [r](const mail_verified& got) {
        r->answer.head = got.head;
        for (std::size_t i = 0; i < got.results.size(); ++i) {
          r->answer.results[i].domain = got.results[i].domain;
          auto& all = r->answer.results[i].verdicts;
          all.insert(all.end(), got.results[i].verdicts.begin(), got.results[i].verdicts.end());
        }
        next_batch(r);
      },
      [r](const caf::error& e) { r->rp.deliver(e); });
}

} // namespace

data_capture_actor::behavior_type data_capture_system(data_capture_actor::pointer self, kmc_actor kmc,
                                                      std::size_t batch) {
  return {
    [self, kmc, batch](const verify_mail& m) {
      auto r = std::make_shared<run>();
      r->self = self;
      r->kmc = kmc;
      r->whole = m;
      r->batch = batch;
      r->answer.results.resize(m.domains.size());
      r->rp = self->make_response_promise<mail_verified>();
      next_batch(r);
      return r->rp;
    },
  };
}

} // namespace oaksteel
