#pragma once
// How sendmail ends when something is wrong, and what it warns of: Postfix's form of the lines, on standard
// error and in the system log.
#include <string>

namespace ekiden::sendmail {

// Ends the work: caught in main(), which prints "NAME: fatal: TEXT".
struct Fatal {
    std::string text;
};

// The status of every fatal error. Postfix's source names a sysexits code for each, but what its binary
// returns is always this one, EX_TEMPFAIL; callers know no other.
inline constexpr int fatal_status = 75;

// The name that lines begin with, "sendmail" or "mailq".
void set_name(const std::string& name);
// Names the suite and its facility in the system log: "ekiden/sendmail".
void set_log(const std::string& suite, const std::string& facility);
void warn(const std::string& text);
void complain(const std::string& text);

}  // namespace ekiden::sendmail
