#pragma once
// sendmail's command line, as Postfix reads it: modes by the program's name and by -b, getopt's rules for
// options and their arguments (-q apart), options of other sendmails that mean nothing here. No I/O but
// warnings.
#include <optional>
#include <string>
#include <vector>

#include "common/maildrop/drop.h"

namespace ekiden::sendmail {

enum class Mode {
    deliver,     // -bm
    newaliases,  // -bi, -I
    mailq,       // -bp
    daemon,      // -bd, -bl: start the suite
    smtp,        // -bs
    flush,       // -q
    ignore,      // -bh, -bH
};

struct Options {
    Mode mode = Mode::deliver;
    bool dot_ends = true;  // without -i: a line that holds a dot alone ends the message
    bool recipients_from_header = false;
    std::optional<std::string> sender;     // -f, -r as given
    std::optional<std::string> full_name;  // -F
    std::string body;                      // -B
    std::uint8_t notify = 0;               // -N
    std::uint8_t return_content = 0;       // -R
    std::string envelope_id;               // -V
    std::optional<std::string> verp;       // -XV: two characters, or empty for default_verp_delimiters
    bool gateway = false;                  // -G
    bool verify = false;                   // -bv
    int verbose = 0;                       // -v
    std::optional<std::string> site_to_flush, id_to_flush;
    bool queue_interval = false;  // -q15m
    std::optional<std::string> alias_database;
    std::vector<std::string> words;  // what stands behind the options: recipients
};

// What -C says, before anything else is read: a directory, or the main.cf in it.
std::optional<std::string> config_directory_in(const std::vector<std::string>& arguments);

// `name` is the program's name without its path, which chooses the mode. Throws Fatal.
Options parse(const std::string& name, const std::vector<std::string>& arguments);

// What does not go together, once everything is known. Throws Fatal.
void check(const Options& options);

}  // namespace ekiden::sendmail
