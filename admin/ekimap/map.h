#pragma once
// What ekimap does, apart from its command line: building indexed tables, asking any table, listing,
// changing. Output is collected, so that tests can look at it.
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"

namespace ekiden::ekimap {

enum class Mode { build, query, remove, list };
enum class Duplicates {
    warn,
    replace,
    ignore
};  // the last and the first entry that count with replace and ignore

struct Options {
    Mode mode = Mode::build;
    Duplicates duplicates = Duplicates::warn;
    bool incremental = false;         // -i: entries from standard input are added
    bool fold = true;                 // -f: keys keep their case
    bool inherit_rights = true;       // -p: the built file does not get the source's read rights
    std::string key;                  // of query and remove; "-": keys from standard input
    std::vector<std::string> tables;  // type:name, or a name of the default type
};

Result<Options> parse_options(const std::vector<std::string>& arguments, const std::string& default_type);

struct Output {
    std::string out;
    std::string err;
    int status = 0;
};

// `input` is what stands on standard input; read only for -i and for the key "-".
Output run(const Options& options, std::string_view input);
bool reads_input(const Options& options);

}  // namespace ekiden::ekimap
