#include "node/raising.hpp"

#include "actors/shell.hpp"
#include "events/event.hpp"
#include "node/carry_out.hpp"
#include "node/control.hpp"
#include "node/peers.hpp"
#include "node/requests.hpp"
#include "node/tls_identity.hpp"
#include "storage/archive.hpp"
#include "storage/event_codec.hpp"
#include "storage/find_domain_key.hpp"

#include <algorithm>

#include <sys/eventfd.h>
#include <unistd.h>

namespace oaksteel {
namespace {

/// What one answer may be beyond what is known here: no peer may use up the numbers that there are.
constexpr auto answer_step_limit = static_cast<std::uint32_t>(key_id_step_limit);

constexpr int last_lines_ms = 1000; ///< for those who asked the operator's end meanwhile

template <class State>
State state_in(const log_view& view, const stream_id& stream) {
  const auto row = view.row(stream);
  auto state = row ? decode<State>(row->state) : expected<State, std::string>{State{}};
  if (!state)
    shell_detail::stop_unreadable(stream, state.error());
  return std::move(*state);
}

/// Gathers the events of one commit.
class raise_request {
public:
  raise_request(const log_view& view, instant last) : view_(view), at_(last) {}

  /// What follows from it, if anything.
  void propose(const stream_id& stream, auto& state, const auto& raised) {
    const auto events = decide(state, raised);
    if (!events || events->empty())
      return;
    evolve(state, raised);
    add(stream, raised, encode(state));
  }
  /// Events of one stream follow one another.
  void add(const stream_id& stream, const auto& event, bytes state) {
    auto pending = describe(event);
    pending.time = at_ = {at_.us + 1};
    pending.actor = "node";
    pending.command = {"node", 0};
    request.events.push_back(std::move(pending));
    if (request.rows.empty() || request.rows.back().stream != stream) {
      const auto row = view_.row(stream);
      request.rows.push_back({stream, row ? row->version : 0, {}});
    }
    request.rows.back().state = std::move(state);
  }

  append_request request;
  instant at() const { return at_; }

private:
  const log_view& view_;
  instant at_;
};

bool is_here(const node_configuration& plan, const party& p) {
  return plan.nodes.empty() || plan.node_of(p) == plan.name;
}

void raise_box(raise_request& to, const log_view& view, const box_id& box, const seen_numbers& seen) {
  const stream_id stream{stream_kind::box, box.text()};
  auto state = state_in<secure_box>(view, stream);
  for (const auto& [domain, number] : seen.keys)
    to.propose(stream, state, last_seen_raised{box, {domain, number}});
}

void raise_all(raise_request& to, const log_view& view, const node_configuration& plan, const seen_numbers& seen) {
  for (const auto& [domain, number] : seen.keys)
    if (is_here(plan, {component::archive, domain.text})) {
      const stream_id stream{stream_kind::key_counter, domain.text};
      auto counter = state_in<key_counter>(view, stream);
      to.propose(stream, counter, key_ids_raised{{domain, number}});
    }
  for (const auto& [key, position] : view.range(static_cast<std::uint8_t>(lookup::box_keys), ""))
    if (const auto box = box_id::parse(key))
      raise_box(to, view, *box, seen);
  const stream_id boxes{stream_kind::allocator, "boxes"}, orders{stream_kind::order_book, "orders"};
  auto allocator = state_in<box_allocator>(view, boxes);
  for (const auto& [type, number] : seen.boxes)
    to.propose(boxes, allocator, box_ids_raised{{type, number}});
  auto book = state_in<order_book>(view, orders);
  if (is_here(plan, {component::kmc, {}}))
    to.propose(orders, book, order_numbers_raised{{seen.orders}});
}

std::vector<domain_id> domains_of(const node_configuration& plan) {
  std::vector<domain_id> all;
  for (const auto& domain : plan.domains)
    all.push_back(domain.id);
  return all;
}

} // namespace

seen_numbers seen_of_nodes::of(const std::string& node) {
  const auto view = log_->view();
  for (const auto size = view.size(); up_to_ < size;)
    // What was refused is no number that was used.
    if (const auto r = view.at(++up_to_); r && r->stream.kind != stream_kind::faults)
      for (const auto& p : r->participants)
        all_.add(p);
  auto seen = all_;
  const auto row = view.row({stream_kind::neighbour, node});
  if (const auto state = row ? decode<neighbour>(row->state) : expected<neighbour, std::string>{neighbour{}})
    seen.epoch = std::max(state->epoch, state->earlier_epoch);
  return seen;
}

std::optional<storage_error> raise_counters(opened_log& opened, const node_configuration& plan, seen_numbers seen,
                                            const std::vector<std::string>& told) {
  auto& written = opened.written;
  seen.epoch = std::max(seen.epoch, written.epoch());
  seen.raise_by(static_cast<std::uint32_t>(opened.node.raise_by), domains_of(plan));
  written.raise_epoch(seen.epoch + 1);
  auto node = opened.node;
  const counters_raised done{written.epoch(), told};
  const auto view = written.view();
  raise_request to{view, std::max(opened.last, machine_time())};
  raise_all(to, view, plan, seen);
  evolve(node, done);
  to.add(node_stream, done, encode(node));
  const auto results = written.append({&to.request});
  if (!results)
    return results.error();
  if (!results->front())
    return results->front().error();
  opened.last = to.at();
  opened.node = std::move(node);
  return std::nullopt;
}

expected<seen_numbers, std::string> believed(const bytes& answer, const seen_numbers& own,
                                             const std::vector<domain_id>& domains) {
  auto seen = decode<seen_numbers>(answer);
  if (!seen)
    return unexpected{std::string{"it answers nothing that can be read"}};
  std::erase_if(seen->keys, [&](const auto& one) { return std::ranges::count(domains, one.first) == 0; });
  if (seen->far_beyond(own, answer_step_limit))
    return unexpected{std::string{"it has seen a number that is more than 1,000,000 beyond those here"}};
  return seen;
}

namespace {

/// What is known so far, told from the port's thread.
class answers {
public:
  answers(std::vector<std::string> nodes, seen_numbers own, std::vector<domain_id> domains)
    : own_(own), domains_(std::move(domains)), all_(std::move(own)) {
    for (auto& node : nodes)
      awaited_[std::move(node)] = "";
  }

