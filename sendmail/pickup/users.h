#pragma once
// What users of this host may ask of the queue: authorized_mailq_users, authorized_flush_users.
#include <cstdint>
#include <map>
#include <string>

#include "common/base/error.h"
#include "common/config/settings.h"

namespace ekiden::pickup {

enum class Wish { view, flush };

// Root, who runs this process, and everybody where the list says so.
bool may_whatever_the_name(Wish wish, std::uint32_t uid, const Settings& settings);

// Denied with Postfix's text: that user, of that name (empty: nobody has that number), is not listed.
// `files`: those of the configuration, the lists' among them.
Result<> check_user(Wish wish, std::uint32_t uid, const std::string& name, const Settings& settings,
                    const std::map<std::string, std::string, std::less<>>& files);

}  // namespace ekiden::pickup
