#pragma once
// The keywords of smtpd's restriction lists, as far as a check of the configuration needs them: the names,
// which of them take an argument, and which refuse a stranger who wants to relay. What they do is smtpd's
// business.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/params.h"

namespace ekiden::config {

struct RestrictionName {
    std::string_view name;
    std::string_view argument;  // what must follow: "table", or empty
    bool closes_relay;
};

std::span<const RestrictionName> restriction_names();
const RestrictionName* find_restriction(std::string_view keyword);

// Does the list refuse strangers before it permits everybody? Postfix stops smtpd unless one of
// smtpd_relay_restrictions and smtpd_recipient_restrictions does.
bool closes_relay(const List& restrictions);
// What is wrong with the list itself: unknown keywords, missing arguments. Empty when all is well.
std::vector<std::string> check_restrictions(const List& restrictions);

}  // namespace ekiden::config
