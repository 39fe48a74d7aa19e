#include "sendmail/complain.h"

#include <fmt/format.h>
#include <syslog.h>

#include <cstdio>

#include "common/log/facility.h"
#include "common/text/ascii.h"

namespace ekiden::sendmail {
namespace {

std::string name = "sendmail";
std::string log_name = "ekiden/sendmail";  // openlog() keeps a pointer
int log_facility = LOG_MAIL;

void say(int level, const std::string& text) {
    fmt::print(stderr, "{}: {}\n", name, text);
    std::fflush(stderr);
    openlog(log_name.c_str(), LOG_PID | LOG_NDELAY, log_facility);
    syslog(level, "%s", text::printable(text).c_str());
    closelog();
}

}  // namespace

void set_name(const std::string& own_name) { name = own_name; }

void set_log(const std::string& suite, const std::string& facility) {
    log_name = suite + "/sendmail";
    if (std::optional<int> number = log::facility_named(facility)) log_facility = *number;
}

void warn(const std::string& text) { say(LOG_WARNING, "warning: " + text); }
void complain(const std::string& text) { say(LOG_CRIT, "fatal: " + text); }

}  // namespace ekiden::sendmail
