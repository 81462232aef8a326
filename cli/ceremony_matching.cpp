#include "cli/ceremony_acts.hpp"
#include "cli/words.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace oaksteel {
namespace {

/// Steps and deeds with the same number are the same thing done; from 1. 0 fits nothing.
struct numbered {
  std::vector<std::size_t> steps, deeds;
};

numbered number_all(const std::vector<worded_step>& script, const std::vector<ceremony_deed>& deeds) {
  std::map<std::tuple<ceremony_act, std::string, std::string, std::string>, std::size_t> known;
  const auto number = [&](const ceremony_step& s) {
    return known.try_emplace({s.act, s.slot.text, s.custodian.text, s.domain.text}, known.size() + 1).first->second;
  };
  numbered n;
  for (const auto& s : script)
    n.steps.push_back(number(s.step));
  for (const auto& d : deeds)
    n.deeds.push_back(d.act ? number(*d.act) : 0);
  return n;
}

/// For each step the deed that does it in order.
using alignment = std::vector<std::optional<std::size_t>>;

/// Longest common subsequence of the steps from `from` on and the deeds from `from` to `end`, the first deeds first.
void align_rest(const numbered& n, std::size_t from, std::size_t end, alignment& found) {
  const auto rows = n.steps.size() - from;
  const auto columns = end - from;
  // Where this step and this deed differ: whether leaving out the deed loses nothing.
  std::vector<bool> leave_deed(rows * columns);
  std::vector<std::uint32_t> below(columns + 1), row(columns + 1);
  for (auto i = rows; i-- > 0; std::swap(row, below))
    for (auto j = columns; j-- > 0;) {
      const bool same = n.steps[from + i] == n.deeds[from + j];
      row[j] = same ? below[j + 1] + 1 : std::max(row[j + 1], below[j]);
      leave_deed[i * columns + j] = row[j + 1] >= below[j];
    }
  for (std::size_t i = 0, j = 0; i < rows && j < columns;) {
    if (n.steps[from + i] == n.deeds[from + j])
      found[from + i++] = from + j++;
    else
      leave_deed[i * columns + j] ? ++j : ++i;
  }
}

alignment aligned(const numbered& n) {
  alignment found(n.steps.size());
  std::size_t same = 0;
  for (; same < n.steps.size() && same < n.deeds.size() && n.steps[same] == n.deeds[same]; ++same)
    found[same] = same;
  const auto rest = n.steps.size() - same;
  if (rest > 0)
    align_rest(n, same, std::min(n.deeds.size(), same + comparison_limit / rest), found);
  return found;
}

class matcher {
public:
  matcher(const std::vector<worded_step>& script, std::vector<ceremony_deed> deeds)
    : script_(script), deeds_(std::move(deeds)), n_(number_all(script, deeds_)), in_order_(aligned(n_)),
      step_of_(deeds_.size()) {
    for (std::size_t i = 0; i < script_.size(); ++i)
      if (in_order_[i])
        step_of_[*in_order_[i]] = i;
    find_out_of_order();
    end_ = in_order_.empty() || !in_order_.back() ? deeds_.size() : *in_order_.back();
  }

  ceremony_transcript transcript() {
    out_.steps = script_.size();
    std::size_t deed = 0;
    for (std::size_t i = 0; i < script_.size(); ++i) {
      if (in_order_[i])
        for (; deed < *in_order_[i]; ++deed)
          odd(deed);
      step(i);
      if (in_order_[i])
        ++deed;
    }
    for (; deed < deeds_.size(); ++deed)
      odd(deed);
    return std::move(out_);
  }

private:
  /// What is left of the steps, in the script's order, with what is left of the deeds.
  void find_out_of_order() {
    std::map<std::size_t, std::vector<std::size_t>> left; // by number, the last deed first
    for (auto d = deeds_.size(); d-- > 0;)
      if (!step_of_[d])
        left[n_.deeds[d]].push_back(d);
    out_of_order_.resize(script_.size());
    for (std::size_t i = 0; i < script_.size(); ++i) {
      const auto at = left.find(n_.steps[i]);
      if (in_order_[i] || at == left.end() || at->second.empty())
        continue;
      out_of_order_[i] = at->second.back();
      step_of_[at->second.back()] = i;
      at->second.pop_back();
    }
  }

