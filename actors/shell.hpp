#pragma once
// The one shell around all domain logic. A command goes through it in this order:
//
//   ask      the handler says what must be verified, opened or computed; what shares a private-key operation with
//            others waits for them a while (shell_limits::gather)
//   answer   a worker does it (nobody waits)
//   decide   pure functions of events/, in the order in which the commands came
//   sign     one signature for the batch, by a worker (one for each key and domain)
//   append   one message to the journal
//   release  replies and messages, once the events that they rest on are durable
//
// The shell runs ahead in memory and keeps what it owes in order. When an append fails, everything that
// was decided is answered with the error and forgotten, and the states are read again: the actor stays.

#include "actors/errors.hpp"
#include "actors/messages.hpp"
#include "actors/surroundings.hpp"
#include "actors/work_context.hpp"
#include "crypto/suite.hpp"
#include "events/node.hpp"
#include "storage/archive.hpp"
#include "storage/event_codec.hpp"

#include <caf/error.hpp>
#include <caf/event_based_actor.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace oaksteel {

/// The private key that signs for a domain, shared with workers.
using signer = std::shared_ptr<const private_key>;

namespace shell_detail {

/// A stream's state in memory.
struct cell {
  virtual ~cell() = default;
  virtual bytes encoded() const = 0;
  std::uint64_t version = 0; ///< events in the stream
  std::size_t in_use = 0;    ///< batches that rest on it
};
template <class State>
struct cell_of final : cell {
  State value{};
  bytes encoded() const override { return encode(value); }
};

/// An event that is decided and not yet appended.
struct decided_event {
  stream_id stream;
  std::function<pending_event()> describe; ///< after signing
  bytes sealed;
  std::size_t command = 0; ///< index in the batch
};

struct to_sign {
  signer key;
  std::string domain;
  signed_record* record; ///< lives as long as its event
};

/// The log has a state of this stream that cannot be read: to go on without it would decide on nothing. Says so on the
/// error output and ends the process, with the status of a log that cannot be used.
[[noreturn]] void stop_unreadable(const stream_id& stream, const std::string& why);

} // namespace shell_detail

class shell;

/// One command's turn in the shell: reads states, adds events, says what follows when they are durable.
class transaction {
public:
  /// The state of a stream, as of everything that was decided before.
  template <class State>
  const State& state(const stream_id& stream);

  /// Decided events, which change the state at once. Records without a proof in them are signed with
  /// `key` before the append; when there were no random numbers to sign with, generators_refuse is thrown and
  /// nothing changed, and the shell refuses the command. `sealed` is kept beside the first event. The returned
  /// pointers show the events as they will be stored; read them in when_durable.
  template <class State, class Event>
  std::vector<std::shared_ptr<const Event>> apply(const stream_id& stream, std::vector<Event> events, bytes sealed = {},
                                                  const signer& key = nullptr, const domain_id& domain = {});

  /// Puts the refusal into the error log (EP-29) and answers with it: `failed` hears of it once the
  /// error event is durable. `told` goes to whoever asked and not into the log (errors.hpp).
  void refuse(refusal why, std::string about = {}, std::vector<participant> involved = {}, std::string told = {});

  /// Runs when this command's events (if any) and everything decided before are durable. `next` heads
  /// the messages that follow from it.
  void when_durable(std::function<void(const message_head& next)> f);

  const message_head& head() const;

private:
  friend class shell;
  explicit transaction(shell& s) : shell_(s) {}
  shell& shell_;
};

/// What the shell needs to know of a command.
struct command_info {
  message_head head;
  std::string what;                              ///< for the error log: the command's name
  std::function<void(const caf::error&)> failed; ///< answers the sender
  bool shares = false; ///< a private-key operation of its batch: it waits for others a while (shell_limits::gather)
};

/// What stands between an actor and the log, the same for all (docs/architecture.md): it takes commands in batches, has workers
/// answer what they ask, decides them in order on the streams' states, has their events signed and appended, and releases
/// answers and messages when the events are durable. An append that fails drops what was decided on it. It lives in its actor,
/// whose handlers give it work_done and append_done.
class shell {
public:
  /// `name`: the actor's in records and error log. `own`: the actor.
  shell(std::string name, shell_client own, surroundings around);

