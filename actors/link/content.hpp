#pragma once
// What is checked of a message before its component sees it: the form of names and dates (Level 2), and of Level 3 the configuration
// table, known domains, and the record table, known types of records (EP-28; EP Fig. 21). Whether the signatures and
// ciphertexts in it are good, only the component can tell.

#include "actors/link/configuration_table.hpp"
#include "actors/link/message_list.hpp"

#include <map>
#include <set>

namespace oaksteel {

/// Of a command's parameters, in bytes: whatever an event takes from them fits into a record.
inline constexpr std::size_t sender_limit = 128, text_limit = 1024, path_limit = 4096, bytes_limit = 32 * 1024;

namespace content_detail {

struct check {
  const configuration_table& known;
  record_types records;
  std::size_t record = 0; ///< records seen so far
  std::optional<refusal> problem;

  void found(refusal r) {
    if (!problem)
      problem = r;
  }

  void at_most(std::size_t limit, std::size_t size) {
    if (size > limit)
      found(refusal::command_malformed);
  }

  template <class Form>
  void operator()(const name_of<Form>& x) {
    if (!x.empty() && !Form::valid(x.text))
      found(refusal::command_malformed);
    else if constexpr (std::is_same_v<name_of<Form>, domain_id>)
      if (!x.empty() && !known.every_domain && !known.domains.contains(x))
        found(refusal::domain_not_known);
  }
  void operator()(const calendar_date& x) {
    if (x.yyyymmdd != 0 && !calendar_date::parse(x.text()))
      found(refusal::command_malformed);
  }
  void operator()(const signed_record& x) {
    if (x.body.empty() || !records.allows(record++, x.body.front()))
      found(refusal::record_type_unknown);
  }
  template <described T>
  void operator()(const T& x) {
    for_each_field(x, [this](const auto& field) { (*this)(field); });
  }
  template <class T>
  void operator()(const std::optional<T>& x) {
    if (x)
      (*this)(*x);
  }
  template <class T>
  void operator()(const std::shared_ptr<const T>& x) {
    if (x)
      (*this)(*x);
  }
  template <class T>
  void operator()(const std::vector<T>& x) {
    for (const auto& element : x)
      (*this)(element);
  }
  template <class T>
  void operator()(const std::set<T>& x) {
    for (const auto& element : x)
      (*this)(element);
  }
  template <class K, class V>
  void operator()(const std::map<K, V>& x) {
    for (const auto& [key, value] : x) {
      (*this)(key);
      (*this)(value);
    }
  }
  /// What a record could not hold is no command's fault that its component could note.
  void operator()(const bytes& x) { at_most(bytes_limit, x.size()); }
  template <class T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) void operator()(const T&) {}
  void operator()(const command_id& x) { at_most(sender_limit, x.sender.size()); }
  void operator()(const std::string& x) { at_most(text_limit, x.size()); }
  void operator()(const std::filesystem::path& x) { at_most(path_limit, x.native().size()); }
  template <std::size_t N>
  void operator()(const std::array<std::uint8_t, N>&) {}
};

} // namespace content_detail

/// The first thing that is wrong with a message's content; nothing when all is well.
template <class Message>
std::optional<refusal> unfit_content(const Message& m, const configuration_table& known) {
  content_detail::check c{known, line_of<Message>.records, 0, {}};
  c(m);
  return c.problem;
}

} // namespace oaksteel
