#pragma once
// The user who calls: login name for a sender that is not given, full name for a From: field that is missing.
#include <optional>
#include <string>

namespace ekiden::sendmail {

// The login name of the real user; nothing where the user database has none.
std::optional<std::string> login_name();

// $NAME, else the first part of the gecos field with & as the login name. Without control octets.
std::string full_name();

}  // namespace ekiden::sendmail
