#pragma once
// authorized_submit_users, authorized_mailq_users, authorized_flush_users: which users of this host may do
// something. The first is asked by sendmail, so that it can say so nicely, and by ekidrop, which decides; the
// others by pickup.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"

namespace ekiden::maildrop {

// Items are tried in order and the first that matches decides; where none does the answer is no. An item is a
// user's name, static:anything (everybody), or /file with further items; !item turns it round. `parameter` is
// whose items they are, for errors; `read` gives the content of a file. Errors: an item of another kind (no
// tables are opened), a file that cannot be read.
Result<bool> user_is_listed(std::string_view parameter, const std::vector<std::string>& items,
                            std::string_view user,
                            const std::function<Result<std::string>(const std::string&)>& read);

// True where the items let everybody through whatever the name, so that none need be looked up.
bool lists_everybody(const std::vector<std::string>& items);

}  // namespace ekiden::maildrop
