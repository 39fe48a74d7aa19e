#pragma once
// The command lines of ekimap and ekialias: postmap's and postalias's options. One program, two names; what
// differs is the text form of the source.
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"

namespace ekiden::ekimap {

enum class Tool { map, alias };
enum class Mode { build, query, remove, list };
enum class Duplicates { warn, replace, ignore };  // the last and the first count with replace and ignore

struct Options {
    Tool tool = Tool::map;
    Mode mode = Mode::build;
    Duplicates duplicates = Duplicates::warn;
    bool incremental = false;              // -i: entries from standard input are added
    bool fold = true;                      // -f: keys keep their case
    bool inherit_rights = true;            // -p: the built file does not get the source's read rights
    bool stay_root = false;                // -o: root does not become the source's owner
    bool utf8 = true;                      // -u: lines that are no UTF-8 are taken too
    bool with_nul = false;                 // -N: keys and values end in a NUL octet, where the type has that
    bool file_values = false;              // -F: values are names of files
    bool json = false;                     // -j: answers and lists as JSON
    bool headers = false, bodies = false;  // -h, -b: keys are the lines of a message
    bool mime = false;                     // -m: with its parts
    int verbose = 0;                       // -v
    std::string config_directory;          // -c, MAIL_CONFIG or the standard one
    bool directory_given = false;          // main.cf must be there
    std::string key;                       // of query and remove; "-": keys from standard input
    std::vector<std::string> tables;       // type:name, or a name of the default type
};

std::string_view name_of(Tool tool);

// `environment`: MAIL_CONFIG or null. Malformed with the message, of several lines where the usage is told.
Result<Options> parse_options(Tool tool, const std::vector<std::string>& arguments, const char* environment);

}  // namespace ekiden::ekimap
