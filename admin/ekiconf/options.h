#pragma once
// ekiconf's command line, as postconf(1) has it: letters may be grouped (-hx), options end at the first
// operand, and an operand name=value means -e.
#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/config/settings.h"

namespace ekiden::ekiconf {

// Which names are shown (-C), as bits.
enum NameClass : unsigned { builtin = 1, service = 2, user = 4, all_classes = 7 };

struct Options {
    std::string letters;    // the options given, without -c, -C, -q and -v
    char mode = 'p';        // the one of -p -M -F -P -a -A -b -j -l -m -t -T that says what this is about
    char edit = 0;          // 'e', 'X', '#', or nothing to be changed
    std::string directory;  // -c, else MAIL_CONFIG, else the catalogue's
    RawValues overrides;    // -o
    unsigned classes = all_classes;
    std::string tls_mode;  // -T
    int verbose = 0;       // -v
    bool quiet = false;    // -q
    std::vector<std::string> operands;

    bool has(char letter) const { return letters.find(letter) != std::string::npos; }
};

// Malformed: the options themselves are wrong, `usage` helps. Other errors say all.
Result<Options> parse_options(const std::vector<std::string>& arguments, const char* mail_config);

inline constexpr std::string_view usage =
    "usage: ekiconf [-dfhHnpqvx] [-c directory] [-C class,...] [-o name=value] [name ...]\n"
    "       ekiconf [-epv] [-c directory] name=value ...\n"
    "       ekiconf -X|-# [-pv] [-c directory] name ...\n"
    "       ekiconf -M [-fjqvx] [-c directory] [-o name=value] [service[/type] ...]\n"
    "       ekiconf -M [-ev] [-c directory] service/type=value ...\n"
    "       ekiconf -MX|-M# [-v] [-c directory] service/type ...\n"
    "       ekiconf -F [-fhHjqvx] [-c directory] [-o name=value] [service[/type[/field]] ...]\n"
    "       ekiconf -F [-ev] [-c directory] service/type/field=value ...\n"
    "       ekiconf -P [-fhHjqvx] [-c directory] [-o name=value] [service[/type[/parameter]] ...]\n"
    "       ekiconf -P [-ev] [-c directory] service/type/parameter=value ...\n"
    "       ekiconf -PX [-v] [-c directory] service/type/parameter ...\n"
    "       ekiconf -b|-t [-v] [-c directory] [template_file]\n"
    "       ekiconf -T compile-version|run-version|public-key-algorithms\n"
    "       ekiconf -a|-A|-l|-m\n";

}  // namespace ekiden::ekiconf