  void except(transcript_kind kind, std::optional<std::size_t> step, const ceremony_deed& d, std::string text) {
    ++out_.exceptions;
    out_.lines.push_back(
      {kind, true, step ? std::optional{*step + 1} : std::nullopt, d.position, d.time, std::move(text)});
  }

  void step(std::size_t i) {
    const auto done = in_order_[i] ? in_order_[i] : out_of_order_[i];
    if (!done) {
      ++out_.not_done;
      out_.lines.push_back({transcript_kind::not_done, false, i + 1, 0, {}, ""});
      return;
    }
    const auto& d = deeds_[*done];
    ++(in_order_[i] ? out_.in_order : out_.out_of_order);
    const auto kind = in_order_[i] ? transcript_kind::done : transcript_kind::out_of_order;
    out_.lines.push_back({kind, false, i + 1, d.position, d.time, d.said});
    if (d.said != script_[i].display)
      except(transcript_kind::otherwise, i, d, "expected: " + script_[i].display);
  }

  /// A deed that is no step in its turn.
  void odd(std::size_t at) {
    const auto& d = deeds_[at];
    if (excused(at))
      return;
    if (step_of_[at])
      return except(transcript_kind::out_of_order, step_of_[at], d, d.told);
    const auto named = d.act ? std::find(n_.steps.begin(), n_.steps.end(), n_.deeds[at]) : n_.steps.end();
    if (named == n_.steps.end() || d.act->act == ceremony_act::restart)
      return except(d.otherwise, {}, d, d.told);
    except(transcript_kind::repeated, static_cast<std::size_t>(named - n_.steps.begin()), d, d.told);
  }

  /// A restart that the script names, or that came after its end.
  bool ordinary_restart(std::size_t at) const { return in_order_step(at) || at > end_; }
  bool in_order_step(std::size_t at) const { return step_of_[at] && in_order_[*step_of_[at]] == at; }

  bool excused(std::size_t at) {
    const auto& d = deeds_[at];
    if (!d.act || step_of_[at])
      return false;
    if (d.act->act == ceremony_act::restart && at > end_)
      return ++out_.later_restarts, true;
    if (d.act->act != ceremony_act::enter_share || !d.after_restart || !ordinary_restart(*d.after_restart))
      return false;
    ++out_.later_shares;
    out_.later_enabled += d.enabled;
    return true;
  }

  const std::vector<worded_step>& script_;
  const std::vector<ceremony_deed> deeds_;
  const numbered n_;
  const alignment in_order_;
  alignment out_of_order_;
  std::vector<std::optional<std::size_t>> step_of_; ///< by deed
  std::size_t end_ = 0;                             ///< the deed that did the last step
  ceremony_transcript out_;
};

} // namespace

std::string_view name(transcript_kind kind) {
  switch (kind) {
  case transcript_kind::done: return "done";
  case transcript_kind::out_of_order: return "out of order";
  case transcript_kind::not_done: return "not done";
  case transcript_kind::refused: return "share refused";
  case transcript_kind::fault: return "command refused";
  case transcript_kind::generators: return "generators";
  case transcript_kind::restarted: return "restart";
  case transcript_kind::disabled: return "box disabled";
  case transcript_kind::repeated: return "once more";
  case transcript_kind::unknown: return "no step says this";
  case transcript_kind::otherwise: return "shown otherwise";
  }
  return "";
}

std::string ceremony_transcript::verdict() const {
  auto text = std::to_string(in_order) + " of " + std::to_string(steps) + " steps done in order";
  if (out_of_order > 0)
    text += ", " + std::to_string(out_of_order) + " out of order";
  if (not_done > 0)
    text += ", " + std::to_string(not_done) + " not done";
  return text + ", " + counted(exceptions, "exception");
}

ceremony_transcript matched(const std::vector<worded_step>& script, const std::vector<ceremony_event>& log) {
  return matcher{script, deeds_in(log)}.transcript();
}

} // namespace oaksteel
