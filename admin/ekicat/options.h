#pragma once
// The command line of ekicat: postcat's options.
#include <optional>
#include <string>
#include <vector>

#include "common/base/error.h"

namespace ekiden::ekicat {

struct Options {
    std::optional<std::string> config;  // -c
    bool body = false;                  // -b; with none of the three: all
    bool envelope = false;              // -e
    bool header = false;                // -h
    bool decimal = false;               // -d: the record type's number before each line
    bool offsets = false;               // -o: the record's offset before each line
    bool queue = false;                 // -q: the arguments are queue ids
    bool name = false;                  // -f: the file's name before each line
    bool verbose = false;               // -v
    std::uint64_t skip = 0;             // -s: nothing before this offset
    std::vector<std::string> files;

    bool markers() const { return envelope; }
};

inline constexpr const char* usage =
    "usage: ekicat [-b (body text)] [-c config_dir] [-d (decimal record type)] [-e (envelope records)] "
    "[-f (file name)] [-h (header text)] [-o (record offset)] [-q (access queue)] [-r (raw order)] "
    "[-s offset] [-v] [file(s)...]";

// Malformed: an unknown option, or one without its argument.
Result<Options> parse_options(const std::vector<std::string>& arguments);

}  // namespace ekiden::ekicat
