#include "actors/shell.hpp"

#include "actors/journal.hpp"
#include "crypto/envelope.hpp"
#include "events/participants.hpp"
#include "storage/find_event.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace oaksteel {
namespace {

/// Batches that may be open at once; beyond it commands wait.
constexpr std::size_t open_batches_limit = 256;
/// States that are kept in memory when nobody rests on them.
constexpr std::size_t idle_cells_limit = 256;
/// What a proof by a box speaks for; the body's type says which record it is.
constexpr std::string_view record_purpose = "record";

} // namespace

void shell_detail::stop_unreadable(const stream_id& stream, const std::string& why) {
  constexpr int log_unusable = 3; // as cli/README.md has it
  std::fprintf(stderr, "oaksteel: the state of %s in the log cannot be read: %s\n", stream.text().c_str(), why.c_str());
  std::_Exit(log_unusable); // what is not durable yet was not answered
}

shell::shell(std::string name, shell_client own, surroundings around)
  : name_(std::move(name)), own_(std::move(own)), around_(std::move(around)), epoch_(around_.journal_log->epoch()) {}

void shell::submit(command_info info, std::function<void(transaction&)> decide) {
  command c;
  c.info = std::move(info);
  c.decide = std::move(decide);
  enqueue(std::move(c));
}

void shell::submit_signing(command_info info, std::function<void(transaction&)> decide) {
  command c;
  c.info = std::move(info);
  c.info.shares = true;
  c.answer = [](work_context&) {};
  c.decide = std::move(decide);
  enqueue(std::move(c));
}

message_head shell::next_head(const message_head& after) {
  // The epoch in the upper half keeps a restarted sender's count above its earlier one.
  return {{name_, (std::uint64_t{epoch_} << 32) + ++heads_}, after.cause, after.correlation};
}

void shell::submit_first(command_info info, std::function<void(transaction&)> decide) {
  auto b = std::make_shared<batch>();
  b->ticket = ++tickets_;
  b->at = phase::answered;
  auto& c = b->commands.emplace_back();
  c.info = std::move(info);
  c.decide = std::move(decide);
  number(c);
  const auto undecided =
    std::find_if(batches_.begin(), batches_.end(), [](const auto& other) { return !other->decided; });
  batches_.insert(undecided, std::move(b));
  advance();
}

void shell::enqueue(command c) {
  number(c);
  waiting_.push_back(std::move(c));
  pump();
}

void shell::number(command& c) {
  c.number = (std::uint64_t{epoch_} << 32) + ++numbers_;
}

