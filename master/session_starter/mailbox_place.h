#pragma once
// Who a user of the system is and where the mailbox lies, looked up here whatever anybody says.
#include <cstdint>
#include <optional>
#include <string>

#include "common/base/error.h"
#include "common/config/settings.h"

namespace ekiden::session_starter {

struct Place {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::string base;     // the directory that the session is confined to
    std::string mailbox;  // below it; with a trailing / a Maildir, else an mbox
    // The spool directory's, where only a group may make locks in it (Debian's /var/mail and `mail`).
    std::optional<std::uint32_t> spool_group = std::nullopt;
};

// Denied for root and for users below local_minimum_uid, not_found for names that nobody has.
Result<Place> place_of(const std::string& user, const Settings& settings);

}  // namespace ekiden::session_starter
