#include "cli/share.hpp"

#include "cli/output.hpp"
#include "storage/replay.hpp"
#include "storage/share_file.hpp"

#include <algorithm>
#include <iostream>
#include <map>
#include <set>

namespace oaksteel {

namespace fs = std::filesystem;

namespace {

using json = nlohmann::ordered_json;

/// A set as its making is recorded.
struct recorded_set {
  share_set set;
  digest salt;
  std::vector<share_plan> shares;
};

/// What a log says of the sets that its boxes made.
struct recorded_sets {
  digest log;
  std::map<share_set_id, recorded_set> sets;

  void take(const any_event& event) {
    const auto* e = std::get_if<box_initialised>(&event);
    if (!e)
      return;
    if (e->set)
      sets[e->set->id] = {*e->set, e->salt, e->shares};
    if (e->domain_set)
      sets[e->domain_set->id] = {*e->domain_set, e->salt, e->domain_shares};
  }

  /// Why a share that is whole and signed is none of this log's.
  std::optional<refusal> refused(const share_file& file) const {
    const auto& t = file.terms;
    const auto found = sets.find(t.set);
    if (found == sets.end())
      return t.log == log ? refusal::share_outdated : refusal::share_foreign;
    const auto& [set, salt, shares] = found->second;
    return not_of_set(file, set, salt, shares);
  }
};

stored<recorded_sets> read_sets(const fs::path& data) {
  auto source = log_source::open(data);
  if (!source)
    return unexpected{source.error()};
  recorded_sets known;
  record_progress progress;
  const auto folded =
    replay(*source, {}, {[&](const replay_step& s) { known.take(s.event); }, [&](auto n) { progress.show(n); }});
  if (folded.problem)
    return unexpected{storage_error{storage_code::damaged, data.string() + ": record "
                                                             + std::to_string(folded.problem->position) + ": "
                                                             + folded.problem->text}};
  known.log = folded.origin;
  return known;
}

/// What is found about one file; the share itself is not kept.
struct finding {
  fs::path file;
  std::optional<share_terms> terms; ///< where they can be read
  std::optional<refusal> problem;
  std::string text;
};

stored<finding> look_at(const fs::path& path, const std::optional<recorded_sets>& known) {
  finding found{path, {}, {}, {}};
  const auto folder = path.parent_path();
  const auto text = media{folder.empty() ? fs::path{"."} : folder}.read(path.filename().string());
  if (!text && text.error().code != storage_code::too_large)
    return unexpected{text.error()};
  const auto file = text ? parse_share(*text) : expected<share_file, std::string>{unexpected{text.error().text}};
  if (!file) {
    found.problem = refusal::share_damaged;
    found.text = file.error();
    return found;
  }
  found.terms = file->terms;
  if (!file->signature_valid)
    found.problem = refusal::share_forged;
  else if (known)
    found.problem = known->refused(*file);
  if (found.problem)
    found.text = std::string{oaksteel::text(*found.problem)};
  return found;
}

/// The right shares of one set among the files.
struct set_finding {
  share_terms terms; ///< of the first one; index and custodian are its own
  std::set<unsigned> shares;

  bool quorum() const { return shares.size() >= terms.threshold; }
  bool holds(share_terms other) const {
    other.custodian = terms.custodian;
    other.index = terms.index;
    return other == terms;
  }
};

/// Counts each share once; one that comes again is a problem of its file.
std::vector<set_finding> sets_of(std::vector<finding>& all) {
  std::vector<set_finding> sets;
  for (auto& f : all) {
    if (f.problem)
      continue;
    auto at = std::find_if(sets.begin(), sets.end(), [&](const set_finding& s) { return s.holds(*f.terms); });
    if (at == sets.end())
      at = sets.insert(at, {*f.terms, {}});
    if (at->shares.insert(f.terms->index).second)
      continue;
    f.problem = refusal::share_doubled;
    f.text = "the same share was given before";
  }
  return sets;
}

std::string purpose(const share_terms& t) {
  return t.of == domain_share_purpose ? "the domain key set of " + t.box.text() : t.of;
}

void print(const finding& f) {
  std::cout << printable(f.file.string()) << ": ";
  if (f.terms)
    std::cout << "share " << f.terms->index << " of " << f.terms->count << " for " << purpose(*f.terms)
              << ", custodian " << f.terms->custodian.text << ", set " << f.terms->set.text() << ": ";
  if (f.problem)
    std::cout << name(*f.problem).substr(std::string_view{"share_"}.size()) << ": " << printable(f.text) << '\n';
  else
    std::cout << "valid\n";
}

void print(const set_finding& s) {
  std::cout << "set " << s.terms.set.text() << " for " << purpose(s.terms) << ": " << s.shares.size() << " of "
            << s.terms.count << " shares given, " << s.terms.threshold << " needed: "
            << (s.quorum() ? "a quorum" : "no quorum") << '\n';
}

json set_json(const share_terms& t) {
  return {{"set", t.set.text()}, {"log", t.log.hex()},  {"for", t.of},
          {"box", t.box.text()}, {"count", t.count}, {"threshold", t.threshold}};
}

json as_json(const finding& f) {
  json one{{"file", f.file.string()},
           {"valid", !f.problem},
           {"problem", f.problem ? json(name(*f.problem)) : json()},
           {"text", f.problem ? json(f.text) : json()},
           {"share", nullptr}};
  if (f.terms) {
    one["share"] = set_json(*f.terms);
    one["share"]["custodian"] = f.terms->custodian.text;
    one["share"]["index"] = f.terms->index;
  }
  return one;
}

json as_json(const set_finding& s) {
  auto one = set_json(s.terms);
  one["shares"] = s.shares;
  one["quorum"] = s.quorum();
  return one;
}

template <class T>
json list_json(const std::vector<T>& all) {
  auto list = json::array();
  for (const auto& one : all)
    list.push_back(as_json(one));
  return list;
}

} // namespace

int share_verify(const share_arguments& arguments) {
  std::optional<recorded_sets> known;
  if (arguments.data) {
    auto read = read_sets(*arguments.data);
    if (!read)
      return complain(read.error());
    known = std::move(*read);
  }
  std::vector<finding> shares;
  bool all_read = true;
  for (const auto& file : arguments.files) {
    auto found = look_at(file, known);
    if (found) {
      shares.push_back(std::move(*found));
    } else {
      complain(found.error().text, exit_io);
      all_read = false;
    }
  }
  const auto sets = sets_of(shares);
  if (arguments.json) {
    print_line(std::cout, {{"shares", list_json(shares)},
                           {"sets", list_json(sets)},
                           {"checked_against", known ? json(known->log.hex()) : json()}});
  } else {
    for (const auto& f : shares)
      print(f);
    for (const auto& s : sets)
      print(s);
    if (known)
      std::cout << "checked against log " << known->log.hex() << '\n';
  }
  if (!output_arrived() || !all_read)
    return exit_io;
  return std::any_of(shares.begin(), shares.end(), [](const finding& f) { return f.problem.has_value(); })
           ? exit_refused
           : exit_done;
}

} // namespace oaksteel