void shell::pump() {
  const auto asking = [this] {
    return static_cast<std::size_t>(std::count_if(batches_.begin(), batches_.end(),
                                                  [](const auto& b) { return b->at == phase::answering; }));
  };
  while (!waiting_.empty() && batches_.size() < open_batches_limit) {
    const bool asks = static_cast<bool>(waiting_.front().answer);
    if (asks) {
      if (asking() >= around_.limits.in_flight || gathering())
        return;
      gathered_ = false;
    }
    auto b = std::make_shared<batch>();
    while (!waiting_.empty() && b->commands.size() < around_.limits.batch
           && (asks || !waiting_.front().answer)) {
      b->commands.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    start(b);
  }
}

/// Whether the next batch waits for more to share its private-key operations.
bool shell::gathering() {
  if (around_.limits.gather.count() == 0 || gathered_ || !waiting_.front().info.shares
      || waiting_.size() >= around_.limits.batch)
    return false;
  if (!std::exchange(awaited_, true))
    caf::delayed_anon_send(own_, around_.limits.gather, work_done{});
  return true;
}

void shell::start(const std::shared_ptr<batch>& open) {
  open->ticket = ++tickets_;
  batches_.push_back(open);
  if (!open->commands.front().answer) {
    open->at = phase::answered;
    advance();
    return;
  }
  std::shared_ptr<generator> stream = around_.random->stream(name_, open->commands.front().number);
  around_.work->run([open, stream] { answer(*open, *stream); }, own_, open->ticket);
}

void shell::answer(batch& b, generator& random) {
  work_context context{random};
  for (auto& c : b.commands)
    try {
      if (c.answer)
        c.answer(context);
    } catch (const generators_refuse& e) {
      c.undrawn = e.why();
    } catch (const std::exception&) {
      // The facts stay as they were made: nothing verified, nothing opened.
    }
  // Here and not when it is signed: what a generator is found to be when it is drawn from must be on record before
  // the draw is of use to anybody, so nothing is drawn after the decisions.
  try {
    b.signing = child_generator(random);
  } catch (const generators_refuse& e) {
    b.undrawn = e.why();
  }
}

std::vector<participant> involved_in(const command_refused& m, const log_view& view) {
  participant_list all{m.involved};
  for (const auto& slot : m.slots)
    if (const auto box = find_event<box_initialised>(view, lookup::box_in_slot, slot.text))
      all.add({participant_kind::box, box->event.box.text()});
  return std::move(all.found);
}

const message_head& transaction::head() const {
  return shell_.current_->commands[shell_.current_command_].info.head;
}

void transaction::when_durable(std::function<void(const message_head&)> f) {
  shell_.current_->commands[shell_.current_command_].release.push_back(std::move(f));
}

void transaction::refuse(refusal why, std::string about, std::vector<participant> involved, std::string told) {
  auto& c = shell_.current_->commands[shell_.current_command_];
  c.refused = why;
  c.told = std::move(told);
  fault_recorded fault{shell_.name_, c.info.what, c.info.head.id.sender, why, std::move(about), std::move(involved)};
  apply<fault_log, fault_event>({stream_kind::faults, shell_.name_}, {std::move(fault)});
}

void shell::on(const work_done& m) {
  if (m.ticket == 0) {
    awaited_ = false;
    gathered_ = !waiting_.empty();
  }
  if (auto b = find(m.ticket)) {
    b->at = b->decided ? phase::signed_ : phase::answered;
    if (!b->decided && when_answered)
      when_answered();
    advance();
  }
  pump();
}

/// Decides in order of arrival, appends in order of decision.
void shell::advance() {
  for (std::size_t i = 0; i < batches_.size(); ++i) {
    auto& b = *batches_[i];
    if (!b.decided) {
      if (b.at != phase::answered)
        break; // those before it go on: an empty one that stayed in front would take another's append_done
      decide(b);
    }
    if (b.at == phase::answered)
      sign(batches_[i]);
  }
  for (std::size_t i = 0; i < batches_.size(); ++i) {
    auto& b = *batches_[i];
    if (b.at == phase::signed_)
      append(b);
    if (b.at != phase::appending)
      break;
  }
  // Batches without events wait for those before them, and for nothing else.
  while (!batches_.empty() && batches_.front()->at == phase::appending && batches_.front()->events.empty()) {
    auto b = std::move(batches_.front());
    batches_.pop_front();
    release(*b, 0);
  }
}

void shell::decide(batch& b) {
  current_ = &b;
  for (current_command_ = 0; current_command_ < b.commands.size(); ++current_command_) {
    transaction t{*this};
    auto& c = b.commands[current_command_];
    try {
      if (c.undrawn)
        t.refuse(*c.undrawn);
      else
        c.decide(t);
    } catch (const generators_refuse& e) {
      // From apply, before it changed anything. What was decided earlier in the command could not be taken back.
      if (c.events > 0)
        std::terminate();
      c.release.clear();
      t.refuse(e.why());
    }
  }
  current_ = nullptr;
  b.decided = true;
  // Later batches move the states on before this one is appended, so the rows are taken now.
  for (auto& row : b.rows)
    row.state = cells_.at(row.stream)->encoded();
}

void shell::touch(const stream_id& stream, shell_detail::cell& c) {
  auto& rows = current_->rows;
  if (std::any_of(rows.begin(), rows.end(), [&](const stream_row& r) { return r.stream == stream; }))
    return;
  rows.push_back({stream, c.version, {}});
  ++c.in_use;
}

void shell::sign(const std::shared_ptr<batch>& b) {
  if (b->unsigned_records.empty()) {
    b->at = phase::signed_;
    return;
  }
  b->at = phase::signing;
  auto job = [b] {
    std::map<std::pair<const private_key*, std::string>, std::vector<signed_record*>> groups;
    for (auto& one : b->unsigned_records)
      groups[{one.key.get(), one.domain}].push_back(one.record);
    for (auto& [by, records] : groups) {
      std::vector<byte_view> bodies;
      for (auto* r : records)
        bodies.emplace_back(r->body);
      auto proofs = prove(*by.first, {record_purpose, by.second}, bodies, *b->signing);
      for (std::size_t i = 0; i < records.size(); ++i)
        records[i]->proof = std::move(proofs[i]);
    }
  };
  around_.work->run(std::move(job), own_, b->ticket);
}

void shell::append(batch& b) {
  b.at = phase::appending;
  if (b.events.empty())
    return;
  auto request = std::make_shared<append_request>();
  for (auto& e : b.events) {
    auto pending = e.describe();
    const auto& head = b.commands[e.command].info.head;
    pending.stream = e.stream;
    pending.actor = name_;
    pending.command = head.id;
    if (head.cause)
      pending.cause = head.cause;
    pending.correlation = head.correlation;
    pending.sealed = std::move(e.sealed);
    request->events.push_back(std::move(pending));
  }
  request->rows = b.rows;
  append_order order;
  order.client = own_;
  order.ticket = b.ticket;
  order.generation = generation_;
  order.request = std::move(request);
  caf::anon_send(around_.journal, std::move(order));
}

void shell::on(const append_done& m) {
  auto b = find(m.ticket);
  if (!b)
    return;
  if (m.failure) {
    reset(*m.failure);
  } else {
    // The journal confirms in order, and what has no events does not stay in front: this is the front. Were it
    // not, positions would go to the wrong commands, and causes in the log with them.
    if (batches_.front().get() != b)
      std::terminate();
    auto owned = std::move(batches_.front());
    batches_.pop_front();
    release(*owned, m.first);
  }
  advance();
  pump();
}

void shell::release(batch& b, std::uint64_t first) {
  done_with(b);
  auto position = first;
  for (auto& c : b.commands) {
    auto next = next_head(c.info.head);
    if (c.events > 0) {
      next.cause = {position, {}};
      if (!next.correlation)
        next.correlation = next.cause;
    }
    position += c.events;
    if (c.refused && c.info.failed)
      c.info.failed(make_error(*c.refused, std::move(c.told)));
    for (auto& f : c.release)
      f(next);
  }
}

/// What was decided rests on states that are gone: all of it is answered with the error, and the journal
/// writes none of it (the generation says which).
void shell::reset(refusal why) {
  cells_.clear();
  ++generation_;
  std::deque<std::shared_ptr<batch>> decided;
  while (!batches_.empty() && batches_.front()->decided) {
    decided.push_back(std::move(batches_.front()));
    batches_.pop_front();
  }
  for (auto& b : decided)
    for (auto& c : b->commands)
      if (c.info.failed)
        c.info.failed(make_error(why));
}

void shell::done_with(const batch& b) {
  for (const auto& row : b.rows) {
    auto it = cells_.find(row.stream);
    if (it != cells_.end() && it->second->in_use > 0)
      --it->second->in_use;
    if (it != cells_.end() && it->second->in_use == 0 && cells_.size() > idle_cells_limit)
      cells_.erase(it);
  }
}

shell::batch* shell::find(std::uint64_t ticket) {
  for (auto& b : batches_)
    if (b->ticket == ticket)
      return b.get();
  return nullptr;
}

} // namespace oaksteel
