#pragma once
// What ekiconf prints: lines on stdout, warnings and the one fatal error on stderr, in postconf's forms.
#include <string>
#include <string_view>

#include "common/config/finding.h"

namespace ekiden::ekiconf {

inline constexpr std::size_t line_limit = 80;  // columns at which -f breaks a line
inline constexpr std::size_t indent = 4;       // blanks before what continues it

struct Output {
    std::string out;
    std::string err;
    int status = 0;

    // A line with its white space normalised, folded when asked for.
    void line(std::string_view text, bool fold);
    void warn(std::string_view text);
    // What was printed before is withdrawn: half an answer misleads.
    void fail(std::string_view text);
    // True, having failed, when one of the findings is an error; else they are told as warnings.
    bool fail_or_warn(const std::vector<config::Finding>& findings);
};

// "open /x: No such file or directory" of an error that says "cannot open /x: …".
std::string_view bare(std::string_view error_text);

}  // namespace ekiden::ekiconf