  bool awaits(const std::string& node) const {
    const std::lock_guard lock{mutex_};
    return awaited_.contains(node);
  }
  void heard(const std::string& node, const bytes& data) {
    const std::lock_guard lock{mutex_};
    const auto found = awaited_.find(node);
    if (found == awaited_.end())
      return;
    const auto seen = believed(data, own_, domains_);
    if (!seen)
      found->second = seen.error();
    else {
      all_.add(*seen);
      told_.push_back(node);
      awaited_.erase(found);
    }
    if (!awaited_.empty())
      return;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = write(complete_.fd(), &one, sizeof one);
  }
  void missed(const std::string& node, const std::string& why) {
    const std::lock_guard lock{mutex_};
    if (const auto found = awaited_.find(node); found != awaited_.end())
      found->second = why;
  }
  /// Can be read when all have answered.
  int complete() const { return complete_.fd(); }
  const seen_numbers& all() const { return all_; }
  const std::vector<std::string>& told() const { return told_; }
  std::string in_words() const {
    const std::lock_guard lock{mutex_};
    std::string text;
    for (const auto& [node, why] : awaited_)
      text += (text.empty() ? "" : ", ") + node + (why.empty() ? "" : " (" + why + ')');
    return "this node was restored from a backup and waits to hear what was seen of it by " + text;
  }

private:
  open_file complete_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  mutable std::mutex mutex_;
  const seen_numbers own_;
  const std::vector<domain_id> domains_;
  seen_numbers all_;
  std::map<std::string, std::string> awaited_; ///< and why it has not said anything that can be believed
  std::vector<std::string> told_;
};

/// Boxes and domains, of which none is at work.
requests::answer as_it_lies(const opened_log& opened, const node_configuration& plan, const requests::any_request& r) {
  requests::answer a;
  const auto view = opened.written.view();
  if (std::holds_alternative<requests::list_domains>(r)) {
    for (const auto& [id, position] : view.range(static_cast<std::uint8_t>(lookup::domain_keys), ""))
      a.domains.push_back(requests::view_of({id}, state_in<domain>(view, {stream_kind::domain, id}),
                                            find_time_zone(view, {id}).value_or(time_zone{})));
    return a;
  }
  for (const auto& box : plan.boxes) {
    if (!box.node.empty() && box.node.text != plan.name)
      continue;
    const auto id = box_in_slot(opened.written, box.slot);
    auto& v = a.boxes.emplace_back(requests::view_of(id ? state_of(opened.written, *id) : secure_box{}));
    v.slot = box.slot;
    v.type = box.type;
    v.enabled = false;
    v.entered.clear();
  }
  return a;
}

requests::answer meanwhile(const opened_log& opened, const node_configuration& plan, const answers& waiting,
                           const std::string& line) {
  const auto request = requests::read_request(line);
  if (!request)
    return requests::failed(request.error());
  const bool looks = std::holds_alternative<requests::list_boxes>(*request)
                     || std::holds_alternative<requests::list_domains>(*request);
  return looks ? as_it_lies(opened, plan, *request) : requests::failed("busy: " + waiting.in_words());
}

/// Other nodes ask each other and this one; nothing else is answered yet, and comes again.
peer_listener listener_for(peer_port& port, answers& waiting, seen_of_nodes& seen, const log& written) {
  peer_listener l;
  l.judge = [&written](const std::string& node, const peer_hello& h, auto admit) {
    const auto row = written.view().row({stream_kind::neighbour, node});
    const auto known = row ? decode<neighbour>(row->state) : expected<neighbour, std::string>{neighbour{}};
    const auto met = known ? decide(*known, neighbour_met{node, h.log, h.epoch, h.parents})
                           : decision<neighbour_event>{refuse(refusal::storage_failed)};
    admit(met ? std::nullopt : std::optional{met.error()});
  };
  l.asked = [&port, &seen](const std::string& node, std::uint64_t id) {
    port.answer(node, {peer_message_kind::answer, id, encode(seen.of(node))});
  };
  l.reached = [&port, &waiting](const std::string& node, const peer_hello&) {
    if (waiting.awaits(node))
      port.ask(node, {peer_message_kind::ask_seen, 1, {}});
  };
  l.answered = [&waiting](const std::string& node, peer_message m) { waiting.heard(node, m.data); };
  l.missed = [&waiting](const std::string& node, const std::string& why) { waiting.missed(node, why); };
  l.operated = [&waiting](const certificate&, const std::string&, const std::function<void(std::string)>& reply) {
    reply(line_of(requests::failed("busy: " + waiting.in_words())));
  };
  return l;
}

} // namespace

stored<bool> catch_up(opened_log& opened, const node_configuration& plan, int ended,
                      const std::function<void(const std::string&)>& waits) {
  seen_of_nodes seen;
  seen.read(opened.written);
  auto own = seen.of(plan.name);
  own.epoch = opened.written.epoch();
  const auto others = plan.others();
  if (others.empty() && opened.node.raise_by == 0)
    return unexpected{unfit_log(plan.data,
                                "was restored from a backup, and there is no other node to say what was done since; "
                                "restore it again with --raise-by N, more than anything was counted up")};
  answers waiting{others, own, domains_of(plan)};
  if (!others.empty()) {
    auto port = peer_port::open(peers::port_options(plan));
    if (!port)
      return unexpected{port.error()};
    auto control = control_server::open(plan.data, [&](const std::string& line, const control_server::reply& reply) {
      reply(line_of(meanwhile(opened, plan, waiting, line)));
    });
    if (!control)
      return unexpected{control.error()};
    const peer_hello hello{peer_version, plan.name, opened.written.id(), opened.written.epoch(), opened.node.ancestors,
                           plan.shared()};
    port->start(hello, listener_for(*port, waiting, seen, opened.written), others);
    waits(waiting.in_words());
    const int stops[] = {ended, waiting.complete()};
    control->serve(stops);
    control->finish(last_lines_ms);
    port->stop();
    if (waiting.told().size() < others.size())
      return false;
  }
  if (auto problem = raise_counters(opened, plan, waiting.all(), waiting.told()))
    return unexpected{std::move(*problem)};
  return true;
}

} // namespace oaksteel
