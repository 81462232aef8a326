#pragma once
// What every command says in the same way: exit statuses, errors, text from elsewhere, progress.

#include "storage/log.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace oaksteel {

enum exit_status : int {
  exit_done = 0,
  exit_refused = 1, ///< refused, or differences were found
  exit_usage = 2,
  exit_io = 3, ///< a missing directory, no log, a log in use, a full disk
};

/// `oaksteel: LINE` on standard error; `status` for `return`.
int complain(std::string_view line, exit_status status);
/// Damage is a difference that was found, and what is there and does not fit is refused; all else keeps us from looking.
int complain(const storage_error& e);

/// For what cannot be read from a file: wrong usage when the file may be read, and so has a mistake.
exit_status status_of_mistake(const std::filesystem::path& file);

/// Text out of a log, as a terminal may see it: control characters and what is no UTF-8 become `?`. A log from
/// elsewhere must not be able to write over what we say about it.
std::string printable(std::string_view text);

/// One JSON document on one line; what is no UTF-8 in it is replaced.
void print_line(std::ostream& out, const nlohmann::ordered_json& value);

using table_row = std::vector<std::string>;
/// Columns as wide as their widest cell, on standard output; at least one row.
void print_table(const std::vector<table_row>& rows);

/// True when everything that was written to standard output has arrived. Says so when not.
bool output_arrived();

/// A line on standard error that is written over and goes in the end; nothing where that is no terminal.
class record_progress {
public:
  record_progress();
  record_progress(const record_progress&) = delete;
  record_progress& operator=(const record_progress&) = delete;
  ~record_progress();
  void show(std::uint64_t records);

private:
  bool terminal_;
  bool shown_ = false;
};

} // namespace oaksteel
