#pragma once
// A service's line of master.cf as ekiconf shows and edits it: the eight columns as written, and the
// arguments in one form (`-o name=value` as two words, braces taken off). What the programs make of it is
// master_cf.h's business; here only the form counts, and lines are read that no service could be run by.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/ekiconf/output.h"
#include "common/base/error.h"
#include "common/config/settings.h"

namespace ekiden::ekiconf {

inline constexpr std::string_view field_names[] = {"service", "type",   "private",       "unprivileged",
                                                   "chroot",  "wakeup", "process_limit", "command"};
inline constexpr std::size_t command_field = 7;

struct MasterEntry {
    std::vector<std::string> words;  // eight or more

    const std::string& name() const { return words[0]; }
    const std::string& type() const { return words[1]; }
    std::string path() const { return words[0] + "/" + words[1]; }
    // The -o arguments.
    RawValues overrides() const;
    // Where the -o of this parameter stands in `words`, or 0.
    std::size_t option_of(std::string_view parameter) const;
    // Behind the last option.
    std::size_t end_of_options() const;
};

// Malformed: "bad field count", or which field is wrong. What is odd among the arguments is warned of.
Result<MasterEntry> parse_entry(std::string_view line, Output& output);
// Checks columns again after an edit; `raw` is shown in the error.
Result<> check_entry(const MasterEntry& entry, std::string_view raw);
// Brings the words from `first` on into the one form.
void normalise_arguments(std::vector<std::string>& words, Output& output);

// The services of master.cf. Fails the output where a line is none.
std::vector<MasterEntry> parse_master(std::string_view content, const std::string& path, Output& output);

// Changes the `name=value` of a -o before it is printed.
using Expand = std::function<std::string(const std::string&)>;

// The whole entry in its columns, without line end.
std::string print_entry(const MasterEntry& entry, bool fold, const Expand& expand);
// The command and its arguments, as they follow `column` characters of a line.
std::string print_command(const MasterEntry& entry, std::size_t column, bool fold, const Expand& expand);

}  // namespace ekiden::ekiconf
