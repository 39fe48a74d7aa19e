#pragma once
// Does a sender address belong to a login? authd knows the accounts and their aliases;
// smtpd_sender_login_maps name further owners.
#include "common/config/params.h"
#include "common/smtp/backend.h"

namespace ekiden::smtp {

// Temporary when authd or the router cannot say. `maps`: tables whose values list logins; the first that has
// the address, or its user or domain (ipc::LookUpAddress), names all of its owners.
Task<Result<bool>> owns_sender(Backend& backend, List maps, std::string login, std::string sender);

}  // namespace ekiden::smtp
