#pragma once
// The users of this host where the C library learns of them from a server (SSSD, LDAP, winbind), as
// /etc/nsswitch.conf says. Who asks for users after its confinement must be able to reach that server.
#include <string_view>

namespace ekiden::config {

// Does the line "passwd:" of an nsswitch.conf(5) name a service that is asked over a socket? Files are
// none, and of systemd's users no mail is expected.
bool users_come_from_server(std::string_view nsswitch);

// The same of this host. Where it is so a first question has been asked: the C library has loaded what it
// needs for the next one, which it could not do once confined.
bool prepare_to_ask_for_users();

// What it means that getpwnam(3) or one of its kin found nobody, and returned this error: that there is
// nobody by that name, or (false) that nobody could be asked now.
bool means_nobody(int error);

}  // namespace ekiden::config