  const std::string& name() const { return name_; }
  const surroundings& around() const { return around_; }

  /// Brings in a command. `answer` runs on a worker and gives the facts;
  /// `decide` runs in the actor, in the order of submission.
  template <class Facts>
  void submit(command_info info, std::function<Facts(work_context&)> answer,
              std::function<void(transaction&, Facts&)> decide);
  /// A command that needs no facts, or a query: `when_durable` then waits only for what came before.
  void submit(command_info info, std::function<void(transaction&)> decide);
  /// A command that needs no facts and signs records: a worker draws what its signature needs.
  void submit_signing(command_info info, std::function<void(transaction&)> decide);
  /// The same, decided before all that came earlier and still waits for its facts: for what must not wait.
  void submit_first(command_info info, std::function<void(transaction&)> decide);

  /// Runs when a worker has answered a batch, before anything of it is decided.
  std::function<void()> when_answered;

  /// A head for a message that follows from no event (a query, a time-out).
  message_head next_head(const message_head& after = {});

  // handlers of the actor
  void on(const work_done& m);
  void on(const append_done& m);

private:
  friend class transaction;

  enum class phase { answering, answered, signing, signed_, appending };

  struct command {
    command_info info;
    std::function<void(work_context&)> answer;  ///< null: nothing to ask
    std::function<void(transaction&)> decide;
    std::vector<std::function<void(const message_head&)>> release;
    std::optional<refusal> refused;
    std::string told; ///< beside it, for whoever asked
    std::optional<refusal> undrawn; ///< the worker got no random numbers: the command is refused
    std::uint64_t number = 0;
    std::size_t events = 0;
  };
  struct batch {
    std::uint64_t ticket = 0;
    phase at = phase::answering;
    bool decided = false;
    std::vector<command> commands;
    std::deque<shell_detail::decided_event> events;
    std::vector<shell_detail::to_sign> unsigned_records;
    std::shared_ptr<generator> signing; ///< for the signature; seeded with the answers. Null: nothing can be signed
    std::optional<refusal> undrawn;     ///< why it could not be seeded
    std::vector<stream_row> rows; ///< streams that it changes; their states as of its end
  };

  void enqueue(command c);
  void number(command& c);
  void pump();
  bool gathering();
  void start(const std::shared_ptr<batch>& b);
  static void answer(batch& b, generator& random);
  void advance();
  void decide(batch& b);
  void sign(const std::shared_ptr<batch>& b);
  void append(batch& b);
  void release(batch& b, std::uint64_t first);
  void reset(refusal why);
  void done_with(const batch& b);
  batch* find(std::uint64_t ticket);

  template <class State>
  shell_detail::cell_of<State>& cell_for(const stream_id& stream);
  void touch(const stream_id& stream, shell_detail::cell& c);

  std::string name_;
  shell_client own_;
  surroundings around_;
  std::deque<command> waiting_;
  bool awaited_ = false; ///< work_done without a ticket is on its way
  bool gathered_ = false; ///< what waits has waited long enough
  std::deque<std::shared_ptr<batch>> batches_; ///< in order of arrival; a worker holds the one that it works on
  std::unordered_map<stream_id, std::unique_ptr<shell_detail::cell>> cells_;
  batch* current_ = nullptr;          ///< while deciding
  std::size_t current_command_ = 0;
  std::uint64_t tickets_ = 0;
  std::uint64_t numbers_ = 0;
  std::uint64_t heads_ = 0;
  std::uint64_t generation_ = 0; ///< counts resets
  std::uint32_t epoch_;
};

/// Whom a refused command names: those that it says, and the boxes in its slots.
std::vector<participant> involved_in(const command_refused& m, const log_view& view);

/// The handler of a component for what was refused before it: an entry of its error log, then the refusal as an answer.
template <class Pointer>
caf::typed_response_promise<acknowledged> note_refusal(Pointer self, shell& house, const command_refused& m) {
  auto rp = self->template make_response_promise<acknowledged>();
  auto involved = involved_in(m, house.around().journal_log->view());
  house.submit({m.head, m.what, fails(rp)}, [m, involved = std::move(involved)](transaction& t) {
    t.refuse(m.why, m.about, involved);
  });
  return rp;
}

