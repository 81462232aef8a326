#include "node/introductions.hpp"

#include "actors/errors.hpp"
#include "events/event.hpp"
#include "storage/find_event.hpp"

#include <chrono>
#include <memory>
#include <set>

namespace oaksteel {
namespace {

using namespace std::chrono_literals;

constexpr auto answer_within = 10s, again_after = 2s, now_and_then = 10s;

using ask_again = caf::atom_constant<caf::atom("again")>;

class asking {
public:
  asking(caf::event_based_actor* self, const node_configuration& plan, const oaksteel::log& log, site& hosted,
         neighbours_actor notes, std::function<void()> lacking)
    : self_(self), plan_(plan), log_(log), hosted_(hosted), notes_(std::move(notes)), lacking_(std::move(lacking)) {}

  /// Asks for everything that is not known yet.
  void round() {
    missing_ = false;
    for (const auto& box : hosted_.boxes()) {
      if (box.manufacturing && !box.here)
        ask_source(box);
      if (box.plan.type == box_type::steel && !box.here && !connected_.contains(box.plan.slot))
        ask_steel(box);
    }
    self_->delayed_send(self_, missing_ ? again_after : now_and_then, ask_again::value);
    lacking_();
  }

private:
  message_head head() { return {{"node " + plan_.name, (std::uint64_t{log_.epoch()} << 32) + ++heads_}, {}, {}}; }
  bool known(lookup index, const std::string& key) const {
    return log_.view().find(static_cast<std::uint8_t>(index), key).has_value();
  }

  /// What it cannot say yet it is asked for again; what is refused here is in the error log.
  template <class Answer, class Question, class Then>
  void ask(const manufacturing_actor& whom, Question q, Then then) {
    missing_ = true;
    q.head = head();
    self_->request(whom, answer_within, std::move(q)).then(then, [](const caf::error&) {});
  }
  template <class Introduction>
  void introduce(Introduction one, const std::string& node) {
    one.told.node = node;
    self_->request(notes_, answer_within, std::move(one))
      .then([](const acknowledged&) {}, [](const caf::error&) {});
  }

  void ask_source(const site_box& box) {
    const auto& node = box.plan.node.text;
    const bool own = known(lookup::box_keys, box_id{box_type::manufacturing, 1}.text());
    if (!own && !known(lookup::authority, "authority"))
      return ask<authority_told>(box.manufacturing, ask_authority{}, [this, node](const authority_told& a) {
        introduce(introduce_authority{head(), a.told, plan_.domain_key_set}, node);
      });
    for (const auto& domain : plan_.domains)
      if (!known(lookup::domain_keys, domain.id.text))
        ask<domain_told>(box.manufacturing, ask_domain{{}, domain.id},
                         [this, node](const domain_told& d) { introduce(introduce_domain{head(), d.told}, node); });
  }

  void ask_steel(const site_box& box) {
    missing_ = true;
    self_->request(box.common, answer_within, ask_box{head()})
      .then(
        [this, &box](const box_report& r) {
          if (r.box.id.number != 0 && connected_.insert(box.plan.slot).second)
            hosted_.connect_steel(box, r.box.id);
        },
        [](const caf::error&) {});
  }

  caf::event_based_actor* self_;
  const node_configuration& plan_;
  const oaksteel::log& log_;
  site& hosted_;
  neighbours_actor notes_;
  std::function<void()> lacking_;
  std::uint64_t heads_ = 0;
  bool missing_ = false;
  std::set<label> connected_; ///< Steel boxes of other nodes whose PSRs the KDC reaches
};

} // namespace

caf::behavior introductions(caf::event_based_actor* self, const node_configuration* plan, const oaksteel::log* log,
                            site* hosted, neighbours_actor notes, std::function<void()> lacking) {
  const auto all = std::make_shared<asking>(self, *plan, *log, *hosted, std::move(notes), std::move(lacking));
  self->send(self, ask_again::value);
  return {[all](ask_again) { all->round(); }};
}

} // namespace oaksteel