/// How long tell() listens.
inline constexpr std::chrono::seconds told_within{60};

/// Sends a command of which nothing is awaited but that it was taken. A refusal is in the error log of whoever gave it,
/// and its sender hears it here (EP-29); what the sender does next follows from its own time-outs and not from that, for
/// nobody signs a refusal (EP-13b).
template <class Pointer, class Actor, class Message>
void tell(Pointer self, const Actor& whom, Message m) {
  self->request(whom, told_within, std::move(m)).then([](const acknowledged&) {}, [](const caf::error&) {});
}

/// Goes on with an error; that no answer came, which nobody else may know of, is in the error log first (EP-29).
inline std::function<void(const caf::error&)> on_record(shell& house, command_info info, std::string about,
                                                        std::vector<participant> who) {
  return [&house, info = std::move(info), about = std::move(about), who = std::move(who)](const caf::error& e) {
    if (refusal_in(e) != refusal::no_answer)
      return info.failed(e);
    house.submit(info, [about, who](transaction& t) { t.refuse(refusal::no_answer, about, who); });
  };
}

/// To whoever gave a faulty answer to a command of this code: it is in his error log too (EP-28, Command Response Error).
/// Nothing follows from it.
template <class Pointer, class Actor>
void complain(Pointer self, const Actor& whom, command_refused fault) {
  self->request(caf::actor_cast<component_client>(whom), told_within, std::move(fault))
    .then([](const acknowledged&) {}, [](const caf::error&) {});
}

// --- templates -----------------------------------------------------------------------------------------

template <class State>
shell_detail::cell_of<State>& shell::cell_for(const stream_id& stream) {
  auto& slot = cells_[stream];
  if (!slot) {
    auto fresh = std::make_unique<shell_detail::cell_of<State>>();
    if (auto row = around_.journal_log->view().row(stream)) {
      auto value = decode<State>(row->state);
      if (!value)
        shell_detail::stop_unreadable(stream, value.error());
      fresh->value = std::move(*value);
      fresh->version = row->version;
    }
    slot = std::move(fresh);
  }
  return static_cast<shell_detail::cell_of<State>&>(*slot);
}

template <class State>
const State& transaction::state(const stream_id& stream) {
  return shell_.cell_for<State>(stream).value;
}

template <class State, class Event>
std::vector<std::shared_ptr<const Event>> transaction::apply(const stream_id& stream, std::vector<Event> events,
                                                             bytes sealed, const signer& key, const domain_id& domain) {
  std::vector<std::shared_ptr<const Event>> shown;
  auto& cell = shell_.cell_for<State>(stream);
  auto& batch = *shell_.current_;
  if (key && batch.undrawn)
    throw generators_refuse(*batch.undrawn, "nothing to sign with");
  if (key && !batch.signing)
    std::terminate(); // it did not come through a worker: its record would go out unsigned
  if (!events.empty())
    shell_.touch(stream, cell);
  for (auto& event : events) {
    auto kept = std::make_shared<Event>(std::move(event));
    std::visit(
      [&](auto& e) {
        evolve(cell.value, e);
        for_each_field(e, [&]<class Field>(Field& field) {
          if constexpr (std::is_same_v<Field, signed_record>)
            if (key && !field.body.empty() && field.proof.empty())
              batch.unsigned_records.push_back({key, domain.text, &field});
        });
      },
      *kept);
    ++cell.version;
    auto describe_it = [kept] { return std::visit([](const auto& e) { return describe(e); }, *kept); };
    batch.events.push_back({stream, std::move(describe_it), std::exchange(sealed, {}), shell_.current_command_});
    ++batch.commands[shell_.current_command_].events;
    shown.push_back(std::move(kept));
  }
  return shown;
}

template <class Facts>
void shell::submit(command_info info, std::function<Facts(work_context&)> answer,
                   std::function<void(transaction&, Facts&)> decide) {
  auto facts = std::make_shared<Facts>();
  command c;
  c.info = std::move(info);
  c.answer = [facts, answer = std::move(answer)](work_context& w) { *facts = answer(w); };
  c.decide = [facts, decide = std::move(decide)](transaction& t) { decide(t, *facts); };
  enqueue(std::move(c));
}

} // namespace oaksteel
